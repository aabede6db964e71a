namespace ZeroWorld.ML.Features;

/// <summary>How a tokenizer finds its pieces.</summary>
public enum TextTokenizerKind
{
    /// <summary>As BERT: words and signs, each of the longest pieces of <c>vocab.txt</c>, a piece a line, that make it up.</summary>
    WordPiece,

    /// <summary>As GPT-2 and RoBERTa: bytes, joined in the order of <c>merges.txt</c>; ids in <c>vocab.json</c>.</summary>
    Bpe,

    /// <summary>A model file of SentencePiece, unigram or BPE, as T5, XLM-RoBERTa and Llama have it.</summary>
    SentencePiece,
}

namespace ZeroWorld.ML.Features;

/// <summary>A text, or a pair of texts, as a transformer reads it.</summary>
/// <param name="Ids">Of its tokens, special ones included.</param>
/// <param name="PairStart">Place of the second text's first token; the number of ids where there is none.</param>
public readonly record struct TextTokens(int[] Ids, int PairStart)
{
    /// <value>Whether the texts had more tokens, or more characters, than what is read of them.</value>
    public bool IsTruncated { get; init; }
}

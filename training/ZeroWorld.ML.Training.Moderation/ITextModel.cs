using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What gives each label of a text a probability, and says why: a model over text features (<see cref="TextModel"/>), or a transformer with its tokenizer.</summary>
/// <remarks>Thread safe; each thread brings a workspace. Work is bounded, whatever the text.</remarks>
public interface ITextModel
{
    /// <summary>Order of all probabilities.</summary>
    IReadOnlyList<string> Labels { get; }

    /// <summary>Whether exactly one label is true of a text.</summary>
    /// <value><see langword="false"/>: any number of them; <see langword="null"/>: the package does not say.</value>
    bool? IsExclusive => null;

    /// <summary>What computes, as the prediction log names it.</summary>
    /// <value><see langword="null"/>: this process's own code.</value>
    string? Build { get; }

    ScoredText Score(string text, TextWorkspace workspace);

    /// <summary>As <see cref="Score"/> for each; by a runtime, as many as go together in one run.</summary>
    IReadOnlyList<ScoredText> ScoreMany(IReadOnlyList<string> texts, TextWorkspace workspace)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return [.. texts.Select(text => Score(text, workspace))];
    }

    /// <summary>The parts of a text that raised a label's score most.</summary>
    /// <param name="label">Place in <see cref="Labels"/>.</param>
    /// <param name="most">Parts at most.</param>
    IReadOnlyList<TextReason> Explain(string text, int label, int most, TextWorkspace workspace);
}

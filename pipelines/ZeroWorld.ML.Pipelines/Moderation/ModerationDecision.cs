using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>What was decided about one item, and why.</summary>
public sealed record ModerationDecision
{
    /// <value>Place in the input: the number of the line, from 1, or the stream's own id.</value>
    public required string Offset { get; init; }

    /// <value>Id of the content.</value>
    public required string Id { get; init; }

    /// <value>Id in the prediction log; <see langword="null"/> where none is kept.</value>
    public string? PredictionId { get; init; }

    /// <value>allow, review or block.</value>
    public required string Action { get; init; }

    /// <value>Whose rule asked for it; <see langword="null"/> for allow.</value>
    public string? Label { get; init; }

    /// <value>Probability by label.</value>
    public required IReadOnlyDictionary<string, float> Scores { get; init; }

    /// <value>What moved that label's score most; empty for allow.</value>
    public IReadOnlyList<TextReason> Reasons { get; init; } = [];

    public required string Policy { get; init; }

    public required int PolicyVersion { get; init; }

    /// <value>Digest of the model's package.</value>
    public required string Model { get; init; }

    /// <value>UTC.</value>
    public required DateTimeOffset Time { get; init; }

    /// <value>Whether the text was longer than what is read of it.</value>
    public bool IsTruncated { get; init; }
}

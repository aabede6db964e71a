namespace ZeroWorld.ML.Training.Moderation;

/// <param name="Probabilities">One per label.</param>
/// <param name="IsTruncated">Whether the text was longer than what is read of it.</param>
public readonly record struct ScoredText(float[] Probabilities, bool IsTruncated)
{
    /// <value>Texts of the run that gave these, by a runtime whose last bits depend on it; 0: none do.</value>
    public int BatchRows { get; init; }

    /// <value>Place of this text in that run.</value>
    public int BatchRow { get; init; }
}

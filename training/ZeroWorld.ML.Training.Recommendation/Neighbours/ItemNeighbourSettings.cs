namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Hyper-parameters of <see cref="ItemNeighbourTrainer"/>.</summary>
public sealed record ItemNeighbourSettings
{
    /// <value>Neighbours kept per item; 0 keeps all. Default 200.</value>
    public int Neighbours { get; init; } = 200;

    /// <value>How items of a history fade. Default: all count alike.</value>
    public RecencyWeights Recency { get; init; } = RecencyWeights.None;

    /// <value>Added to the denominator, 0 or more: pairs of rare items count less. Default 0.</value>
    public double Shrink { get; init; }

    /// <value>0 to 1: exponent of the history item's count; 0.5 is the cosine. Default 0.5.</value>
    public double Alpha { get; init; } = 0.5;

    /// <value>Above 0, up to 1: weight of a pair per step between its items; 1 counts all pairs alike. Default 1.</value>
    public double Gap { get; init; } = 1;

    internal void Check()
    {
        Recency.Check();
        if (Neighbours < 0 || Shrink < 0 || Alpha is not (>= 0 and <= 1) || Gap is not (> 0 and <= 1))
        {
            throw new TrainingException(
                TrainingError.InvalidInput,
                $"neighbours is {Neighbours}, shrink {Shrink}, alpha {Alpha}, gap {Gap}; expected 0 or more, 0 or more, 0 to 1, and above 0 up to 1.");
        }
    }
}

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>How a ranking is measured.</summary>
public sealed record RankingOptions
{
    /// <value>k, 1 to the size of the catalogue. Default 10.</value>
    public int Cut { get; init; } = 10;

    /// <value>Whether users are scored as strangers, by their histories alone. Default: as trained users.</value>
    public bool IsFolded { get; init; }

    /// <value>Only these users; <see langword="null"/> for all.</value>
    public IReadOnlySet<int>? Users { get; init; }
}

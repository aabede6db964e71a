namespace ZeroWorld.ML.Training;

/// <summary>What a reproduction measured.</summary>
public sealed record ReproductionReport
{
    /// <value>Name of the reproduction.</value>
    public required string Name { get; init; }

    /// <value>One line per fact of the protocol: rows, split, candidates, what was removed.</value>
    public required IReadOnlyList<string> Protocol { get; init; }

    /// <value>The table, algorithm by algorithm.</value>
    public required IReadOnlyList<ReproducedFigure> Figures { get; init; }

    /// <value>The chosen hyper-parameters by algorithm.</value>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Parameters { get; init; }

    /// <value>Wall time of fitting by algorithm, mean over the seeds.</value>
    public IReadOnlyDictionary<string, TimeSpan> FitTimes { get; init; } = new Dictionary<string, TimeSpan>();
}

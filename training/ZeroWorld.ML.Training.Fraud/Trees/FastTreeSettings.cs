using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Hyper-parameters of <see cref="FastTreeFraudTrainer"/>, and nothing else.</summary>
public sealed record FastTreeSettings
{
    /// <value>Trees, one per boosting step; 1 or more.</value>
    public int Trees { get; init; } = 100;

    /// <value>Shrinkage of each tree; above 0, at most 1.</value>
    public double LearningRate { get; init; } = 0.1;

    /// <value>Leaves of a tree, at most; 2 or more.</value>
    public int LeavesMax { get; init; } = 8;

    /// <value>Training rows of a leaf, at least; 1 or more.</value>
    public int LeafRowsMin { get; init; } = 20;

    /// <value>Bins of a feature's histogram, at most; 2 to 65,535.</value>
    public int BinsMax { get; init; } = 4096;

    /// <value>Weight of a positive row against a negative one; above 0.</value>
    public double PositiveWeight { get; init; } = 1;

    /// <summary>Names and values for lineage.</summary>
    public IReadOnlyDictionary<string, string> ToParameters() => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["bins_max"] = BinsMax.ToString(CultureInfo.InvariantCulture),
        ["leaf_rows_min"] = LeafRowsMin.ToString(CultureInfo.InvariantCulture),
        ["learning_rate"] = LearningRate.ToString(CultureInfo.InvariantCulture),
        ["leaves_max"] = LeavesMax.ToString(CultureInfo.InvariantCulture),
        ["positive_weight"] = PositiveWeight.ToString(CultureInfo.InvariantCulture),
        ["trees"] = Trees.ToString(CultureInfo.InvariantCulture),
    };

    /// <returns>A sentence about the first setting outside its range, or <see langword="null"/>.</returns>
    internal string? FindProblem() => this switch
    {
        { Trees: < 1 } => $"Trees is {Trees}; expected 1 or more.",
        { LearningRate: not (> 0 and <= 1) } => $"LearningRate is {LearningRate}; expected above 0 and at most 1.",
        { LeavesMax: < 2 } => $"LeavesMax is {LeavesMax}; expected 2 or more.",
        { LeafRowsMin: < 1 } => $"LeafRowsMin is {LeafRowsMin}; expected 1 or more.",
        { BinsMax: < 2 or > 65_535 } => $"BinsMax is {BinsMax}; expected 2 to 65535.",
        { PositiveWeight: not (> 0 and < double.PositiveInfinity) } => $"PositiveWeight is {PositiveWeight}; expected a number above 0.",
        _ => null,
    };
}

using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Hyper-parameters of <see cref="ForestFraudTrainer"/>, and nothing else.</summary>
public sealed record ForestSettings
{
    /// <value>Trees; 1 or more.</value>
    public int Trees { get; init; } = 100;

    /// <value>Leaves of a tree, at most; 2 or more.</value>
    public int LeavesMax { get; init; } = 100;

    /// <value>Training rows of a leaf, at least; 1 or more.</value>
    public int LeafRowsMin { get; init; } = 5;

    /// <value>Bins of a feature's histogram, at most; 2 to 65,535.</value>
    public int BinsMax { get; init; } = 512;

    /// <value>Share of features that a split chooses from; above 0, at most 1.</value>
    public double FeatureFractionPerSplit { get; init; } = 0.5;

    /// <value>Share of rows drawn for each tree; above 0, at most 1.</value>
    public double RowFraction { get; init; } = 0.7;

    /// <value>Weight of a positive row against a negative one; above 0.</value>
    public double PositiveWeight { get; init; } = 1;

    /// <summary>Names and values for lineage.</summary>
    public IReadOnlyDictionary<string, string> ToParameters() => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["bins_max"] = BinsMax.ToString(CultureInfo.InvariantCulture),
        ["feature_fraction_per_split"] = FeatureFractionPerSplit.ToString(CultureInfo.InvariantCulture),
        ["leaf_rows_min"] = LeafRowsMin.ToString(CultureInfo.InvariantCulture),
        ["leaves_max"] = LeavesMax.ToString(CultureInfo.InvariantCulture),
        ["positive_weight"] = PositiveWeight.ToString(CultureInfo.InvariantCulture),
        ["row_fraction"] = RowFraction.ToString(CultureInfo.InvariantCulture),
        ["trees"] = Trees.ToString(CultureInfo.InvariantCulture),
    };

    /// <returns>A sentence about the first setting outside its range, or <see langword="null"/>.</returns>
    internal string? FindProblem() => this switch
    {
        { Trees: < 1 } => $"Trees is {Trees}; expected 1 or more.",
        { LeavesMax: < 2 } => $"LeavesMax is {LeavesMax}; expected 2 or more.",
        { LeafRowsMin: < 1 } => $"LeafRowsMin is {LeafRowsMin}; expected 1 or more.",
        { BinsMax: < 2 or > 65_535 } => $"BinsMax is {BinsMax}; expected 2 to 65535.",
        { FeatureFractionPerSplit: not (> 0 and <= 1) } => $"FeatureFractionPerSplit is {FeatureFractionPerSplit}; expected above 0 and at most 1.",
        { RowFraction: not (> 0 and <= 1) } => $"RowFraction is {RowFraction}; expected above 0 and at most 1.",
        { PositiveWeight: not (> 0 and < double.PositiveInfinity) } => $"PositiveWeight is {PositiveWeight}; expected a number above 0.",
        _ => null,
    };
}

using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Hyper-parameters of <see cref="LightGbmFraudTrainer"/>, and nothing else.</summary>
/// <remarks>
/// Defaults are the middle of the default grid. Many bins matter on spending data: 255 instead of 1,024 cost 0.03 average precision on the data of the Fraud Detection
/// Handbook, an L2 of 10 instead of 1 as much.
/// </remarks>
public sealed record LightGbmSettings
{
    /// <value>Trees, one per boosting step; 1 or more.</value>
    public int Trees { get; init; } = 200;

    /// <value>Shrinkage of each tree; above 0, at most 1.</value>
    public double LearningRate { get; init; } = 0.05;

    /// <value>Leaves of a tree, at most; 2 or more.</value>
    public int LeavesMax { get; init; } = 8;

    /// <value>Splits from the root to a leaf, at most; 1 or more.</value>
    public int DepthMax { get; init; } = 4;

    /// <value>Training rows of a leaf, at least; 1 or more.</value>
    public int LeafRowsMin { get; init; } = 20;

    /// <value>L2 penalty on leaf values; 0 or more.</value>
    public double L2 { get; init; } = 1;

    /// <value>Bins of a feature's histogram, at most; 2 to 65,535.</value>
    public int BinsMax { get; init; } = 1024;

    /// <value>Share of rows drawn for each tree; above 0, at most 1.</value>
    public double RowFraction { get; init; } = 0.8;

    /// <value>Share of features drawn for each tree; above 0, at most 1.</value>
    public double FeatureFraction { get; init; } = 1;

    /// <value>Weight of a positive row against a negative one; above 0. Other weights than 1 distort probabilities: calibrate then.</value>
    public double PositiveWeight { get; init; } = 1;

    /// <value>
    /// Trees without a better log loss on the last fifth of the rows in time, after which no more are added; the best number is then fitted on all rows. 0, the default: all
    /// <see cref="Trees"/> are.
    /// </value>
    public int EarlyStopping { get; init; }

    /// <value>Models that are fitted with seeds of their own and averaged in log odds; 1 to 100.</value>
    public int Fits { get; init; } = 1;

    /// <summary>Names and values for lineage.</summary>
    public IReadOnlyDictionary<string, string> ToParameters() => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["bins_max"] = BinsMax.ToString(CultureInfo.InvariantCulture),
        ["depth_max"] = DepthMax.ToString(CultureInfo.InvariantCulture),
        ["early_stopping"] = EarlyStopping.ToString(CultureInfo.InvariantCulture),
        ["feature_fraction"] = FeatureFraction.ToString(CultureInfo.InvariantCulture),
        ["fits"] = Fits.ToString(CultureInfo.InvariantCulture),
        ["l2"] = L2.ToString(CultureInfo.InvariantCulture),
        ["leaf_rows_min"] = LeafRowsMin.ToString(CultureInfo.InvariantCulture),
        ["learning_rate"] = LearningRate.ToString(CultureInfo.InvariantCulture),
        ["leaves_max"] = LeavesMax.ToString(CultureInfo.InvariantCulture),
        ["positive_weight"] = PositiveWeight.ToString(CultureInfo.InvariantCulture),
        ["row_fraction"] = RowFraction.ToString(CultureInfo.InvariantCulture),
        ["trees"] = Trees.ToString(CultureInfo.InvariantCulture),
    };

    /// <returns>A sentence about the first setting outside its range, or <see langword="null"/>.</returns>
    internal string? FindProblem() => this switch
    {
        { Trees: < 1 } => $"Trees is {Trees}; expected 1 or more.",
        { LearningRate: not (> 0 and <= 1) } => $"LearningRate is {LearningRate}; expected above 0 and at most 1.",
        { LeavesMax: < 2 } => $"LeavesMax is {LeavesMax}; expected 2 or more.",
        { EarlyStopping: < 0 } => $"EarlyStopping is {EarlyStopping}; expected 0 or more.",
        { DepthMax: < 1 } => $"DepthMax is {DepthMax}; expected 1 or more.",
        { LeafRowsMin: < 1 } => $"LeafRowsMin is {LeafRowsMin}; expected 1 or more.",
        { L2: not >= 0 } => $"L2 is {L2}; expected 0 or more.",
        { BinsMax: < 2 or > 65_535 } => $"BinsMax is {BinsMax}; expected 2 to 65535.",
        { RowFraction: not (> 0 and <= 1) } => $"RowFraction is {RowFraction}; expected above 0 and at most 1.",
        { FeatureFraction: not (> 0 and <= 1) } => $"FeatureFraction is {FeatureFraction}; expected above 0 and at most 1.",
        { PositiveWeight: not (> 0 and < double.PositiveInfinity) } => $"PositiveWeight is {PositiveWeight}; expected a number above 0.",
        { Fits: < 1 or > 100 } => $"Fits is {Fits}; expected 1 to 100.",
        _ => null,
    };
}

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Hyper-parameters of a random forest, and nothing else.</summary>
public sealed record ForestSettings : TreeSettings
{
    /// <summary>The defaults: 100 trees of at most 100 leaves and at least 5 rows in each, 512 bins, 0.7 of the rows for every tree.</summary>
    public ForestSettings() => (Trees, LeavesMax, LeafRowsMin, BinsMax, RowFraction) = (100, 100, 5, 512, 0.7);

    /// <value>Share of features that a split chooses from; above 0, at most 1.</value>
    public double FeatureFractionPerSplit { get; init; } = 0.5;

    internal override string Title => "Random forest";

    internal override string Algorithm => FraudAlgorithms.RandomForest;

    private protected override IEnumerable<(string Name, string Value)> OwnParameters() => [("feature_fraction_per_split", Text(FeatureFractionPerSplit))];

    private protected override string? FindOwnProblem() =>
        FeatureFractionPerSplit is > 0 and <= 1 ? null : $"FeatureFractionPerSplit is {FeatureFractionPerSplit}; expected above 0 and at most 1.";
}

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Hyper-parameters of gradient boosted trees by FastTree, and nothing else.</summary>
public sealed record FastTreeSettings : TreeSettings
{
    /// <summary>The defaults: 100 trees of at most 8 leaves and at least 20 rows in each, 4,096 bins, all rows for every tree.</summary>
    public FastTreeSettings() => (Trees, LeavesMax, LeafRowsMin, BinsMax, RowFraction) = (100, 8, 20, 4096, 1);

    /// <value>Shrinkage of each tree; above 0, at most 1.</value>
    public double LearningRate { get; init; } = 0.1;

    internal override string Title => "FastTree";

    internal override string Algorithm => FraudAlgorithms.FastTree;

    private protected override IEnumerable<(string Name, string Value)> OwnParameters() => [("learning_rate", Text(LearningRate))];

    private protected override string? FindOwnProblem() =>
        LearningRate is > 0 and <= 1 ? null : $"LearningRate is {LearningRate}; expected above 0 and at most 1.";
}

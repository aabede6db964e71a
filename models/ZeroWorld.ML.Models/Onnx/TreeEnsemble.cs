namespace ZeroWorld.ML.Models.Onnx;

/// <summary>A sum of trees behind a logistic link, of any trainer: <c>probability = sigmoid(Slope x (BaseScore + sum of leaves) + Offset)</c>.</summary>
public sealed record TreeEnsemble
{
    /// <value>Columns of a row; 1 or more.</value>
    public required int FeatureCount { get; init; }

    /// <value>At least one.</value>
    public required IReadOnlyList<DecisionTree> Trees { get; init; }

    public double BaseScore { get; init; }

    /// <value>Factor of the link: 1 for plain log odds.</value>
    public double Slope { get; init; } = 1;

    /// <value>Added before the sigmoid: 0 for plain log odds.</value>
    public double Offset { get; init; }
}

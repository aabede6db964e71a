using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The weighted mean of the log odds of a logistic regression and of boosted trees.</summary>
/// <remarks>One caller at a time.</remarks>
internal sealed class LogisticTreesModel(IFraudModel logistic, IFraudModel trees, double logisticWeight) : IFraudModel
{
    /// <inheritdoc/>
    public int? StoppedAfter => trees.StoppedAfter;

    internal IFraudModel Trees => trees;

    /// <inheritdoc/>
    public float[] Score(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken) =>
        LogOddsScores.Apply(PlainSigmoid.Instance, LogOdds(table, rows, cancellationToken));

    /// <inheritdoc/>
    public double[] LogOdds(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken) =>
        Mix(logistic.LogOdds(table, rows, cancellationToken), trees.LogOdds(table, rows, cancellationToken), logisticWeight);

    /// <inheritdoc/>
    public void AddLogOdds(OnnxGraphBuilder graph, string input, string output)
    {
        ArgumentNullException.ThrowIfNull(graph);
        logistic.AddLogOdds(graph, input, "line_log_odds");
        trees.AddLogOdds(graph, input, "trees_log_odds");
        graph.AddInitializer("line_share", [(float)logisticWeight], 1)
            .AddInitializer("trees_share", [(float)(1 - logisticWeight)], 1)
            .AddNode("Mul", ["line_log_odds", "line_share"], ["line_part"])
            .AddNode("Mul", ["trees_log_odds", "trees_share"], ["trees_part"])
            .AddNode("Add", ["line_part", "trees_part"], [output]);
    }

    /// <inheritdoc/>
    public TreeEnsemble? ToTreeEnsemble() => trees.ToTreeEnsemble()?.Scale(1 - logisticWeight);

    /// <inheritdoc/>
    public LinearTerms? ToLinearTerms() => logistic.ToLinearTerms() is { } terms
        ? terms with { Weights = [.. terms.Weights.Select(weight => (float)(weight * logisticWeight))], Offset = terms.Offset * logisticWeight }
        : null;

    internal static double[] Mix(double[] logistic, double[] trees, double logisticWeight)
    {
        var mean = new double[logistic.Length];
        for (var row = 0; row < mean.Length; row++)
        {
            mean[row] = (logisticWeight * logistic[row]) + ((1 - logisticWeight) * trees[row]);
        }

        return mean;
    }
}

using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The weighted mean of the log odds of two models of trees.</summary>
/// <param name="weight">Weight of <paramref name="second"/>; that of <paramref name="first"/> is the rest to 1.</param>
/// <remarks>One caller at a time, also of all blends that share a part.</remarks>
internal sealed class TreeBlendModel(SharedFits.Model first, SharedFits.Model second, double weight) : IFraudModel
{
    /// <inheritdoc/>
    public float[] Score(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken) =>
        LogOddsScores.Apply(PlainSigmoid.Instance, LogOdds(table, rows, cancellationToken));

    /// <inheritdoc/>
    public double[] LogOdds(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken)
    {
        var (left, right) = (first.LogOdds(table, rows, cancellationToken), second.LogOdds(table, rows, cancellationToken));
        var mean = new double[left.Count];
        for (var row = 0; row < mean.Length; row++)
        {
            mean[row] = ((1 - weight) * left[row]) + (weight * right[row]);
        }

        return mean;
    }

    /// <inheritdoc/>
    public void AddLogOdds(OnnxGraphBuilder graph, string input, string output) => TreeEnsembleGraph.AddLogOdds(graph, ToTreeEnsemble(), input, output);

    /// <inheritdoc/>
    public TreeEnsemble ToTreeEnsemble()
    {
        var (left, right) = (first.Trees.ToTreeEnsemble(), second.Trees.ToTreeEnsemble());
        return left with
        {
            Trees = [.. left.Trees.Select(tree => Scale(tree, 1 - weight)), .. right.Trees.Select(tree => Scale(tree, weight))],
            Offset = ((1 - weight) * left.Offset) + (weight * right.Offset),
        };
    }

    private static DecisionTree Scale(DecisionTree tree, double factor) => tree with { LeafValues = [.. tree.LeafValues.Select(value => value * factor)] };
}

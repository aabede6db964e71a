using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The weighted mean of the log odds of models of trees.</summary>
/// <param name="parts">The models and their weights, which add up to 1.</param>
/// <remarks>One caller at a time, also of all blends that share a part.</remarks>
internal sealed class TreeBlendModel(IReadOnlyList<(SharedFits.Model Model, double Weight)> parts) : IFraudModel
{
    /// <inheritdoc/>
    public float[] Score(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken) =>
        LogOddsScores.Apply(PlainSigmoid.Instance, LogOdds(table, rows, cancellationToken));

    /// <inheritdoc/>
    public double[] LogOdds(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken)
    {
        var mean = new double[rows.Length];
        foreach (var (model, weight) in parts)
        {
            var logOdds = model.LogOdds(table, rows, cancellationToken);
            for (var row = 0; row < mean.Length; row++)
            {
                mean[row] += weight * logOdds[row];
            }
        }

        return mean;
    }

    /// <inheritdoc/>
    public void AddLogOdds(OnnxGraphBuilder graph, string input, string output) => TreeEnsembleGraph.AddLogOdds(graph, ToTreeEnsemble(), input, output);

    /// <inheritdoc/>
    public TreeEnsemble ToTreeEnsemble()
    {
        TreeEnsemble[] ensembles = [.. parts.Select(static part => part.Model.Trees.ToTreeEnsemble().Scale(part.Weight))];
        return ensembles[0] with
        {
            Trees = [.. ensembles.SelectMany(static ensemble => ensemble.Trees)],
            Offset = ensembles.Sum(static ensemble => ensemble.Offset),
        };
    }
}

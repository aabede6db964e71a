using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>An isolation forest, scored in float64.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class IsolationForestModel : IFraudModel
{
    private readonly TreeEnsemble _ensemble;

    internal IsolationForestModel(TreeEnsemble ensemble) => _ensemble = ensemble;

    /// <inheritdoc/>
    public float[] Score(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken) =>
        LogOddsScores.Apply(PlainSigmoid.Instance, LogOdds(table, rows, cancellationToken));

    /// <inheritdoc/>
    public double[] LogOdds(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(table);
        cancellationToken.ThrowIfCancellationRequested();
        var sums = Sum(_ensemble, table, rows.Span);
        for (var index = 0; index < sums.Length; index++)
        {
            sums[index] = (_ensemble.Slope * sums[index]) + _ensemble.Offset;
        }

        return sums;
    }

    /// <inheritdoc/>
    public void AddLogOdds(OnnxGraphBuilder graph, string input, string output) => TreeEnsembleGraph.AddLogOdds(graph, _ensemble, input, output);

    /// <inheritdoc/>
    public TreeEnsemble ToTreeEnsemble() => _ensemble;

    internal static double[] Sum(TreeEnsemble ensemble, TrainingTable table, ReadOnlySpan<int> rows)
    {
        var sums = new double[rows.Length];
        for (var index = 0; index < rows.Length; index++)
        {
            var features = table.Features(rows[index]);
            foreach (var tree in ensemble.Trees)
            {
                sums[index] += tree.LeafValues[tree.FindLeaf(features)];
            }
        }

        return sums;
    }
}

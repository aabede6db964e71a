using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Trees as their library fitted them, scored by the library: the reference for the exported model. Several fits are averaged.</summary>
/// <remarks>One caller at a time.</remarks>
public sealed class TreeFraudModel : IFraudModel
{
    private readonly IReadOnlyList<IFittedTrees> _parts;
    private readonly int _featureCount;

    /// <param name="isStopped">Whether early stopping chose the number of trees.</param>
    internal TreeFraudModel(IReadOnlyList<IFittedTrees> parts, int featureCount, bool isStopped = false)
    {
        (_parts, _featureCount) = (parts, featureCount);
        StoppedAfter = isStopped ? parts.Max(static part => part.ToTrees(1).Count()) : null;
    }

    /// <inheritdoc/>
    public int? StoppedAfter { get; }

    /// <inheritdoc/>
    public float[] Score(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken) =>
        LogOddsScores.Apply(PlainSigmoid.Instance, LogOdds(table, rows, cancellationToken));

    /// <inheritdoc/>
    public double[] LogOdds(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(table);
        var logOdds = new double[rows.Length];
        foreach (var part in _parts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            part.AddScores(table, rows, 1.0 / _parts.Count, logOdds);
        }

        return logOdds;
    }

    /// <inheritdoc/>
    public void AddLogOdds(OnnxGraphBuilder graph, string input, string output) => TreeEnsembleGraph.AddLogOdds(graph, ToTreeEnsemble(), input, output);

    /// <value>Trees of one boosting step: one of each part.</value>
    internal int TreesPerStep => _parts.Count;

    /// <summary>The trees of all parts in neutral form, in the order of their steps: their links are in the leaves, so that the sum is the log odds.</summary>
    public TreeEnsemble ToTreeEnsemble() => new()
    {
        FeatureCount = _featureCount,
        Trees = [.. _parts.SelectMany(part => part.ToTrees(1.0 / _parts.Count).Index()).OrderBy(static tree => tree.Index).Select(static tree => tree.Item)],
        Offset = _parts.Average(static part => part.Offset),
    };
}

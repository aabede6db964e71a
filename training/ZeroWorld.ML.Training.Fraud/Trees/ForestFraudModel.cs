using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>A random forest, scored by ML.NET. Its trees add up to a probability, whose logit the log odds are.</summary>
/// <remarks>One caller at a time.</remarks>
public sealed class ForestFraudModel : IFraudModel
{
    // A forest of a hundred trees cannot tell smaller probabilities apart, and log odds must stay finite.
    private const float Margin = 1e-5f;

    private readonly TreeFraudModel _probabilities;

    internal ForestFraudModel(TreeFraudModel probabilities) => _probabilities = probabilities;

    /// <inheritdoc/>
    public float[] Score(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken) =>
        LogOddsScores.Apply(PlainSigmoid.Instance, LogOdds(table, rows, cancellationToken));

    /// <inheritdoc/>
    public double[] LogOdds(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken)
    {
        var values = _probabilities.LogOdds(table, rows, cancellationToken);
        for (var row = 0; row < values.Length; row++)
        {
            var probability = Math.Clamp(values[row], Margin, 1 - Margin);
            values[row] = Math.Log(probability) - Math.Log(1 - probability);
        }

        return values;
    }

    /// <inheritdoc/>
    public void AddLogOdds(OnnxGraphBuilder graph, string input, string output)
    {
        ArgumentNullException.ThrowIfNull(graph);
        TreeEnsembleGraph.AddLogOdds(graph, ToTreeEnsemble(), input, "forest_mean");
        graph.AddInitializer("forest_least", [Margin])
            .AddInitializer("forest_most", [1 - Margin])
            .AddInitializer("forest_one", [1f])
            .AddNode("Clip", ["forest_mean", "forest_least", "forest_most"], ["forest_probability"])
            .AddNode("Log", ["forest_probability"], ["forest_log"])
            .AddNode("Sub", ["forest_one", "forest_probability"], ["forest_other"])
            .AddNode("Log", ["forest_other"], ["forest_other_log"])
            .AddNode("Sub", ["forest_log", "forest_other_log"], [output]);
    }

    /// <summary>The trees: they add up to the probability, so reasons are in units of probability.</summary>
    public TreeEnsemble ToTreeEnsemble() => _probabilities.ToTreeEnsemble();
}

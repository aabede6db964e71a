using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training;

/// <summary>No calibration: the logistic function of the log odds as the trainer gives them.</summary>
public sealed class PlainSigmoid : ICalibrator
{
    private PlainSigmoid()
    {
    }

    public static PlainSigmoid Instance { get; } = new();

    public string Name => "none";

    public double Apply(double logOdds) => Of(logOdds);

    public void AddTo(OnnxGraphBuilder graph, string input, string output)
    {
        ArgumentNullException.ThrowIfNull(graph);
        graph.AddNode("Sigmoid", [input], [output]);
    }

    /// <summary><c>1 / (1 + exp(-x))</c> without overflow.</summary>
    internal static double Of(double value) => value >= 0 ? 1 / (1 + Math.Exp(-value)) : Math.Exp(value) / (1 + Math.Exp(value));
}

using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training;

/// <summary>Turns a model's log odds into a probability that holds: a monotonic function, also as nodes of the exported graph.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public interface ICalibrator
{
    /// <value><c>none</c>, <c>platt</c> or <c>isotonic</c>.</value>
    string Name { get; }

    /// <param name="logOdds">Any finite number.</param>
    /// <returns>0 to 1, never smaller for greater log odds.</returns>
    double Apply(double logOdds);

    /// <summary>Adds the nodes of the same function to a graph.</summary>
    /// <param name="input">Name of an FP32 [rows, 1] value of the graph.</param>
    /// <param name="output">Name of the new FP32 [rows, 1] value.</param>
    void AddTo(OnnxGraphBuilder graph, string input, string output);
}

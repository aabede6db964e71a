using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>How ONNX models are run.</summary>
public sealed class OnnxRuntimeOptions
{
    public const string Section = "Serving:OnnxRuntime";

    /// <summary>Threads that one run of a model on the CPU may use, the calling one included.</summary>
    /// <value>Default 0: half as many as the process may use processors, 1 to 4.</value>
    [Range(0, 256)]
    public int ThreadsPerModel { get; set; }
}

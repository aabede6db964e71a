namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>An execution provider of ONNX Runtime that this project uses.</summary>
public enum OnnxProvider
{
    /// <summary>Always there.</summary>
    Cpu,

    /// <summary>Only in a CUDA build.</summary>
    Cuda,

    /// <summary>Only in a CUDA build, and only where the system has TensorRT's libraries.</summary>
    TensorRt,
}

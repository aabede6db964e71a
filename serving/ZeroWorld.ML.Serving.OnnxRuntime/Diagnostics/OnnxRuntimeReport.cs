using Microsoft.ML.OnnxRuntime;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>What the ONNX Runtime of this build can do.</summary>
public sealed record OnnxRuntimeReport
{
    /// <summary>Version of the native library, such as 1.31.1.</summary>
    public required string Version { get; init; }

    /// <summary>
    /// Execution providers that the library was built with, by ONNX Runtime's names, the fastest first. Whether one starts on this machine, only
    /// <see cref="OnnxDeviceProbe"/> can tell.
    /// </summary>
    public required IReadOnlyList<string> Providers { get; init; }

    /// <summary>Whether this is a CUDA build (<c>-p:Accelerator=cuda</c>).</summary>
    public bool HasCuda => Has(OnnxProvider.Cuda);

    /// <summary>Loads ONNX Runtime into this process, unless it is there, and asks it. Thread safe.</summary>
    public static OnnxRuntimeReport Create() => new()
    {
        Version = OnnxEnvironment.Get(new OnnxRuntimeOptions()).Version,
        Providers = OnnxEnvironment.Get(new OnnxRuntimeOptions()).Providers,
    };

    public bool Has(OnnxProvider provider) => Providers.Contains(NameOf(provider), StringComparer.Ordinal);

    private static string NameOf(OnnxProvider provider) => provider switch
    {
        OnnxProvider.Cpu => "CPUExecutionProvider",
        OnnxProvider.Cuda => "CUDAExecutionProvider",
        OnnxProvider.TensorRt => "TensorrtExecutionProvider",
        _ => throw new ArgumentOutOfRangeException(nameof(provider), provider, null),
    };
}

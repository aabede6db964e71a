namespace ZeroWorld.ML.Serving.TorchSharp;

/// <summary>What TorchSharp can use in this process.</summary>
public sealed record TorchRuntimeReport
{
    /// <summary>Version of the TorchSharp assembly, such as 0.107.0.</summary>
    public required string TorchSharpVersion { get; init; }

    /// <summary>Version of libtorch that this TorchSharp is made for, such as 2.10.0.</summary>
    public required string LibtorchVersion { get; init; }

    /// <summary>Devices that tensors can live on: <c>cpu</c>, then <c>cuda:N</c> by index. Empty when the native library does not load.</summary>
    public required IReadOnlyList<string> Devices { get; init; }

    /// <summary>Threads that one operation uses on the CPU; 0 when the native library does not load.</summary>
    public required int ThreadCount { get; init; }

    /// <summary>Why the native library does not load, in a sentence; <see langword="null"/> when it does.</summary>
    public string? Failure { get; init; }

    /// <summary>Whether the libtorch of this build is one for CUDA, which <c>-p:TorchAccelerator=cpu</c> leaves out of a build for CUDA.</summary>
    public bool IsCudaBuild { get; } = new[] { "", "runtimes/linux-x64/native" }.Any(static folder => File.Exists(Path.Combine(AppContext.BaseDirectory, folder, "libtorch_cuda.so")));

    /// <summary>Whether libtorch sees a GPU. Always false in a CPU build.</summary>
    public bool HasCuda => Devices.Count > 1;

    /// <summary>Loads libtorch into this process, unless it is there, and asks it.</summary>
    /// <remarks>The first call takes up to some seconds. Thread safe.</remarks>
    public static TorchRuntimeReport Create()
    {
        var failure = TorchNativeLibrary.Load();
        return new TorchRuntimeReport
        {
            TorchSharpVersion = TorchNativeLibrary.TorchSharpVersion,
            LibtorchVersion = TorchNativeLibrary.LibtorchVersion,
            Devices = failure is null ? TorchNativeLibrary.ListDevices() : [],
            ThreadCount = failure is null ? TorchNativeLibrary.ThreadCount : 0,
            Failure = failure,
        };
    }
}

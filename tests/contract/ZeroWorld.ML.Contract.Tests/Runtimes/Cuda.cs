using ZeroWorld.ML.GpuNodes;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>The first GPU of this machine, for tests that need one.</summary>
internal static class Cuda
{
    public const string Device = "cuda:0";

    /// <summary>The GPU as the driver describes it.</summary>
    public static Device? Gpu { get; } = DeviceInventory.Read(NodeSources.System).Gpus.FirstOrDefault();

    /// <summary>Skips the running test where this build of the runtime, or this machine, has no GPU.</summary>
    public static void SkipUnlessThere(IModelRuntime runtime)
    {
        Assert.SkipUnless(Gpu is not null, "This machine has no GPU.");
        Assert.SkipUnless(runtime.DeviceKinds.Contains("cuda"), $"This build of {runtime.Build} uses no GPU; build with -p:Accelerator=cuda.");
    }

    /// <summary>Memory of the GPU that is taken, by all processes.</summary>
    public static long ReadUsedBytes() => GpuMonitor.TryRead(Gpu!)!.Value.MemoryUsedBytes;
}

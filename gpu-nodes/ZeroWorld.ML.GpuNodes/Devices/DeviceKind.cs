namespace ZeroWorld.ML.GpuNodes;

/// <summary>What kind of processor a device is.</summary>
public enum DeviceKind
{
    /// <summary>The node's processors and main memory, together one device.</summary>
    Cpu,

    /// <summary>One NVIDIA GPU.</summary>
    Cuda,
}

namespace ZeroWorld.ML.GpuNodes;

/// <summary>One device of a node, as the operating system and the driver describe it.</summary>
public sealed record Device
{
    public required DeviceId Id { get; init; }

    /// <summary>Name of the processor or GPU; empty where the system does not tell.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Memory that this process could use in the best case, in bytes: for the CPU the smaller of the machine's memory and the limit of the
    /// control group, for a GPU its whole memory. <see langword="null"/> where the driver does not tell.
    /// </summary>
    public required long? MemoryBytes { get; init; }

    /// <summary>Processors' worth of time that this process may use, more than 0 (1.5 is a quota of one and a half); <see langword="null"/> for a GPU.</summary>
    public double? Cores { get; init; }

    /// <summary>The driver's unique id of a GPU; <see langword="null"/> for the CPU.</summary>
    public string? Uuid { get; init; }

    /// <summary>CUDA compute capability such as <c>9.0</c>; <see langword="null"/> where unknown.</summary>
    public string? ComputeCapability { get; init; }

    /// <summary>Version of the GPU's driver; <see langword="null"/> where unknown.</summary>
    public string? DriverVersion { get; init; }
}

namespace ZeroWorld.ML.GpuNodes;

/// <summary>What the driver counts on one GPU at one moment, over all processes that use it.</summary>
/// <param name="MemoryTotalBytes">Memory of the GPU.</param>
/// <param name="MemoryUsedBytes">What is taken of it, the driver's own part included.</param>
/// <param name="Utilization">Share of the last sample period (up to a second) in which it worked, 0 to 1; <see langword="null"/> where the driver does not tell.</param>
/// <param name="PowerWatts">Power now; <see langword="null"/> where the driver does not tell.</param>
/// <param name="PowerLimitWatts">The most that it may take; <see langword="null"/> where the driver does not tell.</param>
/// <param name="EnergyJoules">Since the driver was loaded; <see langword="null"/> where the driver does not tell.</param>
public readonly record struct GpuReading(
    long MemoryTotalBytes, long MemoryUsedBytes, double? Utilization, double? PowerWatts, double? PowerLimitWatts, double? EnergyJoules);

namespace ZeroWorld.ML.GpuNodes;

/// <summary>The budget of one device at one moment.</summary>
/// <param name="Device">The device.</param>
/// <param name="TotalBytes">What models may take together: the device's memory times its share; 0 where the memory is unknown.</param>
/// <param name="ReservedBytes">What they have taken, from 0 to <paramref name="TotalBytes"/>.</param>
public readonly record struct DeviceMemory(DeviceId Device, long TotalBytes, long ReservedBytes)
{
    /// <summary>What is left, never negative.</summary>
    public long FreeBytes => TotalBytes - ReservedBytes;
}

namespace ZeroWorld.ML.GpuNodes;

/// <summary>Bytes of a device that are taken until this is disposed.</summary>
/// <remarks>Thread safe; disposing twice releases once. Whoever got it from <see cref="MemoryBudget"/> disposes it.</remarks>
public sealed class MemoryReservation : IDisposable
{
    private MemoryBudget? _budget;

    internal MemoryReservation(MemoryBudget budget, DeviceId device, long bytes)
    {
        _budget = budget;
        Device = device;
        Bytes = bytes;
    }

    public DeviceId Device { get; }

    public long Bytes { get; }

    public void Dispose() => Interlocked.Exchange(ref _budget, null)?.Release(Device, Bytes);
}

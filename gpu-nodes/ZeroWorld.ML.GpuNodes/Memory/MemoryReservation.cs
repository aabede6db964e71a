using System.Diagnostics.CodeAnalysis;

namespace ZeroWorld.ML.GpuNodes;

/// <summary>Bytes of a device that are taken until this is disposed.</summary>
/// <remarks>Thread safe; disposing twice releases once. Whoever got it from <see cref="MemoryBudget"/> disposes it.</remarks>
public sealed class MemoryReservation : IDisposable
{
    private readonly Lock _lock = new();
    private MemoryBudget? _budget;

    internal MemoryReservation(MemoryBudget budget, DeviceId device, long bytes)
    {
        _budget = budget;
        Device = device;
        Bytes = bytes;
    }

    public DeviceId Device { get; }

    public long Bytes { get; private set; }

    /// <summary>Makes it larger or smaller, once it is known what it is for.</summary>
    /// <param name="bytes">How many it shall hold, 0 or more.</param>
    /// <param name="refusal">A sentence with need, free and total, when the device has not that much; nothing is changed then.</param>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public bool TryResize(long bytes, [NotNullWhen(false)] out string? refusal)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_budget is null, this);
            if (!_budget.TryResize(Device, Bytes, bytes, out refusal))
            {
                return false;
            }

            Bytes = bytes;
            return true;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _budget?.Release(Device, Bytes);
            _budget = null;
        }
    }
}

using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace ZeroWorld.ML.GpuNodes;

/// <summary>Keeps account of the memory that loaded models take on each device, and refuses what would not fit.</summary>
/// <remarks>
/// It counts promises, not pages: who loads a model reserves what it will need first, and disposes the reservation after the model is unloaded.
/// The sum of reservations never exceeds a device's budget.
/// <para>Thread safe.</para>
/// </remarks>
public sealed class MemoryBudget
{
    private readonly Lock _lock = new();
    private readonly DeviceMemory[] _devices;

    /// <exception cref="ArgumentException">The options are out of range.</exception>
    public MemoryBudget(DeviceInventory inventory, MemoryBudgetOptions options)
    {
        ArgumentNullException.ThrowIfNull(inventory);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate(new(options)).FirstOrDefault() is { } error)
        {
            throw new ArgumentException(error.ErrorMessage, nameof(options));
        }

        Devices = inventory;
        _devices = [.. inventory.Devices.Select(device => new DeviceMemory(device.Id, ToBudget(device, options), 0))];
    }

    /// <summary>What the budgets are shares of.</summary>
    public DeviceInventory Devices { get; }

    /// <summary>All devices at one moment, in the order of the inventory.</summary>
    public IReadOnlyList<DeviceMemory> Snapshot()
    {
        lock (_lock)
        {
            return [.. _devices];
        }
    }

    /// <summary>Takes bytes of one device.</summary>
    /// <param name="device">Where.</param>
    /// <param name="bytes">How many, 0 or more.</param>
    /// <param name="reservation">To be disposed after the memory is free again.</param>
    /// <param name="refusal">A sentence with need, free and total, when nothing was taken.</param>
    public bool TryReserve(
        DeviceId device,
        long bytes,
        [NotNullWhen(true)] out MemoryReservation? reservation,
        [NotNullWhen(false)] out string? refusal) =>
        TryPlace(new PlacementRequest(bytes) { Device = device }, out reservation, out refusal);

    /// <summary>Chooses a device by <see cref="PlacementPolicy"/> and takes its bytes, in one step.</summary>
    /// <param name="request">How many bytes, and which devices come into question.</param>
    /// <param name="reservation">Names the chosen device; to be disposed after the memory is free again.</param>
    /// <param name="refusal">A sentence with need, free and total, when nothing was taken.</param>
    public bool TryPlace(
        PlacementRequest request,
        [NotNullWhen(true)] out MemoryReservation? reservation,
        [NotNullWhen(false)] out string? refusal)
    {
        ArgumentNullException.ThrowIfNull(request);
        lock (_lock)
        {
            var decision = PlacementPolicy.Decide(_devices, request);
            if (decision.Device is not { } device)
            {
                reservation = null;
                refusal = decision.Refusal!;
                return false;
            }

            Add_NeedsLock(device, request.Bytes);
            reservation = new MemoryReservation(this, device, request.Bytes);
            refusal = null;
            return true;
        }
    }

    internal bool TryResize(DeviceId device, long heldBytes, long bytes, [NotNullWhen(false)] out string? refusal)
    {
        lock (_lock)
        {
            // As if what is held were free, for a sentence with the numbers of the whole need.
            var others = Array.ConvertAll(_devices, memory => memory.Device == device ? memory with { ReservedBytes = memory.ReservedBytes - heldBytes } : memory);
            refusal = PlacementPolicy.Decide(others, new PlacementRequest(bytes) { Device = device }).Refusal;
            if (refusal is not null)
            {
                return false;
            }

            Add_NeedsLock(device, bytes - heldBytes);
            return true;
        }
    }

    internal void Release(DeviceId device, long bytes)
    {
        lock (_lock)
        {
            Add_NeedsLock(device, -bytes);
        }
    }

    private static long ToBudget(Device device, MemoryBudgetOptions options) =>
        (long)((device.MemoryBytes ?? 0) * (device.Id.Kind == DeviceKind.Cpu ? options.CpuShare : options.GpuShare));

    private void Add_NeedsLock(DeviceId device, long bytes)
    {
        var index = Array.FindIndex(_devices, memory => memory.Device == device);
        var reserved = _devices[index].ReservedBytes + bytes;
        Debug.Assert(reserved >= 0 && reserved <= _devices[index].TotalBytes);
        _devices[index] = _devices[index] with { ReservedBytes = reserved };
    }
}

namespace ZeroWorld.ML.GpuNodes;

/// <summary>The devices of a node, as they were when it was read: one CPU and the GPUs that this process may use.</summary>
/// <remarks>Immutable. A GPU in the inventory is one that the machine has; whether a runtime of this build can use it is the runtime's to say.</remarks>
public sealed record DeviceInventory
{
    /// <param name="devices">One CPU and any number of GPUs, in any order.</param>
    /// <exception cref="ArgumentException">There is not exactly one CPU, or an id occurs twice.</exception>
    public DeviceInventory(IEnumerable<Device> devices)
    {
        Device[] ordered = [.. devices.OrderBy(device => device.Id)];
        if (ordered.Count(device => device.Id.Kind == DeviceKind.Cpu) != 1 || ordered.DistinctBy(device => device.Id).Count() != ordered.Length)
        {
            throw new ArgumentException(
                $"An inventory holds one CPU and each device once; it got [{string.Join(", ", ordered.Select(device => device.Id))}].",
                nameof(devices));
        }

        Devices = ordered;
    }

    /// <summary>The CPU, then the GPUs by index.</summary>
    public IReadOnlyList<Device> Devices { get; }

    public Device Cpu => Devices[0];

    /// <summary>The GPUs by index; empty on a CPU node.</summary>
    public IEnumerable<Device> Gpus => Devices.Skip(1);

    /// <summary>Reads the devices of a node. Where it is not Linux, the CPU is described by the runtime.</summary>
    /// <remarks>Takes up to some seconds on a GPU node, where nvidia-smi runs once.</remarks>
    public static DeviceInventory Read(NodeSources sources)
    {
        ArgumentNullException.ThrowIfNull(sources);
        return new DeviceInventory([CpuReader.Read(sources.ReadFile), .. GpuReader.Read(sources)]);
    }

    /// <returns>The device, or <see langword="null"/> where the node has none of this id.</returns>
    public Device? Find(DeviceId id) => Devices.FirstOrDefault(device => device.Id == id);
}

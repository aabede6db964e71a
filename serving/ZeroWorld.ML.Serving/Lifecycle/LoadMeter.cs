using ZeroWorld.ML.GpuNodes;

namespace ZeroWorld.ML.Serving;

/// <summary>Measures what a load and its warm-up take of their device. One load at a time.</summary>
/// <remarks>
/// On the CPU it is what native code holds more than before. On a GPU it is what the engine counts for the model, without the context that the first model of a process makes; where it counts nothing, what the
/// driver shows more than before, whoever took it.
/// </remarks>
internal sealed class LoadMeter
{
    private readonly Device _device;
    private readonly long _before;

    /// <param name="device">Where the model goes.</param>
    public LoadMeter(Device device)
    {
        _device = device;
        _before = Read();
    }

    /// <returns>Bytes; 0 or less where nothing could be seen.</returns>
    public long ReadTaken(LoadedModel loaded)
    {
        if (_device.Id.Kind == DeviceKind.Cpu)
        {
            return Read() - _before;
        }

        var counted = 0L;
        foreach (var instance in (IEnumerable<IModelInstance>)[loaded.Instance, .. loaded.Others])
        {
            if (instance.DeviceMemoryBytes is not { } bytes)
            {
                return Read() - _before;
            }

            counted += bytes;
        }

        return counted;
    }

    private long Read() => _device.Id.Kind == DeviceKind.Cpu ? NativeMemory.ReadInUse() : GpuMonitor.TryRead(_device)?.MemoryUsedBytes ?? 0;
}

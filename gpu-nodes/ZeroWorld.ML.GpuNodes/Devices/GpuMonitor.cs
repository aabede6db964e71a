using System.Runtime.InteropServices;

namespace ZeroWorld.ML.GpuNodes;

/// <summary>Reads a GPU's counters from the driver's management library (NVML), which comes with every driver and needs no CUDA.</summary>
/// <remarks>A reading takes well under a millisecond. Thread safe.</remarks>
public static partial class GpuMonitor
{
    private const string Library = "libnvidia-ml.so.1";
    private const int Success = 0;
    private static readonly Lazy<bool> IsThere = new(Start);

    /// <returns><see langword="null"/> where there is no driver, or it does not know the device.</returns>
    /// <param name="gpu">A GPU with its <see cref="Device.Uuid"/>.</param>
    public static GpuReading? TryRead(Device gpu)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        if (gpu.Uuid is not { } uuid || !IsThere.Value || FindByUuid(uuid, out var handle) != Success || ReadMemory(handle, out var memory) != Success)
        {
            return null;
        }

        return new GpuReading(
            (long)memory.Total,
            (long)memory.Used,
            ReadUtilization(handle, out var utilization) == Success ? utilization.Gpu / 100.0 : null,
            ReadPower(handle, out var milliwatts) == Success ? milliwatts / 1000.0 : null,
            ReadPowerLimit(handle, out var limit) == Success ? limit / 1000.0 : null,
            ReadEnergy(handle, out var millijoules) == Success ? millijoules / 1000.0 : null);
    }

    private static bool Start()
    {
        try
        {
            return Initialize() == Success;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            return false;
        }
    }

    [LibraryImport(Library, EntryPoint = "nvmlInit_v2")]
    private static partial int Initialize();

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetHandleByUUID", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FindByUuid(string uuid, out nint device);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetMemoryInfo")]
    private static partial int ReadMemory(nint device, out MemoryCounts memory);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetUtilizationRates")]
    private static partial int ReadUtilization(nint device, out UtilizationRates rates);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetPowerUsage")]
    private static partial int ReadPower(nint device, out uint milliwatts);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetEnforcedPowerLimit")]
    private static partial int ReadPowerLimit(nint device, out uint milliwatts);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetTotalEnergyConsumption")]
    private static partial int ReadEnergy(nint device, out ulong millijoules);

    /// <summary>nvmlMemory_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MemoryCounts
    {
        public ulong Total;
        public ulong Free;
        public ulong Used;
    }

    /// <summary>nvmlUtilization_t, in percent.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct UtilizationRates
    {
        public uint Gpu;
        public uint Memory;
    }
}

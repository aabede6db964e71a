using System.Globalization;

namespace ZeroWorld.ML.GpuNodes;

/// <summary>Reads the GPUs that CUDA will show this process, numbered as CUDA numbers them with CUDA_DEVICE_ORDER=PCI_BUS_ID.</summary>
internal static class GpuReader
{
    internal const string NvidiaSmiArguments =
        "--query-gpu=uuid,name,memory.total,compute_cap,driver_version --format=csv,noheader,nounits";

    private const long BytesPerMebibyte = 1024 * 1024;

    public static IReadOnlyList<Device> Read(NodeSources sources)
    {
        // nvidia-smi tells what this container may use, with memory; the driver's files list every GPU of the host, without.
        var found = sources.RunNvidiaSmi(NvidiaSmiArguments) is { } table ? ReadTable(table) : ReadDriverFiles(sources);
        var visible = ChooseVisible(found, sources.ReadVariable("CUDA_VISIBLE_DEVICES"));
        return [.. visible.Select((gpu, index) => gpu with { Id = DeviceId.Cuda(index) })];
    }

    private static List<Device> ReadTable(string table)
    {
        var gpus = new List<Device>();
        foreach (var line in table.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(',', StringSplitOptions.TrimEntries) is [var uuid, var name, var memory, var capability, var driver])
            {
                gpus.Add(new Device
                {
                    Id = DeviceId.Cuda(gpus.Count),
                    Name = name,
                    MemoryBytes = long.TryParse(memory, NumberStyles.None, CultureInfo.InvariantCulture, out var mebibytes)
                        ? mebibytes * BytesPerMebibyte
                        : null,
                    Uuid = uuid,
                    ComputeCapability = Known(capability),
                    DriverVersion = Known(driver),
                });
            }
        }

        return gpus;
    }

    private static List<Device> ReadDriverFiles(NodeSources sources)
    {
        var driver = ReadDriverVersion(sources.ReadFile("/proc/driver/nvidia/version"));
        var gpus = new List<Device>();
        foreach (var folder in sources.ListFolders("/proc/driver/nvidia/gpus"))
        {
            if (sources.ReadFile($"{folder}/information") is not { } text)
            {
                continue;
            }

            var properties = text.Split('\n')
                .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
                .Where(parts => parts.Length == 2)
                .DistinctBy(parts => parts[0], StringComparer.Ordinal)
                .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
            if (properties.GetValueOrDefault("GPU Excluded") == "Yes")
            {
                continue;
            }

            gpus.Add(new Device
            {
                Id = DeviceId.Cuda(gpus.Count),
                Name = properties.GetValueOrDefault("Model", ""),
                MemoryBytes = null,
                Uuid = properties.GetValueOrDefault("GPU UUID"),
                DriverVersion = driver,
            });
        }

        return gpus;
    }

    /// <summary>The version is the first word of the first line that is made of numbers and dots, such as 550.54.15.</summary>
    private static string? ReadDriverVersion(string? text) =>
        text?.Split('\n')[0]
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault(static word => word.Contains('.', StringComparison.Ordinal) && word.All(static c => char.IsAsciiDigit(c) || c == '.'));

    /// <summary>As CUDA reads the variable: indexes or prefixes of UUIDs, in the order of the list; the first that fits no GPU ends it.</summary>
    private static List<Device> ChooseVisible(List<Device> gpus, string? variable)
    {
        if (variable is null)
        {
            return gpus;
        }

        var visible = new List<Device>();
        foreach (var entry in variable.Split(',', StringSplitOptions.TrimEntries))
        {
            var gpu = int.TryParse(entry, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                ? gpus.ElementAtOrDefault(index)
                : gpus.Find(gpu => entry.Length > 0 && gpu.Uuid?.StartsWith(entry, StringComparison.Ordinal) == true);
            if (gpu is null || visible.Contains(gpu))
            {
                break;
            }

            visible.Add(gpu);
        }

        return visible;
    }

    private static string? Known(string value) => value is "" or "[N/A]" or "N/A" or "[Not Supported]" ? null : value;
}

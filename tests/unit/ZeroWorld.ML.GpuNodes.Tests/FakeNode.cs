namespace ZeroWorld.ML.GpuNodes.Tests;

/// <summary>A node made of literal files.</summary>
internal sealed class FakeNode
{
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);

    public string? NvidiaSmiOutput { get; init; }

    public string? VisibleDevices { get; init; }

    public string this[string path]
    {
        set => _files[path] = value;
    }

    public DeviceInventory Read() => DeviceInventory.Read(new NodeSources
    {
        ReadFile = path => _files.GetValueOrDefault(path),
        ListFolders = path =>
        [
            .. _files.Keys.Where(file => file.StartsWith(path + "/", StringComparison.Ordinal))
                .Select(file => path + "/" + file[(path.Length + 1)..].Split('/')[0])
                .Distinct()
                .Order(StringComparer.Ordinal),
        ],
        RunNvidiaSmi = arguments => arguments.StartsWith("--query-gpu=uuid,name,memory.total,compute_cap,driver_version ", StringComparison.Ordinal)
            ? NvidiaSmiOutput
            : throw new InvalidOperationException(arguments),
        ReadVariable = name => name == "CUDA_VISIBLE_DEVICES" ? VisibleDevices : null,
    });

    /// <summary>8 processors and 32 GiB without any limit.</summary>
    public static FakeNode Bare(string? nvidiaSmiOutput = null, string? visibleDevices = null) => new()
    {
        NvidiaSmiOutput = nvidiaSmiOutput,
        VisibleDevices = visibleDevices,
        ["/proc/meminfo"] = "MemTotal:       33554432 kB\nMemFree:        18239012 kB\nMemAvailable:   30120044 kB\n",
        ["/proc/cpuinfo"] = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) CPU @ 2.80GHz\n",
        ["/proc/self/status"] = "Name:\tdotnet\nCpus_allowed:\tff\nCpus_allowed_list:\t0-7\n",
    };
}

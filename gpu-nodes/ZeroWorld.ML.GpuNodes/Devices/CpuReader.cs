using System.Globalization;

namespace ZeroWorld.ML.GpuNodes;

/// <summary>Reads the processors and the memory that the process may use, with the limits of its control group (version 1, 2 or both).</summary>
internal static class CpuReader
{
    private const string CgroupRoot = "/sys/fs/cgroup";

    public static Device Read(Func<string, string?> readFile)
    {
        var groups = ReadGroups(readFile);
        var memory = Min(ReadMemoryTotal(readFile), ReadMemoryLimit(readFile, groups));
        var cores = Math.Min(CountAllowedProcessors(readFile), ReadCpuQuota(readFile, groups) ?? double.MaxValue);
        return new Device { Id = DeviceId.Cpu, Name = ReadName(readFile), MemoryBytes = memory, Cores = cores };
    }

    /// <summary>Lines of /proc/self/cgroup: controllers (empty for version 2) to the path of the group.</summary>
    private static List<(string Controllers, string Path)> ReadGroups(Func<string, string?> readFile)
    {
        var groups = new List<(string, string)>();
        foreach (var line in Lines(readFile("/proc/self/cgroup")))
        {
            if (line.Split(':', 3) is [_, var controllers, var path])
            {
                groups.Add((controllers, path));
            }
        }

        // A container that hides /proc/self/cgroup still has its own group at the root.
        if (groups.Count == 0)
        {
            groups.AddRange([("", "/"), ("memory", "/"), ("cpu", "/")]);
        }

        return groups;
    }

    private static long? ReadMemoryLimit(Func<string, string?> readFile, List<(string Controllers, string Path)> groups)
    {
        long? limit = null;
        foreach (var folder in Folders(groups, "memory"))
        {
            limit = Min(limit, ParseLong(readFile($"{folder}/memory.max")));
            limit = Min(limit, ParseLong(readFile($"{folder}/memory.limit_in_bytes")));
        }

        return limit;
    }

    private static double? ReadCpuQuota(Func<string, string?> readFile, List<(string Controllers, string Path)> groups)
    {
        double? quota = null;
        foreach (var folder in Folders(groups, "cpu"))
        {
            // Version 2: "QUOTA PERIOD", where QUOTA may be "max". Version 1: two files, -1 for no limit.
            if (readFile($"{folder}/cpu.max")?.Trim().Split(' ') is [var text, var periodText])
            {
                quota = Min(quota, Divide(ParseLong(text), ParseLong(periodText)));
            }

            quota = Min(quota, Divide(ParseLong(readFile($"{folder}/cpu.cfs_quota_us")), ParseLong(readFile($"{folder}/cpu.cfs_period_us"))));
        }

        return quota;
    }

    /// <summary>
    /// The folders whose limits bind this process: its group and every group above it, up to the mount. Inside a container the path in
    /// /proc/self/cgroup may be the host's and absent here; the walk then still ends at the mount, which is the container's own group.
    /// </summary>
    private static IEnumerable<string> Folders(List<(string Controllers, string Path)> groups, string controller)
    {
        foreach (var (controllers, path) in groups)
        {
            string[] mounts = controllers.Length == 0
                ? [CgroupRoot, $"{CgroupRoot}/unified"]
                : [$"{CgroupRoot}/{controllers}", $"{CgroupRoot}/{controller}"];
            if (controllers.Length > 0 && !controllers.Split(',').Contains(controller, StringComparer.Ordinal))
            {
                continue;
            }

            foreach (var mount in mounts.Distinct(StringComparer.Ordinal))
            {
                for (var group = path.TrimEnd('/'); ; group = group[..group.LastIndexOf('/')])
                {
                    yield return mount + group;
                    if (group.Length == 0)
                    {
                        break;
                    }
                }
            }
        }
    }

    /// <summary>Processors in the affinity mask, where cpusets show too; those of the machine where the mask is not told.</summary>
    private static double CountAllowedProcessors(Func<string, string?> readFile)
    {
        var list = Lines(readFile("/proc/self/status"))
            .FirstOrDefault(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal));
        var count = 0;
        foreach (var range in (list?[(list.IndexOf(':', StringComparison.Ordinal) + 1)..] ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = range.Split('-');
            if (ParseLong(ends[0]) is { } first && ParseLong(ends[^1]) is { } last && last >= first)
            {
                count += (int)(last - first + 1);
            }
        }

        return count > 0 ? count : Environment.ProcessorCount;
    }

    private static long ReadMemoryTotal(Func<string, string?> readFile)
    {
        foreach (var line in Lines(readFile("/proc/meminfo")))
        {
            if (line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries) is ["MemTotal", var text, "kB"] && ParseLong(text) is { } kibibytes)
            {
                return kibibytes * 1024;
            }
        }

        // Not Linux: the runtime knows the machine's memory, with the limit of the container or job.
        return GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    }

    private static string ReadName(Func<string, string?> readFile) =>
        Lines(readFile("/proc/cpuinfo"))
            .Where(line => line.StartsWith("model name", StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
            .FirstOrDefault("");

    private static string[] Lines(string? text) => text?.Split('\n', StringSplitOptions.TrimEntries) ?? [];

    private static long? ParseLong(string? text) =>
        long.TryParse(text, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static double? Divide(long? quota, long? period) => quota > 0 && period > 0 ? (double)quota / period : null;

    private static long? Min(long? left, long? right) => left is null || right < left ? right ?? left : left;

    private static double? Min(double? left, double? right) => left is null || right < left ? right ?? left : left;
}

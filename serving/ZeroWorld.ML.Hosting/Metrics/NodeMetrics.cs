using System.Globalization;
using ZeroWorld.ML.GpuNodes;

namespace ZeroWorld.ML.Hosting;

/// <summary>Processors, memory and GPUs of this machine under the names that dashboards of Triton read. What the system does not tell is left out.</summary>
/// <remarks>Thread safe. Utilization is that of the time since it was read last.</remarks>
internal sealed class NodeMetrics(DeviceInventory devices, Func<string, string?> readFile)
{
    private readonly Lock _lock = new();
    private (long Busy, long Total) _last;

    public void Write(PrometheusText text)
    {
        if (ReadUtilization() is { } utilization)
        {
            text.Family("nv_cpu_utilization", "gauge", "Share of this machine's processors that worked, 0 to 1.");
            text.Sample("nv_cpu_utilization", "", utilization);
        }

        if (ReadMemory() is { } memory)
        {
            text.Family("nv_cpu_memory_total_bytes", "gauge", "Memory of this machine in bytes.");
            text.Sample("nv_cpu_memory_total_bytes", "", memory.Total);
            text.Family("nv_cpu_memory_used_bytes", "gauge", "Memory of this machine that is not available, in bytes.");
            text.Sample("nv_cpu_memory_used_bytes", "", memory.Used);
        }

        var gpus = devices.Devices.Where(static device => device.Id.Kind == DeviceKind.Cuda && device.MemoryBytes is not null).ToList();
        if (gpus.Count > 0)
        {
            text.Family("nv_gpu_memory_total_bytes", "gauge", "Memory of the GPU in bytes.");
            foreach (var gpu in gpus)
            {
                text.Sample("nv_gpu_memory_total_bytes", PrometheusText.Labels(("gpu_uuid", gpu.Uuid ?? gpu.Id.ToString())), gpu.MemoryBytes!.Value);
            }
        }
    }

    private double? ReadUtilization()
    {
        // cpu user nice system idle iowait irq softirq steal ...: time since the start, in ticks.
        if (readFile("/proc/stat")?.Split('\n', 2)[0].Split(' ', StringSplitOptions.RemoveEmptyEntries) is not ["cpu", .. var fields] || fields.Length < 5)
        {
            return null;
        }

        var ticks = fields.Take(8).Select(static field => long.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0).ToArray();
        var total = ticks.Sum();
        var busy = total - ticks[3] - ticks[4];
        lock (_lock)
        {
            var (lastBusy, lastTotal) = _last;
            _last = (busy, total);
            return total > lastTotal ? Math.Clamp((double)(busy - lastBusy) / (total - lastTotal), 0, 1) : 0;
        }
    }

    private (double Total, double Used)? ReadMemory()
    {
        var lines = readFile("/proc/meminfo")?.Split('\n') ?? [];
        return Read("MemTotal:") is { } total && Read("MemAvailable:") is { } available ? (total, total - available) : null;

        double? Read(string name) => lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
            && line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var kibibytes, ..]
            && long.TryParse(kibibytes, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                ? count * 1024.0
                : null;
    }
}

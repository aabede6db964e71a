using System.Globalization;
using ZeroWorld.ML.GpuNodes;

namespace ZeroWorld.ML.Hosting;

/// <summary>Processors, memory and GPUs of this machine under the names that dashboards of Triton read. What the system does not tell is left out.</summary>
/// <remarks>Thread safe. Utilization is that of the time since it was read last.</remarks>
internal sealed class NodeMetrics(DeviceInventory devices, Func<string, string?> readFile, Func<Device, GpuReading?> readGpu)
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

        WriteGpus(text);
    }

    private void WriteGpus(PrometheusText text)
    {
        List<(string Labels, Device Gpu, GpuReading? Reading)> gpus =
            [.. devices.Gpus.Select(gpu => (PrometheusText.Labels(("gpu_uuid", gpu.Uuid ?? gpu.Id.ToString())), gpu, readGpu(gpu)))];
        Write("nv_gpu_utilization", "gauge", "Share of the last sample period in which the GPU worked, 0 to 1.", static (_, reading) => reading?.Utilization);
        Write("nv_gpu_memory_total_bytes", "gauge", "Memory of the GPU in bytes.", static (gpu, reading) => reading?.MemoryTotalBytes ?? gpu.MemoryBytes);
        Write("nv_gpu_memory_used_bytes", "gauge", "Memory of the GPU that is taken, by all processes, in bytes.", static (_, reading) => reading?.MemoryUsedBytes);
        Write("nv_gpu_power_usage", "gauge", "Power that the GPU takes, in watts.", static (_, reading) => reading?.PowerWatts);
        Write("nv_gpu_power_limit", "gauge", "The most power that the GPU may take, in watts.", static (_, reading) => reading?.PowerLimitWatts);
        Write("nv_energy_consumption", "counter", "Energy that the GPU took since its driver was loaded, in joules.", static (_, reading) => reading?.EnergyJoules);

        void Write(string name, string type, string help, Func<Device, GpuReading?, double?> read)
        {
            var isBegun = false;
            foreach (var (labels, gpu, reading) in gpus)
            {
                if (read(gpu, reading) is not { } value)
                {
                    continue;
                }

                if (!isBegun)
                {
                    isBegun = true;
                    text.Family(name, type, help);
                }

                text.Sample(name, labels, value);
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

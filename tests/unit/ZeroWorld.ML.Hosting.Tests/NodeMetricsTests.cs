using System.Buffers;
using System.Text;
using ZeroWorld.ML.GpuNodes;

namespace ZeroWorld.ML.Hosting.Tests;

public sealed class NodeMetricsTests
{
    [Fact]
    public void Write_GpuOfADriverThatTellsAll_HasEverySample()
    {
        var text = Write(new GpuReading(80_000, 30_000, 0.25, 310.5, 700, 12_345));

        Assert.Contains("# TYPE nv_gpu_utilization gauge\nnv_gpu_utilization{gpu_uuid=\"GPU-1\"} 0.25\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_gpu_memory_total_bytes{gpu_uuid=\"GPU-1\"} 80000\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_gpu_memory_used_bytes{gpu_uuid=\"GPU-1\"} 30000\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_gpu_power_usage{gpu_uuid=\"GPU-1\"} 310.5\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_gpu_power_limit{gpu_uuid=\"GPU-1\"} 700\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE nv_energy_consumption counter\nnv_energy_consumption{gpu_uuid=\"GPU-1\"} 12345\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_WhatTheDriverDoesNotTell_IsLeftOut()
    {
        var text = Write(new GpuReading(80_000, 30_000, null, null, null, null));

        Assert.Contains("nv_gpu_memory_used_bytes", text, StringComparison.Ordinal);
        Assert.DoesNotContain("nv_gpu_utilization", text, StringComparison.Ordinal);
        Assert.DoesNotContain("nv_energy_consumption", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_NoDriver_HasTheMemoryThatTheInventoryKnows()
    {
        var text = Write(null);

        Assert.Contains("nv_gpu_memory_total_bytes{gpu_uuid=\"GPU-1\"} 81920\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("nv_gpu_memory_used_bytes", text, StringComparison.Ordinal);
    }

    private static string Write(GpuReading? reading)
    {
        var cpu = new Device { Id = DeviceId.Cpu, Name = "", MemoryBytes = 1, Cores = 1 };
        var gpu = new Device { Id = DeviceId.Cuda(0), Name = "NVIDIA H100", MemoryBytes = 81_920, Uuid = "GPU-1" };
        var output = new ArrayBufferWriter<byte>();
        new NodeMetrics(new DeviceInventory([cpu, gpu]), static _ => null, _ => reading).Write(new PrometheusText(output));
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}

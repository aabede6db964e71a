namespace ZeroWorld.ML.GpuNodes.Tests;

public sealed class DeviceInventoryGpuTests
{
    private const string TwoGpus =
        """
        GPU-1d3a8a0c-7a0e-4b52-9a2e-111111111111, NVIDIA H200, 143771, 9.0, 550.54.15
        GPU-2f4b9b1d-8b1f-4c63-8b3f-222222222222, NVIDIA L4, 23034, 8.9, 550.54.15

        """;

    [Fact]
    public void Read_NvidiaSmi_NamesEachGpuWithItsMemory()
    {
        var gpus = FakeNode.Bare(TwoGpus).Read().Gpus.ToArray();

        Assert.Equal([DeviceId.Cuda(0), DeviceId.Cuda(1)], gpus.Select(gpu => gpu.Id));
        Assert.Equal("NVIDIA H200", gpus[0].Name);
        Assert.Equal(143771L * 1024 * 1024, gpus[0].MemoryBytes);
        Assert.Equal("9.0", gpus[0].ComputeCapability);
        Assert.Equal("550.54.15", gpus[0].DriverVersion);
        Assert.Equal("GPU-1d3a8a0c-7a0e-4b52-9a2e-111111111111", gpus[0].Uuid);
        Assert.Equal(23034L * 1024 * 1024, gpus[1].MemoryBytes);
        Assert.Null(gpus[1].Cores);
    }

    [Fact]
    public void Read_MemoryNotTold_IsUnknown()
    {
        var gpu = Assert.Single(FakeNode.Bare("GPU-1, NVIDIA GH200, [N/A], 9.0, [N/A]\n").Read().Gpus);

        Assert.Null(gpu.MemoryBytes);
        Assert.Null(gpu.DriverVersion);
    }

    [Fact]
    public void Read_NoDevicesFound_IsACpuNode()
    {
        Assert.Empty(FakeNode.Bare("No devices were found\n").Read().Gpus);
    }

    [Fact]
    public void Read_DriverFilesOnly_NamesTheGpusWithoutMemory()
    {
        var node = FakeNode.Bare();
        node["/proc/driver/nvidia/version"] =
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\nGCC version:  gcc version 12.2.0\n";
        node["/proc/driver/nvidia/gpus/0000:1a:00.0/information"] =
            "Model: \t\t NVIDIA L4\nIRQ:   \t\t 190\nGPU UUID: \t GPU-b\nBus Location: \t 0000:1a:00.0\nGPU Excluded:\t No\n";
        node["/proc/driver/nvidia/gpus/0000:05:00.0/information"] =
            "Model: \t\t NVIDIA H200\nIRQ:   \t\t 189\nGPU UUID: \t GPU-a\nBus Location: \t 0000:05:00.0\nGPU Excluded:\t No\n";
        node["/proc/driver/nvidia/gpus/0000:2a:00.0/information"] = "Model: \t\t NVIDIA T4\nGPU UUID: \t GPU-c\nGPU Excluded:\t Yes\n";

        var gpus = node.Read().Gpus.ToArray();

        Assert.Equal(["NVIDIA H200", "NVIDIA L4"], gpus.Select(gpu => gpu.Name));
        Assert.Equal(["GPU-a", "GPU-b"], gpus.Select(gpu => gpu.Uuid));
        Assert.All(gpus, gpu => Assert.Null(gpu.MemoryBytes));
        Assert.All(gpus, gpu => Assert.Equal("550.54.15", gpu.DriverVersion));
    }

    [Theory]
    [InlineData("0,1", "NVIDIA H200,NVIDIA L4")]
    [InlineData("1,0", "NVIDIA L4,NVIDIA H200")]
    [InlineData("1", "NVIDIA L4")]
    [InlineData("GPU-2f4b", "NVIDIA L4")]
    [InlineData("1,7,0", "NVIDIA L4")]
    [InlineData("1,1", "NVIDIA L4")]
    [InlineData("-1", "")]
    [InlineData("", "")]
    public void Read_VisibleDevices_AreTheOnlyOnesAndNumberedAsCudaDoes(string visible, string names)
    {
        var gpus = FakeNode.Bare(TwoGpus, visible).Read().Gpus.ToArray();

        Assert.Equal(names, string.Join(',', gpus.Select(gpu => gpu.Name)));
        Assert.Equal(Enumerable.Range(0, gpus.Length).Select(DeviceId.Cuda), gpus.Select(gpu => gpu.Id));
    }

    [Fact]
    public void Constructor_WithoutOneCpuOrWithATwin_IsRefused()
    {
        var cpu = FakeNode.Bare().Read().Cpu;
        var gpu = cpu with { Id = DeviceId.Cuda(0) };

        Assert.Throws<ArgumentException>(() => new DeviceInventory([gpu]));
        Assert.Throws<ArgumentException>(() => new DeviceInventory([cpu, cpu]));
        Assert.Throws<ArgumentException>(() => new DeviceInventory([cpu, gpu, gpu]));
        Assert.Equal([cpu, gpu], new DeviceInventory([gpu, cpu]).Devices);
        Assert.Equal(gpu, new DeviceInventory([gpu, cpu]).Find(DeviceId.Cuda(0)));
        Assert.Null(new DeviceInventory([cpu]).Find(DeviceId.Cuda(0)));
    }
}

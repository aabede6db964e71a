namespace ZeroWorld.ML.GpuNodes.Tests;

public sealed class DeviceInventoryCpuTests
{
    private const long Gibibyte = 1L << 30;

    [Fact]
    public void Read_BareMachine_IsAllOfIt()
    {
        var inventory = FakeNode.Bare().Read();

        Assert.Equal(DeviceId.Cpu, Assert.Single(inventory.Devices).Id);
        Assert.Equal(32 * Gibibyte, inventory.Cpu.MemoryBytes);
        Assert.Equal(8, inventory.Cpu.Cores);
        Assert.Equal("Intel(R) Xeon(R) CPU @ 2.80GHz", inventory.Cpu.Name);
        Assert.Empty(inventory.Gpus);
    }

    [Fact]
    public void Read_Version2ContainerAtTheMount_HasItsLimits()
    {
        var node = FakeNode.Bare();
        node["/proc/self/cgroup"] = "0::/\n";
        node["/sys/fs/cgroup/memory.max"] = "4294967296\n";
        node["/sys/fs/cgroup/cpu.max"] = "150000 100000\n";

        var cpu = node.Read().Cpu;

        Assert.Equal(4 * Gibibyte, cpu.MemoryBytes);
        Assert.Equal(1.5, cpu.Cores);
    }

    [Fact]
    public void Read_Version2NestedGroups_HasTheTightestLimitOnThePath()
    {
        var node = FakeNode.Bare();
        node["/proc/self/cgroup"] = "0::/kubepods/pod1/c1\n";
        node["/sys/fs/cgroup/kubepods/pod1/c1/memory.max"] = "max\n";
        node["/sys/fs/cgroup/kubepods/pod1/c1/cpu.max"] = "max 100000\n";
        node["/sys/fs/cgroup/kubepods/pod1/memory.max"] = "2147483648\n";
        node["/sys/fs/cgroup/kubepods/pod1/cpu.max"] = "400000 100000\n";
        node["/sys/fs/cgroup/kubepods/memory.max"] = "8589934592\n";
        node["/sys/fs/cgroup/kubepods/cpu.max"] = "300000 100000\n";
        node["/sys/fs/cgroup/other/memory.max"] = "1\n";

        var cpu = node.Read().Cpu;

        Assert.Equal(2 * Gibibyte, cpu.MemoryBytes);
        Assert.Equal(3, cpu.Cores);
    }

    [Fact]
    public void Read_Version1_HasItsLimits()
    {
        var node = FakeNode.Bare();
        node["/proc/self/cgroup"] = "9:name=systemd:/\n4:memory:/docker/4f1\n2:cpu,cpuacct:/docker/4f1\n0::/\n";
        node["/sys/fs/cgroup/memory/docker/4f1/memory.limit_in_bytes"] = "3221225472\n";
        node["/sys/fs/cgroup/cpu,cpuacct/docker/4f1/cpu.cfs_quota_us"] = "250000\n";
        node["/sys/fs/cgroup/cpu,cpuacct/docker/4f1/cpu.cfs_period_us"] = "100000\n";

        var cpu = node.Read().Cpu;

        Assert.Equal(3 * Gibibyte, cpu.MemoryBytes);
        Assert.Equal(2.5, cpu.Cores);
    }

    [Fact]
    public void Read_Version1ContainerWithThePathOfItsHost_HasTheLimitsAtTheMount()
    {
        var node = FakeNode.Bare();
        node["/proc/self/cgroup"] = "4:memory:/docker/4f1\n2:cpu,cpuacct:/docker/4f1\n";
        node["/sys/fs/cgroup/memory/memory.limit_in_bytes"] = "1073741824\n";
        node["/sys/fs/cgroup/cpu/cpu.cfs_quota_us"] = "50000\n";
        node["/sys/fs/cgroup/cpu/cpu.cfs_period_us"] = "100000\n";

        var cpu = node.Read().Cpu;

        Assert.Equal(Gibibyte, cpu.MemoryBytes);
        Assert.Equal(0.5, cpu.Cores);
    }

    [Fact]
    public void Read_Version1WithoutLimits_IsAllOfTheMachine()
    {
        var node = FakeNode.Bare();
        node["/proc/self/cgroup"] = "4:memory:/\n2:cpu,cpuacct:/\n";
        node["/sys/fs/cgroup/memory/memory.limit_in_bytes"] = "9223372036854771712\n";
        node["/sys/fs/cgroup/cpu/cpu.cfs_quota_us"] = "-1\n";
        node["/sys/fs/cgroup/cpu/cpu.cfs_period_us"] = "100000\n";

        var cpu = node.Read().Cpu;

        Assert.Equal(32 * Gibibyte, cpu.MemoryBytes);
        Assert.Equal(8, cpu.Cores);
    }

    [Theory]
    [InlineData("0", 1)]
    [InlineData("0-3", 4)]
    [InlineData("0,2,5-7", 5)]
    public void Read_AffinityMask_CountsItsProcessors(string list, double cores)
    {
        var node = FakeNode.Bare();
        node["/proc/self/status"] = $"Name:\tdotnet\nCpus_allowed_list:\t{list}\nMems_allowed_list:\t0\n";

        Assert.Equal(cores, node.Read().Cpu.Cores);
    }

    [Fact]
    public void Read_NoFilesAtAll_AsksTheRuntime()
    {
        var cpu = new FakeNode().Read().Cpu;

        Assert.Equal(Environment.ProcessorCount, cpu.Cores);
        Assert.True(cpu.MemoryBytes > 0);
        Assert.Equal("", cpu.Name);
    }

    [Fact]
    public void Read_ThisMachine_HasACpuWithMemory()
    {
        var inventory = DeviceInventory.Read(NodeSources.System);

        Assert.True(inventory.Cpu.Cores > 0);
        Assert.True(inventory.Cpu.MemoryBytes > 0);
        Assert.All(inventory.Gpus, gpu => Assert.Equal(DeviceKind.Cuda, gpu.Id.Kind));
    }
}

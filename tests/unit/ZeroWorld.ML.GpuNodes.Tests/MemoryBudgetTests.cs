namespace ZeroWorld.ML.GpuNodes.Tests;

public sealed class MemoryBudgetTests
{
    private const long Mebibyte = 1 << 20;

    [Fact]
    public void Snapshot_New_IsTheShareOfEachDevice()
    {
        var budget = new MemoryBudget(Inventory(cpuMebibytes: 1000, 2000), new MemoryBudgetOptions());

        Assert.Equal(
            [new DeviceMemory(DeviceId.Cpu, 500 * Mebibyte, 0), new DeviceMemory(DeviceId.Cuda(0), 1800 * Mebibyte, 0)],
            budget.Snapshot());
    }

    [Fact]
    public void TryReserve_ExactlyWhatIsFree_Fits()
    {
        var budget = Budget(cpuMebibytes: 100);

        Assert.True(budget.TryReserve(DeviceId.Cpu, 100 * Mebibyte, out var reservation, out _));
        Assert.Equal(0, budget.Snapshot()[0].FreeBytes);
        Assert.Equal((DeviceId.Cpu, 100 * Mebibyte), (reservation.Device, reservation.Bytes));
    }

    [Fact]
    public void TryResize_ToWhatWasMeasured_CountsThatAndIsRefusedBeyondTheRest()
    {
        var budget = Budget(cpuMebibytes: 100);
        Assert.True(budget.TryReserve(DeviceId.Cpu, 30 * Mebibyte, out var first, out _));
        Assert.True(budget.TryReserve(DeviceId.Cpu, 40 * Mebibyte, out var second, out _));

        Assert.False(second.TryResize(71 * Mebibyte, out var refusal));
        Assert.Equal(40 * Mebibyte, second.Bytes);
        Assert.Equal("The model needs 71.0 MiB; cpu has 70.0 MiB free of 100.0 MiB for models.", refusal);
        Assert.True(second.TryResize(70 * Mebibyte, out _));
        Assert.Equal(0, budget.Snapshot()[0].FreeBytes);
        Assert.True(first.TryResize(10 * Mebibyte, out _));
        Assert.Equal(20 * Mebibyte, budget.Snapshot()[0].FreeBytes);

        first.Dispose();
        second.Dispose();
        second.Dispose();
        Assert.Equal(100 * Mebibyte, budget.Snapshot()[0].FreeBytes);
        Assert.Throws<ObjectDisposedException>(() => first.TryResize(1, out _));
    }

    [Fact]
    public void TryReserve_OneByteMoreThanFree_IsRefusedWithNeedFreeAndTotal()
    {
        var budget = Budget(cpuMebibytes: 100);
        Assert.True(budget.TryReserve(DeviceId.Cpu, 60 * Mebibyte, out _, out _));

        Assert.False(budget.TryReserve(DeviceId.Cpu, (40 * Mebibyte) + 1, out var reservation, out var refusal));

        Assert.Null(reservation);
        Assert.Equal("The model needs 40.0 MiB; cpu has 40.0 MiB free of 100.0 MiB for models.", refusal);
        Assert.Equal(60 * Mebibyte, budget.Snapshot()[0].ReservedBytes);
    }

    [Fact]
    public void TryReserve_DeviceThatTheNodeLacks_IsRefused()
    {
        Assert.False(Budget(cpuMebibytes: 100).TryReserve(DeviceId.Cuda(3), Mebibyte, out _, out var refusal));
        Assert.Equal("The model needs 1.0 MiB on cuda:3, and this node has no such device.", refusal);
    }

    [Fact]
    public void TryReserve_GpuOfUnknownMemory_IsRefused()
    {
        var inventory = new DeviceInventory(
        [
            new Device { Id = DeviceId.Cpu, Name = "", MemoryBytes = Mebibyte },
            new Device { Id = DeviceId.Cuda(0), Name = "", MemoryBytes = null },
        ]);
        var budget = new MemoryBudget(inventory, new MemoryBudgetOptions());

        Assert.False(budget.TryReserve(DeviceId.Cuda(0), 1, out _, out var refusal));
        Assert.Equal("The model needs 1 B; cuda:0 has 0 B free of 0 B for models.", refusal);
    }

    [Fact]
    public void Dispose_Twice_ReleasesOnce()
    {
        var budget = Budget(cpuMebibytes: 100);
        Assert.True(budget.TryReserve(DeviceId.Cpu, 30 * Mebibyte, out var first, out _));
        Assert.True(budget.TryReserve(DeviceId.Cpu, 50 * Mebibyte, out _, out _));

        first.Dispose();
        first.Dispose();

        Assert.Equal(50 * Mebibyte, budget.Snapshot()[0].ReservedBytes);
    }

    [Fact]
    public void TryPlace_PrefersTheFirstKindAndFallsBack()
    {
        var budget = Budget(cpuMebibytes: 100, 50);
        var request = new PlacementRequest(40 * Mebibyte) { Kinds = [DeviceKind.Cuda, DeviceKind.Cpu] };

        Assert.True(budget.TryPlace(request, out var first, out _));
        Assert.True(budget.TryPlace(request, out var second, out _));

        Assert.Equal([DeviceId.Cuda(0), DeviceId.Cpu], [first.Device, second.Device]);
    }

    [Fact]
    public async Task TryReserve_FromManyThreads_NeverExceedsTheBudget()
    {
        var budget = Budget(cpuMebibytes: 10);
        var granted = 0;

        await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            var held = new List<MemoryReservation>();
            for (var i = 0; i < 2000; i++)
            {
                if (random.Next(2) == 0 && budget.TryReserve(DeviceId.Cpu, random.Next(1, (int)Mebibyte), out var reservation, out _))
                {
                    held.Add(reservation);
                    Interlocked.Increment(ref granted);
                }
                else if (held.Count > 0)
                {
                    held[^1].Dispose();
                    held.RemoveAt(held.Count - 1);
                }

                Assert.InRange(budget.Snapshot()[0].ReservedBytes, 0, 10 * Mebibyte);
            }

            held.ForEach(reservation => reservation.Dispose());
        })));

        Assert.True(granted > 0);
        Assert.Equal(0, budget.Snapshot()[0].ReservedBytes);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(-0.1, false)]
    [InlineData(double.NaN, false)]
    [InlineData(1.001, false)]
    [InlineData(double.Epsilon, true)]
    [InlineData(1, true)]
    public void Constructor_Share_IsCheckedAtItsBounds(double share, bool valid)
    {
        foreach (var options in new[] { new MemoryBudgetOptions { CpuShare = share }, new MemoryBudgetOptions { GpuShare = share } })
        {
            var error = Record.Exception(() => new MemoryBudget(Inventory(cpuMebibytes: 1), options));

            Assert.Equal(valid, error is null);
            Assert.True(valid || error!.Message.Contains("expected more than 0 and at most 1", StringComparison.Ordinal));
        }
    }

    private static MemoryBudget Budget(long cpuMebibytes, params long[] gpuMebibytes) =>
        new(Inventory(cpuMebibytes, gpuMebibytes), new MemoryBudgetOptions { CpuShare = 1, GpuShare = 1 });

    private static DeviceInventory Inventory(long cpuMebibytes, params long[] gpuMebibytes) => new(
    [
        new Device { Id = DeviceId.Cpu, Name = "", MemoryBytes = cpuMebibytes * Mebibyte, Cores = 2 },
        .. gpuMebibytes.Select((mebibytes, index) => new Device { Id = DeviceId.Cuda(index), Name = "", MemoryBytes = mebibytes * Mebibyte }),
    ]);
}

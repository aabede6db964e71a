using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Redis.Tests;

/// <summary>The embedded store on a disk that is full, or nearly so.</summary>
public sealed class GarnetDiskTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DisposeAsync_OnAFullDisk_SaysSoAndWhatIsThereIsReadAgain()
    {
        using var folder = new TempFolder();
        using var disk = SmallDisk.Mount(folder.Combine("disk"), "24m");
        var online = Path.Combine(disk.Path, "online");
        await using (var first = await StartAsync(online))
        {
            await WriteAsync(first, 0, 1);
        }

        await File.WriteAllBytesAsync(Path.Combine(disk.Path, "fill"), new byte[18 << 20], Cancellation);
        var second = await StartAsync(online);
        var refused = await Record.ExceptionAsync(() => WriteAsync(second, 1, 60_000));
        var exception = await Assert.ThrowsAsync<FeatureException>(async () => await second.DisposeAsync());
        File.Delete(Path.Combine(disk.Path, "fill"));
        await using var third = await StartAsync(online);
        await using var reader = Stores.Create(third.Configuration);
        Assert.True(await reader.ConnectAsync(Cancellation));

        // Whether the server notices before the end depends on when it writes its pages.
        Assert.True(refused is null or FeatureException { Error: FeatureError.StoreUnavailable }, refused?.Message);
        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        Assert.Contains($"could not write its log in '{online}': No space left on device", exception.Message, StringComparison.Ordinal);
        Assert.Equal(TestViews.Row(1, 1, 1), await reader.ReadOneAsync(TestViews.Id(0), TestViews.Profile, Cancellation));
        await reader.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(TestViews.Id(0), TestViews.Row(2, 2, 2))], Cancellation);
        Assert.Equal(TestViews.Row(2, 2, 2), await reader.ReadOneAsync(TestViews.Id(0), TestViews.Profile, Cancellation));

        static async Task WriteAsync(GarnetHost host, int from, int count)
        {
            await using var store = Stores.Create(host.Configuration);
            await store.WriteRowsAsync(TestViews.Profile, [.. Enumerable.Range(from, count).Select(static id => new OnlineRowWrite(TestViews.Id(id), TestViews.Row(1, 1, 1)))], Cancellation);
        }
    }

    /// <summary>Who only reads has nothing to write at its end; and a checkpoint that has no room leaves what is there readable.</summary>
    [Fact]
    public async Task DisposeAsync_OfAReaderOnACompletelyFullDisk_EndsAtOnceAndSaysNothing()
    {
        using var folder = new TempFolder();
        using var disk = SmallDisk.Mount(folder.Combine("disk"), "24m");
        var online = Path.Combine(disk.Path, "online");
        await using (var writer = await StartAsync(online))
        await using (var store = Stores.Create(writer.Configuration))
        {
            await store.WriteRowsAsync(TestViews.Profile, [.. Enumerable.Range(0, 5000).Select(static id => new OnlineRowWrite(TestViews.Id(id), TestViews.Row(id, 1, 1)))], Cancellation);
        }

        disk.Fill();
        for (var run = 0; run < 2; run++)
        {
            var host = await StartAsync(online);
            await using (var reader = Stores.Create(host.Configuration))
            {
                Assert.True(await reader.ConnectAsync(Cancellation));
                await using (var client = await ConnectionMultiplexer.ConnectAsync(host.Configuration + ",allowAdmin=true"))
                {
                    var exception = await Assert.ThrowsAsync<RedisServerException>(() => client.GetDatabase().ExecuteAsync("SAVE"));
                    Assert.StartsWith("ERR checkpoint failed", exception.Message, StringComparison.Ordinal);
                }

                Assert.Equal(TestViews.Row(4999, 1, 1), await reader.ReadOneAsync(TestViews.Id(4999), TestViews.Profile, Cancellation));
            }

            // Far from the default of the stop's own limit, which such an end ran into.
            await host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
        }
    }

    [Fact]
    public async Task Writes_WithLessRoomThanTheReserve_AreRefusedBeforeAnythingIsWrittenAndTakenWhenThereIsRoom()
    {
        using var folder = new TempFolder();
        using var disk = SmallDisk.Mount(folder.Combine("disk"), "64m");
        var online = Path.Combine(disk.Path, "online");
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddEmbeddedOnlineStore(options => (options.Folder, options.ReserveMebibytes) = (online, 32));
        using var host = builder.Build();
        await host.StartAsync(Cancellation);
        var store = host.Services.GetRequiredService<RedisOnlineStore>();
        await WriteOneAsync(1);
        await File.WriteAllBytesAsync(Path.Combine(disk.Path, "fill"), new byte[40 << 20], Cancellation);
        var spending = TestViews.Spending();

        Func<Task>[] writes =
        [
            () => WriteOneAsync(2),
            () => store.AppendEventsAsync(spending, [new WindowAppend(TestViews.Id(1), TestViews.Block(spending, (1, 1)))], long.MinValue, Cancellation),
            () => store.WriteCoverageAsync(TestViews.Profile, new ViewCoverage(1, 2), Cancellation),
            () => store.TryReplaceLedgerAsync(TestViews.Profile, null, "{}", Cancellation),
            () => store.TryMarkAsync(TestViews.Profile, [new StoreServer(0, "")], [1], 1, long.MaxValue, Cancellation),
            () => store.ClearAsync(TestViews.Profile, long.MinValue, Cancellation),
            () => store.DeleteEntityAsync(TestViews.Id(1), [TestViews.Profile], 9, Cancellation),
        ];
        foreach (var write in writes)
        {
            var exception = await Assert.ThrowsAsync<FeatureException>(write);
            Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
            Assert.Matches($"takes no writes: the disk of '{online}' has [0-9]+ MiB left, and 32 MiB stay free for its log .Features:Embedded:ReserveMebibytes.. Nothing was written", exception.Message);
        }

        Assert.Equal(TestViews.Row(1, 1, 1), await store.ReadOneAsync(TestViews.Id(1), TestViews.Profile, Cancellation));
        Assert.Null(await store.ReadCoverageAsync(TestViews.Profile, Cancellation));
        Assert.Null((await store.ReadLedgerAsync(TestViews.Profile, Cancellation)).Text);
        File.Delete(Path.Combine(disk.Path, "fill"));
        await WriteOneAsync(2);
        Assert.Equal(TestViews.Row(2, 2, 2), await store.ReadOneAsync(TestViews.Id(1), TestViews.Profile, Cancellation));
        await host.StopAsync(Cancellation);
        await ((ServiceProvider)host.Services).DisposeAsync();

        Task WriteOneAsync(long value) =>
            store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(TestViews.Id(1), TestViews.Row(value, value, value))], Cancellation);
    }

    private static async Task<GarnetHost> StartAsync(string folder)
    {
        var garnet = new GarnetHost(new GarnetHostOptions { Folder = folder }, TimeProvider.System, NullLogger<GarnetHost>.Instance);
        await garnet.StartAsync(Cancellation);
        return garnet;
    }
}

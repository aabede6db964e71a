using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Redis.Tests;

/// <summary>A shard of a cluster dies in the middle of a write and its replica takes over.</summary>
public sealed class RedisClusterFailoverTests
{
    private const int Customers = 300;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Writes_WhileAShardDiesAndItsReplicaTakesOver_AreRepeatedAndEndWholeAndOnce()
    {
        RedisServerProcess.SkipIfMissing();
        await using var cluster = await RedisClusterProcess.StartAsync(Cancellation);
        var (dying, replica) = (cluster.Shards[1], await cluster.AddReplicaAsync(cluster.Shards[1], Cancellation));
        await using var store = Stores.Create(cluster.Shards[0].Address);
        Assert.True(await store.ConnectAsync(Cancellation));
        var spending = TestViews.Spending();
        await WriteAsync(store, spending, 1);
        await dying.WaitForReplicaAsync(replica, Cancellation);

        // Sent to a shard that takes nothing any more: the others have taken their part when it dies.
        dying.Pause();
        var halfWritten = WriteAsync(store, spending, 2);
        await dying.KillAsync(Cancellation);
        var refused = await Assert.ThrowsAsync<FeatureException>(() => halfWritten);
        var attempts = 1;
        while (await Record.ExceptionAsync(() => WriteAsync(store, spending, 2)) is { } exception)
        {
            Assert.Equal(FeatureError.StoreUnavailable, Assert.IsType<FeatureException>(exception).Error);
            attempts++;
            await Task.Delay(TimeSpan.FromMilliseconds(100), Cancellation);
        }

        Assert.Equal(FeatureError.StoreUnavailable, refused.Error);
        Assert.Contains("role:master", await replica.SendAsync("INFO replication", Cancellation), StringComparison.Ordinal);
        Assert.True(attempts >= 1);
        var expected = TestViews.Block(spending, (1, 1), (2, 2));
        for (var customer = 0; customer < Customers; customer++)
        {
            Assert.Equal(TestViews.Row(2, 2, 2), await store.ReadOneAsync(TestViews.Id(customer), TestViews.Profile, Cancellation));
            Assert.Equal(expected, await store.ReadOneAsync(TestViews.Id(customer), spending, Cancellation));
        }
    }

    [Fact]
    public async Task ReadAsync_WhileAShardStandsStillAndItsReplicaTakesOver_AreAnsweredByTheReplica()
    {
        RedisServerProcess.SkipIfMissing();
        await using var cluster = await RedisClusterProcess.StartAsync(Cancellation);
        var (still, replica) = (cluster.Shards[1], await cluster.AddReplicaAsync(cluster.Shards[1], Cancellation));

        // The client itself asks the servers again after a minute, or when it gives up a connection, twice its longest timeout after the last answer: here reads that are not answered are to do so.
        await using var store = Stores.Create($"{cluster.Shards[0].Address},configCheckSeconds=86400,keepAlive=86400", static options =>
        {
            (options.ReadTimeout, options.WriteTimeout) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromMinutes(5));
        });
        Assert.True(await store.ConnectAsync(Cancellation));
        await WriteAsync(store, TestViews.Spending(), 1);
        await still.WaitForReplicaAsync(replica, Cancellation);
        var customers = Enumerable.Range(0, Customers).Select(static id => TestViews.Id(id)).ToList();

        still.Pause();
        await replica.SendAsync("CLUSTER FAILOVER TAKEOVER", Cancellation);
        var reads = 0;
        while (!(await FailureReads.ReadAllAsync(store, customers)).TrueForAll(static read => read.State == OnlineReadState.Answered))
        {
            Assert.True(++reads < 100, "The replica was not found.");
        }

        Assert.Contains("role:master", await replica.SendAsync("INFO replication", Cancellation), StringComparison.Ordinal);
        still.Continue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Writes_WithAShardThatIsDown_NameItAndWhatToDo(bool connectedBefore)
    {
        RedisServerProcess.SkipIfMissing();
        await using var cluster = await RedisClusterProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(cluster.Shards[0].Address, static options => options.ConnectTimeout = TimeSpan.FromSeconds(1));
        if (connectedBefore)
        {
            await WriteAsync(store, TestViews.Spending(), 1);
        }

        await cluster.Shards[1].KillAsync(Cancellation);
        var write = await Assert.ThrowsAsync<FeatureException>(() => WriteUntilNoticedAsync(store));
        var clearing = await Assert.ThrowsAsync<FeatureException>(() => store.ClearAsync(TestViews.Profile, long.MinValue, Cancellation));
        var servers = await Assert.ThrowsAsync<FeatureException>(() => store.ReadServersAsync(TestViews.Profile, Cancellation));

        foreach (var exception in new[] { write, clearing, servers })
        {
            Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
            Assert.Contains($"Of the cluster {cluster.Shards[1].Address} (slots 5461-10921) does not answer", exception.Message, StringComparison.Ordinal);
            Assert.Contains("Start it again, or have a replica take its place, and repeat this.", exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("abortConnect", exception.Message, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task Writes_WithAShardThatTheOthersHoldToHaveFailed_NameItsSlotsAndClearNothing()
    {
        RedisServerProcess.SkipIfMissing();
        await using var cluster = await RedisClusterProcess.StartAsync(Cancellation);
        await cluster.Shards[1].KillAsync(Cancellation);
        while (!(await cluster.Shards[0].SendAsync("CLUSTER NODES", Cancellation)).Contains("master,fail ", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), Cancellation);
        }

        await using var store = Stores.Create(cluster.Shards[0].Address, static options => options.ConnectTimeout = TimeSpan.FromSeconds(1));
        var write = await Assert.ThrowsAsync<FeatureException>(() => WriteUntilNoticedAsync(store));
        var clearing = await Assert.ThrowsAsync<FeatureException>(() => store.ClearAsync(TestViews.Profile, long.MinValue, Cancellation));

        foreach (var exception in new[] { write, clearing })
        {
            Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
            Assert.Contains("Of the cluster the server of slots 5461-10921 does not answer", exception.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>The first failure may come before the client knows that the connection is gone; whoever repeats is told.</summary>
    private static async Task WriteUntilNoticedAsync(RedisOnlineStore store)
    {
        while (true)
        {
            try
            {
                await WriteAsync(store, TestViews.Spending(), 2);
            }
            catch (FeatureException exception) when (!exception.Message.Contains("Of the cluster", StringComparison.Ordinal))
            {
                Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
            }
        }
    }

    /// <summary>A row and an event of every customer, as one batch each.</summary>
    private static async Task WriteAsync(RedisOnlineStore store, StorageField spending, long moment)
    {
        var customers = Enumerable.Range(0, Customers).Select(static number => TestViews.Id(number)).ToList();
        await store.WriteRowsAsync(TestViews.Profile, [.. customers.Select(customer => new OnlineRowWrite(customer, TestViews.Row(moment, moment, moment)))], Cancellation);
        await store.AppendEventsAsync(
            spending, [.. customers.Select(customer => new WindowAppend(customer, TestViews.Block(spending, (moment, moment))))], long.MinValue, Cancellation);
    }
}

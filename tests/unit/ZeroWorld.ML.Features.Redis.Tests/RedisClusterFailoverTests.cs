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

    /// <summary>A row and an event of every customer, as one batch each.</summary>
    private static async Task WriteAsync(RedisOnlineStore store, StorageField spending, long moment)
    {
        var customers = Enumerable.Range(0, Customers).Select(static number => TestViews.Id(number)).ToList();
        await store.WriteRowsAsync(TestViews.Profile, [.. customers.Select(customer => new OnlineRowWrite(customer, TestViews.Row(moment, moment, moment)))], Cancellation);
        await store.AppendEventsAsync(
            spending, [.. customers.Select(customer => new WindowAppend(customer, TestViews.Block(spending, (moment, moment))))], long.MinValue, Cancellation);
    }
}

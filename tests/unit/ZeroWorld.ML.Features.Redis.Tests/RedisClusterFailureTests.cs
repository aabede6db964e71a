using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Testing;
using static ZeroWorld.ML.Features.Redis.Tests.FailureReads;

namespace ZeroWorld.ML.Features.Redis.Tests;

/// <summary>A cluster of which one part is dead, frozen or on its way to another shard.</summary>
public sealed class RedisClusterFailureTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadAsync_AfterOneShardOfThreeDied_AnswersTheOthers()
    {
        RedisServerProcess.SkipIfMissing();
        await using var cluster = await RedisClusterProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(cluster.Addresses);
        Assert.True(await store.ConnectAsync(Cancellation));
        var customers = Enumerable.Range(0, 300).Select(static id => TestViews.Id(id)).ToList();
        await store.WriteRowsAsync(TestViews.Profile, [.. customers.Select(static customer => new OnlineRowWrite(customer, TestViews.Row(1, 1, 1)))], Cancellation);

        // The shard dies while reads are on their way: some were answered by it, some were not, none throws.
        var during = Task.Run(
            async () =>
            {
                for (var round = 0; round < 50; round++)
                {
                    Assert.All(await ReadAllAsync(store, customers), static read => Assert.NotEqual(OnlineReadState.Pending, read.State));
                }
            },
            Cancellation);
        await cluster.Shards[1].KillAsync(Cancellation);
        await during;
        var started = Stopwatch.GetTimestamp();
        var reads = await ReadAllAsync(store, customers);
        var elapsed = Stopwatch.GetElapsedTime(started);

        // Not by the timeout: nothing waits for a server that is known to be gone.
        Assert.InRange(elapsed, TimeSpan.Zero, Slack);
        var answered = reads.Where(static read => read.State == OnlineReadState.Answered).ToList();
        Assert.InRange(answered.Count, 120, 280);
        Assert.All(answered, static read => Assert.Equal(TestViews.Row(1, 1, 1), read.Payloads[0]!.Value.ToArray()));
        Assert.All(reads.Except(answered), static read => Assert.Equal(OnlineReadState.Unavailable, read.State));
    }

    [Fact]
    public async Task ReadAsync_WhileOneShardIsFrozen_AnswersTheOthersAtOnce()
    {
        RedisServerProcess.SkipIfMissing();
        await using var cluster = await RedisClusterProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(cluster.Addresses, static options => options.ReadTimeout = TimeSpan.FromMilliseconds(500));
        Assert.True(await store.ConnectAsync(Cancellation));
        var customers = Enumerable.Range(0, 300).Select(static id => TestViews.Id(id)).ToList();
        await store.WriteRowsAsync(TestViews.Profile, [.. customers.Select(static customer => new OnlineRowWrite(customer, TestViews.Row(1, 1, 1)))], Cancellation);
        cluster.Shards[2].Pause();

        var reads = customers.Select(static customer => new OnlineRead(customer, [TestViews.Profile])).ToList();
        var reading = store.ReadAsync(reads, Cancellation).AsTask();
        await WaitUntilAsync(() => reads.Count(static read => read.State == OnlineReadState.Answered) > 120);
        var wasDoneEarly = reading.IsCompleted;
        await reading;
        cluster.Shards[2].Continue();

        Assert.False(wasDoneEarly);
        Assert.Contains(reads, static read => read.State == OnlineReadState.Unavailable);
        Assert.DoesNotContain(reads, static read => read.State == OnlineReadState.Pending);
    }

    // Whoever asks for what lies on it, as often as they like, and with nobody else asking meanwhile.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OnlineReadCoalescer_OneShardDeadOrFrozen_CostsWhatLiesOnItAndNothingElse(bool isDead)
    {
        RedisServerProcess.SkipIfMissing();
        await using var cluster = await RedisClusterProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(cluster.Addresses, static options => options.ReadTimeout = TimeSpan.FromSeconds(1));
        await using var redis = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(cluster.Addresses);
        Assert.True(await store.ConnectAsync(Cancellation));
        await using var coalescer = new OnlineReadCoalescer(store, new OnlineReadCoalescerOptions(), TimeProvider.System, NullLogger<OnlineReadCoalescer>.Instance);
        int[] ids = [1, .. Enumerable.Range(2, 300).Where(id => ShardOf(id) != ShardOf(1)).Take(1)];
        await WaitUntilAsync(async () => await IsAnsweredAsync(ids[0]) && await IsAnsweredAsync(ids[1]));
        var (ill, shard) = (ids[0], ShardOf(ids[0]));
        if (isDead)
        {
            await shard.KillAsync(Cancellation);
        }
        else
        {
            shard.Pause();
        }

        await WaitUntilAsync(async () => !await IsAnsweredAsync(ill));
        for (var again = 0; again < 4; again++)
        {
            Assert.False(await IsAnsweredAsync(ill));
            await Task.Delay(TimeSpan.FromMilliseconds(10), Cancellation);
        }

        var isOpen = coalescer.IsCircuitOpen;
        var isAnswered = await IsAnsweredAsync(ids[1]);
        if (!isDead)
        {
            shard.Continue();
        }

        Assert.Equal((false, true), (isOpen, isAnswered));

        RedisServerProcess ShardOf(int id) => cluster.ShardOf(redis.HashSlot($"z1:{{default/customer/i{id}}}:v"));

        async Task<bool> IsAnsweredAsync(int id)
        {
            var answers = new OnlineReadAnswer[1];
            Assert.True(await coalescer.TryReadAsync([new OnlineReadKey(TestViews.Id(id), [TestViews.Profile])], answers, TimeSpan.FromSeconds(5), Cancellation));
            return answers[0].IsAvailable;
        }
    }

    [Fact]
    public async Task ReadAsync_WhileASlotMovesToAnotherShard_IsAnswered()
    {
        RedisServerProcess.SkipIfMissing();
        await using var cluster = await RedisClusterProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(cluster.Addresses);
        Assert.True(await store.ConnectAsync(Cancellation));
        Assert.Null(await store.ReadOneAsync(TestViews.Id(1), TestViews.Profile, Cancellation));
        const string Key = "z1:{default/customer/i1}:v";
        var slot = int.Parse(await cluster.Shards[0].SendAsync($"CLUSTER KEYSLOT {Key}", Cancellation));
        var source = cluster.ShardOf(slot);
        var target = cluster.Shards.First(shard => shard != source);
        var (sourceId, targetId) = (await source.SendAsync("CLUSTER MYID", Cancellation), await target.SendAsync("CLUSTER MYID", Cancellation));

        await target.SendAsync($"CLUSTER SETSLOT {slot} IMPORTING {sourceId}", Cancellation);
        await source.SendAsync($"CLUSTER SETSLOT {slot} MIGRATING {targetId}", Cancellation);
        Assert.Null(await store.ReadOneAsync(TestViews.Id(1), TestViews.Profile, Cancellation));

        await target.SendAsync($"CLUSTER SETSLOT {slot} NODE {targetId}", Cancellation);
        await source.SendAsync($"CLUSTER SETSLOT {slot} NODE {targetId}", Cancellation);
        await target.SendAsync($"HSET {Key} {TestViews.Profile.Name} moved", Cancellation);
        Assert.Equal("moved"u8.ToArray(), await store.ReadOneAsync(TestViews.Id(1), TestViews.Profile, Cancellation));
    }

    // Three entities of one slot, which share a call: one has moved already, one has not, one is new.
    [Fact]
    public async Task WriteRowsAsync_WhileASlotMovesToAnotherShard_StoresEveryRow()
    {
        RedisServerProcess.SkipIfMissing();
        await using var cluster = await RedisClusterProcess.StartAsync(Cancellation);
        await using var redis = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(cluster.Addresses);
        await using var store = Stores.Create(cluster.Addresses);
        Assert.True(await store.ConnectAsync(Cancellation));
        var slot = redis.HashSlot(KeyOf(1));
        int[] ids = [.. Enumerable.Range(1, int.MaxValue - 1).Where(id => redis.HashSlot(KeyOf(id)) == slot).Take(3)];
        await store.WriteRowsAsync(TestViews.Profile, [.. ids.Take(2).Select(static id => new OnlineRowWrite(TestViews.Id(id), TestViews.Row(1, 1, 1)))], Cancellation);
        var source = cluster.ShardOf(slot);
        var target = cluster.Shards.First(shard => shard != source);
        var (sourceId, targetId) = (await source.SendAsync("CLUSTER MYID", Cancellation), await target.SendAsync("CLUSTER MYID", Cancellation));
        await target.SendAsync($"CLUSTER SETSLOT {slot} IMPORTING {sourceId}", Cancellation);
        await source.SendAsync($"CLUSTER SETSLOT {slot} MIGRATING {targetId}", Cancellation);
        await MoveAsync(ids[1]);

        await store.WriteRowsAsync(TestViews.Profile, [.. ids.Select(static id => new OnlineRowWrite(TestViews.Id(id), TestViews.Row(2, 2, id)))], Cancellation);

        await MoveAsync(ids[0]);
        await target.SendAsync($"CLUSTER SETSLOT {slot} NODE {targetId}", Cancellation);
        await source.SendAsync($"CLUSTER SETSLOT {slot} NODE {targetId}", Cancellation);
        foreach (var id in ids)
        {
            Assert.Equal(TestViews.Row(2, 2, id), await store.ReadOneAsync(TestViews.Id(id), TestViews.Profile, Cancellation));
        }

        static string KeyOf(int id) => $"z1:{{default/customer/i{id}}}:v";

        Task<string> MoveAsync(int id) => source.SendAsync($"MIGRATE {target.Address.Replace(':', ' ')} {KeyOf(id)} 0 5000", Cancellation);
    }
}

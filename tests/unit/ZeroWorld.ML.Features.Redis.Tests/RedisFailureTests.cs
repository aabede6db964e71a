using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Testing;
using static ZeroWorld.ML.Features.Redis.Tests.FailureReads;

namespace ZeroWorld.ML.Features.Redis.Tests;

/// <summary>Ill servers: absent, stopped, frozen, killed.</summary>
public sealed class RedisFailureTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadAsync_BeforeTheServerExists_IsUnavailableAndRecoversWhenItComes()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await server.StopAsync(Cancellation);
        await using var store = Stores.Create(server.Address, static options => options.ConnectTimeout = TimeSpan.FromMilliseconds(500));

        Assert.Equal(OnlineReadState.Unavailable, (await ReadAsync(store)).State);
        Assert.False(await store.ConnectAsync(Cancellation));
        Assert.Equal(OnlineReadState.Unavailable, (await ReadAsync(store)).State);
        await server.RestartAsync(Cancellation);

        await WaitUntilAnsweredAsync(store);
    }

    [Fact]
    public async Task WriteRowsAsync_AfterTheServerWasKilled_SaysWhichServerAnsweredUntilWhenAndWhatToLookFor()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(server.Address);
        Assert.True(await store.ConnectAsync(Cancellation));
        await WriteAsync();
        var before = TimeProvider.System.GetUtcNow();
        await server.KillAsync(Cancellation);
        var after = TimeProvider.System.GetUtcNow();

        for (var attempt = 0; attempt < 2; attempt++)
        {
            var exception = await Assert.ThrowsAsync<FeatureException>(WriteAsync);
            Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
            var match = Regex.Match(exception.Message, "the server at ([0-9.:]+) answered until ([0-9T:Z-]+) and does not any more: .*full disk.*killed.*log");
            Assert.True(match.Success, exception.Message);
            Assert.Equal(server.Address, match.Groups[1].Value);
            Assert.InRange(DateTimeOffset.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture), before.AddSeconds(-1), after + Slack);
        }

        await server.RestartAsync(Cancellation);
        await WaitUntilAnsweredAsync(store);
        await WriteAsync();

        Task WriteAsync() => store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(TestViews.Id(1), TestViews.Row(1, 1, 1))], Cancellation);
    }

    [Fact]
    public async Task DeleteEntityAsync_OfAnEntityOfWhichNothingIsLeft_LetsItsKeysExpire()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(server.Address);
        await using var redis = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(server.Address);
        var spending = TestViews.Spending();
        await store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(TestViews.Id(4961), TestViews.Row(10, 10, 1.5))], Cancellation);
        await store.AppendEventsAsync(spending, [new WindowAppend(TestViews.Id(4961), TestViews.Block(spending, (10, 1)))], long.MinValue, Cancellation);

        await store.DeleteEntityAsync(TestViews.Id(4961), [TestViews.Profile, spending], 20, Cancellation);
        var deleted = new[] { await TimeToLiveAsync('v'), await TimeToLiveAsync('w') };
        await store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(TestViews.Id(4961), TestViews.Row(20, 20, 1.5))], Cancellation);
        var refused = await TimeToLiveAsync('v');
        await store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(TestViews.Id(4961), TestViews.Row(21, 21, 1.5))], Cancellation);
        await store.AppendEventsAsync(spending, [new WindowAppend(TestViews.Id(4961), TestViews.Block(spending, (21, 2)))], long.MinValue, Cancellation);

        Assert.All(deleted.Append(refused), static left => Assert.InRange(left!.Value.TotalHours, 23, 24));
        Assert.Null(await TimeToLiveAsync('v'));
        Assert.Null(await TimeToLiveAsync('w'));

        Task<TimeSpan?> TimeToLiveAsync(char kind) => redis.GetDatabase().KeyTimeToLiveAsync($"z1:{{default/customer/i4961}}:{kind}");
    }

    [Fact]
    public async Task ReadAsync_WhileTheServerIsStoppedUnderLoad_IsUnavailableInTimeAndRecovers()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(server.Address, static options => options.ReadTimeout = TimeSpan.FromMilliseconds(500));
        Assert.True(await store.ConnectAsync(Cancellation));
        using var stop = new CancellationTokenSource();
        var longest = TimeSpan.Zero;
        var states = new int[3];
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var started = Stopwatch.GetTimestamp();
                var state = (await ReadAsync(store)).State;
                Interlocked.Increment(ref states[(int)state]);
                lock (states)
                {
                    longest = Max(longest, Stopwatch.GetElapsedTime(started));
                }

                await Task.Yield();
            }
        }, Cancellation)).ToList();

        await WaitUntilAsync(() => Volatile.Read(ref states[(int)OnlineReadState.Answered]) > 100);
        await server.StopAsync(Cancellation);
        await WaitUntilAsync(() => Volatile.Read(ref states[(int)OnlineReadState.Unavailable]) > 100);
        await server.RestartAsync(Cancellation);
        await WaitUntilAnsweredAsync(store);
        await stop.CancelAsync();
        await Task.WhenAll(load);

        Assert.Equal(0, states[(int)OnlineReadState.Pending]);
        Assert.InRange(longest, TimeSpan.Zero, TimeSpan.FromMilliseconds(500) + Slack);
    }

    [Fact]
    public async Task ReadAsync_WhileTheServerIsFrozen_IsUnavailableWithinTheTimeoutAndRecovers()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(server.Address, static options => options.ReadTimeout = TimeSpan.FromMilliseconds(100));
        Assert.True(await store.ConnectAsync(Cancellation));
        await WaitUntilAnsweredAsync(store);
        server.Pause();

        var started = Stopwatch.GetTimestamp();
        var read = await ReadAsync(store);
        var elapsed = Stopwatch.GetElapsedTime(started);
        server.Continue();

        Assert.Equal(OnlineReadState.Unavailable, read.State);
        Assert.InRange(elapsed, TimeSpan.FromMilliseconds(90), TimeSpan.FromMilliseconds(100) + Slack);
        await WaitUntilAnsweredAsync(store);
    }

    [Fact]
    public async Task OnlineReadCoalescer_OnAFrozenServer_CostsTheTimeoutThenNothingAndRecovers()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(server.Address, static options => options.ReadTimeout = TimeSpan.FromMilliseconds(50));
        Assert.True(await store.ConnectAsync(Cancellation));
        await using var coalescer = new OnlineReadCoalescer(
            store, new OnlineReadCoalescerOptions(), TimeProvider.System, NullLogger<OnlineReadCoalescer>.Instance);
        OnlineReadKey key = new(TestViews.Id(1), [TestViews.Profile]);
        server.Pause();

        await WaitUntilAsync(async () =>
        {
            Assert.False(await IsAnsweredAsync());
            return coalescer.IsCircuitOpen;
        });
        var started = Stopwatch.GetTimestamp();
        for (var call = 0; call < 1000; call++)
        {
            Assert.False(await IsAnsweredAsync());
        }

        // 1000 calls that each waited for their timeout would take 20 s; a probe now and then is among them.
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(15));
        server.Continue();
        await WaitUntilAsync(IsAnsweredAsync);
        Assert.False(coalescer.IsCircuitOpen);

        async Task<bool> IsAnsweredAsync()
        {
            var answers = new OnlineReadAnswer[1];
            Assert.True(await coalescer.TryReadAsync([key], answers, TimeSpan.FromMilliseconds(20), Cancellation));
            return answers[0].IsAvailable;
        }
    }

    [Fact]
    public async Task WriteRowsAsync_WhileTheServerIsStopped_SaysThatTheStoreIsUnavailable()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(server.Address);
        Assert.True(await store.ConnectAsync(Cancellation));
        await server.StopAsync(Cancellation);

        var exception = await Assert.ThrowsAsync<FeatureException>(
            () => store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(TestViews.Id(1), TestViews.Row(1, 1, 1))], Cancellation));

        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        Assert.Contains(server.Address, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WriteRowsAsync_AfterTheServerForgotItsScripts_StillWrites()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(server.Address);
        Assert.True(await store.ConnectAsync(Cancellation));
        await store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(TestViews.Id(1), TestViews.Row(1, 1, 1))], Cancellation);
        await server.SendAsync("SCRIPT FLUSH", Cancellation);

        await store.WriteRowsAsync(
            TestViews.Profile,
            [.. Enumerable.Range(0, 500).Select(static index => new OnlineRowWrite(TestViews.Id(index), TestViews.Row(2, 2, 2)))],
            Cancellation);

        Assert.Equal(TestViews.Row(2, 2, 2), await store.ReadOneAsync(TestViews.Id(499), TestViews.Profile, Cancellation));
    }

    [Fact]
    public async Task WriteRowsAsync_WhileTheServerIsFrozen_SaysSoWithoutTheClientsCounters()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(server.Address, static options => options.WriteTimeout = TimeSpan.FromMilliseconds(100));
        Assert.True(await store.ConnectAsync(Cancellation));
        server.Pause();

        var exception = await Assert.ThrowsAsync<FeatureException>(
            () => store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(TestViews.Id(1), TestViews.Row(1, 1, 1))], Cancellation));
        server.Continue();

        Assert.Contains($"its server at {server.Address} did not answer in time; the write may or may not have been taken", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("clientName", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(", v: ", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AppendEventsAsync_ToBytesThatAreNoBlock_IsRefusedAndLeavesThem()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(server.Address);
        Assert.True(await store.ConnectAsync(Cancellation));
        var spending = TestViews.Spending();
        await server.SendAsync($"HSET z1:{{default/customer/i1}}:w {spending.Name} garbage", Cancellation);

        var exception = await Assert.ThrowsAsync<FeatureException>(() => store.AppendEventsAsync(
            spending, [new WindowAppend(TestViews.Id(1), TestViews.Block(spending, (1, 1)))], long.MinValue, Cancellation));

        Assert.Equal(FeatureError.CorruptData, exception.Error);
        Assert.Contains("spending", exception.Message, StringComparison.Ordinal);
        Assert.Equal("garbage"u8.ToArray(), await store.ReadOneAsync(TestViews.Id(1), spending, Cancellation));
    }

    [Fact]
    public async Task WriteRowsAsync_OverBytesThatAreNoRow_IsRefusedAndLeavesThem()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(server.Address);
        Assert.True(await store.ConnectAsync(Cancellation));
        await server.SendAsync($"HSET z1:{{default/customer/i1}}:v {TestViews.Profile.Name} garbage-garbage-garbage", Cancellation);

        var exception = await Assert.ThrowsAsync<FeatureException>(
            () => store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(TestViews.Id(1), TestViews.Row(1, 1, 1))], Cancellation));

        Assert.Equal(FeatureError.CorruptData, exception.Error);
    }

    [Theory]
    [InlineData(64, 1)]
    [InlineData(127, 1)]
    [InlineData(128, 0)]
    public async Task CheckServerAsync_OfASmallListpackValue_WarnsByName(int value, int warnings)
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await server.SendAsync($"CONFIG SET hash-max-listpack-value {value}", Cancellation);
        await using var store = Stores.Create(server.Address);

        var found = await store.CheckServerAsync(Cancellation);

        Assert.Equal(warnings, found.Count);
        Assert.All(found, warning => Assert.Contains($"hash-max-listpack-value of the online store at {server.Address} is {value}", warning, StringComparison.Ordinal));
    }

    [Fact]
    public async Task CheckServerAsync_WhereConfigIsForbidden_SaysNothing()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation, "--rename-command", "CONFIG", "");
        await using var store = Stores.Create(server.Address);

        Assert.Empty(await store.CheckServerAsync(Cancellation));
    }

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;
}

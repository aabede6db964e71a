using System.Collections.Concurrent;
using System.Diagnostics;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class PreciseTimeProviderTests : IDisposable
{
    private static readonly TimeSpan Far = TimeSpan.FromHours(2);
    private readonly PreciseTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _time.Dispose();

    [Fact]
    public async Task CreateTimer_ManyInAnyOrder_EndNotBeforeTheirTimeAndOnlyThoseThatRemain()
    {
        var random = new Random(1);
        var ended = new ConcurrentDictionary<int, TimeSpan>();
        var timers = new List<ITimer>();
        var expected = new Dictionary<int, TimeSpan>();
        using var all = new CountdownEvent(1);
        var started = Stopwatch.GetTimestamp();
        for (var index = 0; index < 500; index++)
        {
            var key = index;
            var isKept = random.Next(2) == 0;
            var due = isKept ? TimeSpan.FromMicroseconds(random.Next(0, 30_000)) : Far;
            if (isKept)
            {
                expected[key] = due;
                all.AddCount();
            }

            timers.Add(_time.CreateTimer(
                _ =>
                {
                    if (ended.TryAdd(key, Stopwatch.GetElapsedTime(started)) && isKept)
                    {
                        all.Signal();
                    }
                },
                null,
                due,
                Timeout.InfiniteTimeSpan));
            if (!isKept && random.Next(2) == 0)
            {
                await timers[^1].DisposeAsync();
            }
        }

        all.Signal();
        await Task.Run(() => all.Wait(Cancellation), Cancellation);

        Assert.Equal(expected.Keys.Order(), ended.Keys.Order());
        Assert.All(expected, pair => Assert.True(ended[pair.Key] >= pair.Value, $"{pair.Value} ended after {ended[pair.Key]}"));
        timers.ForEach(static timer => timer.Dispose());
    }

    [Fact]
    public async Task Change_ToANearerTime_EndsThen()
    {
        var ended = new TaskCompletionSource();
        await using var timer = _time.CreateTimer(_ => ended.TrySetResult(), null, Far, Timeout.InfiniteTimeSpan);

        Assert.True(timer.Change(TimeSpan.FromMicroseconds(300), Timeout.InfiniteTimeSpan));
        await ended.Task.WaitAsync(Cancellation);
        await timer.DisposeAsync();

        Assert.False(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public async Task CreateTimer_WithAPeriod_EndsAgainAndAgain()
    {
        var count = 0;
        var third = new TaskCompletionSource();
        await using var timer = _time.CreateTimer(
            _ =>
            {
                if (Interlocked.Increment(ref count) == 3)
                {
                    third.SetResult();
                }
            },
            null,
            TimeSpan.Zero,
            TimeSpan.FromMilliseconds(1));

        await third.Task.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task DisposeAsync_WhileItsCallbackRuns_WaitsForIt()
    {
        var running = new TaskCompletionSource();
        using var gate = new SemaphoreSlim(0);
        var timer = _time.CreateTimer(
            _ =>
            {
                running.SetResult();
                gate.Wait(CancellationToken.None);
            },
            null,
            TimeSpan.Zero,
            Timeout.InfiniteTimeSpan);
        await running.Task.WaitAsync(Cancellation);

        var disposing = timer.DisposeAsync().AsTask();
        Assert.False(disposing.IsCompleted);
        gate.Release();

        await disposing.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task CancellationTokenSource_OfAFractionOfAMillisecond_IsCancelled()
    {
        using var source = new CancellationTokenSource(TimeSpan.FromMicroseconds(250), _time);
        var cancelled = new TaskCompletionSource();
        await using var registration = source.Token.Register(cancelled.SetResult);

        await cancelled.Task.WaitAsync(Cancellation);
    }

    [Fact]
    public void CreateTimer_TimesThatNoTimerTakes_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _time.CreateTimer(static _ => { }, null, TimeSpan.FromMilliseconds(-2), Timeout.InfiniteTimeSpan));
        Assert.Throws<ArgumentOutOfRangeException>(() => _time.CreateTimer(static _ => { }, null, TimeSpan.FromDays(60), Timeout.InfiniteTimeSpan));
    }
}

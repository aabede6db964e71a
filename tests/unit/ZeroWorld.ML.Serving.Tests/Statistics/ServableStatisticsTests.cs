using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class ServableStatisticsTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Read_NothingHappened_IsZero()
    {
        var snapshot = new ServableStatistics(new FakeTimeProvider(Now)).Read();

        Assert.Null(snapshot.LastInferenceTime);
        Assert.Equal((0, 0), (snapshot.Rows, snapshot.Runs));
        Assert.Equal(default, snapshot.Success);
        Assert.Empty(snapshot.Sizes);
    }

    [Fact]
    public async Task Record_FromManyThreads_AddsUpExactly()
    {
        const int Threads = 8;
        const int Each = 5_000;
        var statistics = new ServableStatistics(new FakeTimeProvider(Now));
        var ticksPerMicrosecond = Stopwatch.Frequency / 1_000_000;
        var times = new RunTimes(1 * ticksPerMicrosecond, 2 * ticksPerMicrosecond, 3 * ticksPerMicrosecond, 4 * ticksPerMicrosecond);

        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (var index = 0; index < Each; index++)
            {
                statistics.RecordSuccess(3, Stopwatch.GetTimestamp(), times);
                statistics.RecordRun(1 + (index % 2), times);
                if (index % 5 == 0)
                {
                    statistics.RecordFailure(Stopwatch.GetTimestamp(), (RefusalReason)(index % 4));
                }
            }
        })));
        var snapshot = statistics.Read();

        const int Total = Threads * Each;
        Assert.Equal((3 * Total, Total), (snapshot.Rows, snapshot.Runs));
        Assert.Equal((Total, Total / 5), (snapshot.Success.Count, snapshot.Failure.Count));
        Assert.Equal([Total / 20, Total / 20, Total / 20, Total / 20], snapshot.Refusals);
        Assert.Equal(
            [new DurationSum(Total, Total * 1000L), new DurationSum(Total, Total * 2000L), new DurationSum(Total, Total * 3000L), new DurationSum(Total, Total * 4000L)],
            [snapshot.Queue, snapshot.Input, snapshot.Infer, snapshot.Output]);
        Assert.Equal(
            [new RunSizeStatistics(1, Total / 2, Total * 1000L, Total * 1500L, Total * 2000L), new RunSizeStatistics(2, Total / 2, Total * 1000L, Total * 1500L, Total * 2000L)],
            snapshot.Sizes);
        Assert.InRange(snapshot.LastInferenceTime!.Value, Now.AddMinutes(-1), Now);
    }
}

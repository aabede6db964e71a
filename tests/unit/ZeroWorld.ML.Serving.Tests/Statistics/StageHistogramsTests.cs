using System.Diagnostics;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class StageHistogramsTests
{
    private static readonly long Microsecond = Stopwatch.Frequency / 1_000_000;

    [Fact]
    public async Task Record_FromManyThreads_StagesAddUpToTheRequest()
    {
        const int Threads = 8;
        const int Each = 2_000;
        var histograms = new StageHistograms(RequestKind.Predict);

        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Run(() =>
        {
            for (var index = 1; index <= Each; index++)
            {
                var times = new StageTimes(index * Microsecond, 2 * Microsecond, new RunTimes(3 * Microsecond, 4 * Microsecond, 5 * Microsecond, 6 * Microsecond));
                histograms.Record(times, 7 * Microsecond, times.Sum + (100 * Microsecond));
            }
        })));

        var read = histograms.Read();
        Assert.All(read, static histogram => Assert.Equal(Threads * Each, histogram.Count));
        Assert.Equal([.. Enum.GetValues<RequestStage>().Cast<RequestStage?>(), null], read.Select(static histogram => histogram.Stage));
        Assert.Equal(read[^1].Nanoseconds, read.SkipLast(1).Sum(static histogram => histogram.Nanoseconds));
        Assert.Equal(Threads * Each * 93_000L, read[(int)RequestStage.Other].Nanoseconds);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(50, 0)]
    [InlineData(51, 1)]
    [InlineData(1_000, 4)]
    [InlineData(1_001, 5)]
    [InlineData(10_000_000, 16)]
    [InlineData(10_000_001, 17)]
    public void Record_OneDuration_IsInTheBucketOfTheNextBound(long microseconds, int bucket)
    {
        var histograms = new StageHistograms(RequestKind.Infer);

        histograms.Record(new StageTimes(0, 0, new RunTimes(0, 0, microseconds * Microsecond, 0)), 0, 0);

        var infer = histograms.Read().Single(static histogram => histogram.Stage == RequestStage.Infer);
        Assert.Equal(1, infer.Buckets[bucket]);
        Assert.Equal(1, infer.Count);
    }

    [Fact]
    public void Read_RequestsWithTensors_HaveNoFeatures() =>
        Assert.DoesNotContain(new StageHistograms(RequestKind.Infer).Read(), static histogram => histogram.Stage == RequestStage.Features);
}

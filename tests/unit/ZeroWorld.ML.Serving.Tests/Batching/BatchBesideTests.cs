using static ZeroWorld.ML.Serving.Tests.BatchSchedulers;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>Instances that may run beside one another, for a model whose runs are long.</summary>
public sealed class BatchBesideTests
{
    private const long Millisecond = 1_000_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Execute_RowsThatCostTheSameInAnyRun_AreSharedByIdleInstances()
    {
        FakeInstance[] instances = [Burning(static rows => rows * Millisecond / 5), Burning(static rows => rows * Millisecond / 5)];
        await using var scheduler = Create(instances);
        await TrainAsync(scheduler);
        var before = instances.Select(static instance => instance.BatchRows.Count).ToArray();

        await ExecuteAsync(scheduler, [32, 32, 32, 32]);

        // One that is done before the other has begun may run both.
        Assert.Equal([64, 64], instances.SelectMany((instance, index) => instance.BatchRows.Skip(before[index])));
    }

    [Fact]
    public async Task Execute_RunsThatCostTheSameForAnyRows_StayWhole()
    {
        FakeInstance[] instances = [Burning(static _ => 6 * Millisecond), Burning(static _ => 6 * Millisecond)];
        await using var scheduler = Create(instances);
        await TrainAsync(scheduler);
        var before = instances.Select(static instance => instance.BatchRows.Count).ToArray();

        await ExecuteAsync(scheduler, [32, 32, 32, 32]);

        Assert.Equal([128], instances.SelectMany((instance, index) => instance.BatchRows.Skip(before[index])));
    }

    [Fact]
    public async Task RunAsync_LongRunsOfOneModel_RunBesideOnlyWhereALargerBatchWouldGainNothing()
    {
        // With nothing to gain from 4 rows on.
        FakeInstance[] instances = [.. Enumerable.Range(0, 2).Select(static _ => Burning(static rows => Math.Max(rows, 4) * Millisecond))];
        await using var scheduler = Create(instances);
        foreach (var rows in (int[])[1, 2, 4, 8])
        {
            await Run(scheduler, rows).WaitAsync(Cancellation);
        }

        Array.ForEach(instances, static instance => instance.Close());
        var first = Run(scheduler, 1);
        await Task.WhenAny(instances[0].Running, instances[1].Running).WaitAsync(Cancellation);
        var second = Run(scheduler, 2);
        Assert.Equal(1, scheduler.QueuedTasks);
        var third = Run(scheduler, 6);
        await Task.WhenAll(instances[0].Running, instances[1].Running).WaitAsync(Cancellation);
        Assert.Equal(0, scheduler.QueuedTasks);
        Array.ForEach(instances, static instance => instance.Open());

        await Task.WhenAll(first, second, third).WaitAsync(Cancellation);
    }

    private static BatchScheduler Create(FakeInstance[] instances) => BatchSchedulers.Create(
        instances, new BatchSchedulerOptions { BatchRowsMax = 256, QueueRowsMax = 512, RunsInlineWhenIdle = false, RunsBesideForFullBatches = true }, TimeProvider.System);

    /// <summary>Lets it see what runs of two sizes cost.</summary>
    private static async Task TrainAsync(BatchScheduler scheduler)
    {
        for (var round = 0; round < 4; round++)
        {
            await Run(scheduler, 64).WaitAsync(Cancellation);
            await Run(scheduler, 16).WaitAsync(Cancellation);
        }
    }

    private static async Task ExecuteAsync(BatchScheduler scheduler, int[] requests)
    {
        var running = requests.Select(rows => scheduler.RunTogetherAsync(Rows(rows), rows, default, Cancellation).AsTask()).ToArray();
        scheduler.Execute();
        await Task.WhenAll(running).WaitAsync(Cancellation);
    }

    /// <summary>Takes time of the processor, in nanoseconds, whatever else the machine does.</summary>
    private static FakeInstance Burning(Func<int, long> cost) => new(FakeInstance.ScoreSignature(1), inputs =>
    {
        var end = ScheduledThread.GetProcessorTime() + cost(inputs[0].Rows);
        while (ScheduledThread.GetProcessorTime() < end)
        {
        }

        return FakeInstance.ScoreRows(inputs);
    });
}

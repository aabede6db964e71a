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
        FakeInstance[] instances = [Burning(0, Millisecond / 5), Burning(0, Millisecond / 5)];
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
        FakeInstance[] instances = [Burning(6 * Millisecond, 0), Burning(6 * Millisecond, 0)];
        await using var scheduler = Create(instances);
        await TrainAsync(scheduler);
        var before = instances.Select(static instance => instance.BatchRows.Count).ToArray();

        await ExecuteAsync(scheduler, [32, 32, 32, 32]);

        Assert.Equal([128], instances.SelectMany((instance, index) => instance.BatchRows.Skip(before[index])));
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
    private static FakeInstance Burning(long fixedCost, long costPerRow) => new(FakeInstance.ScoreSignature(1), inputs =>
    {
        var end = ComputeThread.GetProcessorTime() + fixedCost + (costPerRow * inputs[0].Rows);
        while (ComputeThread.GetProcessorTime() < end)
        {
        }

        return FakeInstance.ScoreRows(inputs);
    });
}

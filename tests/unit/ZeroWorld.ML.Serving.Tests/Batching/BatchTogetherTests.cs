using Microsoft.Extensions.Time.Testing;
using static ZeroWorld.ML.Serving.Tests.BatchSchedulers;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>Requests that come together on one thread.</summary>
public sealed class BatchTogetherTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Execute_SeveralRequestsWait_RunsThemAsOneOnThisThread()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, inline: true);
        Task<BatchOutputs>[] requests = [Together(scheduler, 1), Together(scheduler, 3), Together(scheduler, 2)];
        Assert.Empty(instance.BatchRows);

        var thread = Environment.CurrentManagedThreadId;
        scheduler.Execute();

        Assert.Equal([6], instance.BatchRows);
        Assert.Equal(thread, instance.LastThread);
        var outputs = await Task.WhenAll(requests).WaitAsync(Cancellation);
        Assert.Equal([0, 1, 4], outputs.Select(static output => output.Start));
        Assert.Equal([1, 3, 2], outputs.Select(static output => output.Tensors[0].Rows));
    }

    [Fact]
    public async Task Execute_InstanceIsBusy_LeavesTheRowsToIt()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, inline: false);
        instance.Close();
        var running = Run(scheduler, 1);
        await instance.Running.WaitAsync(Cancellation);
        Task<BatchOutputs>[] requests = [Together(scheduler, 2), Together(scheduler, 2)];

        scheduler.Execute();
        instance.Open();
        await Task.WhenAll([running, .. requests]).WaitAsync(Cancellation);

        Assert.Equal([1, 4], instance.BatchRows);
    }

    [Fact]
    public async Task Execute_MayNotRunOnTheCallersThread_RunsElsewhere()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, inline: false);
        instance.Close();
        Task<BatchOutputs>[] requests = [Together(scheduler, 2), Together(scheduler, 2)];

        // It would stand at the gate here.
        scheduler.Execute();
        instance.Open();
        await Task.WhenAll(requests).WaitAsync(Cancellation);

        Assert.Equal([4], instance.BatchRows);
    }

    [Fact]
    public async Task Execute_MoreRowsThanABatchHolds_RunsTheRestToo()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, batchRowsMax: 4, inline: true);
        Task<BatchOutputs>[] requests = [Together(scheduler, 3), Together(scheduler, 3), Together(scheduler, 1)];

        scheduler.Execute();
        await Task.WhenAll(requests).WaitAsync(Cancellation);

        Assert.Equal([3, 4], instance.BatchRows);
    }

    [Fact]
    public async Task Execute_ModelHasAQueueDelay_WaitsItOut()
    {
        var time = new FakeTimeProvider();
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create([instance], new BatchSchedulerOptions { QueueDelay = TimeSpan.FromMilliseconds(10) }, time);
        Task<BatchOutputs>[] requests = [Together(scheduler, 1), Together(scheduler, 1)];

        scheduler.Execute();
        time.Advance(TimeSpan.FromMilliseconds(5));
        Assert.Empty(instance.BatchRows);
        time.Advance(TimeSpan.FromMilliseconds(6));
        await Task.WhenAll(requests).WaitAsync(Cancellation);

        Assert.Equal([2], instance.BatchRows);
    }

    [Fact]
    public async Task Execute_RowsRanWithAnotherRequest_DoesNothing()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, inline: true);
        var first = Together(scheduler, 1);
        await Run(scheduler, 2).WaitAsync(Cancellation);
        await first.WaitAsync(Cancellation);

        scheduler.Execute();

        Assert.Equal([3], instance.BatchRows);
    }

    [Fact]
    public async Task RunTogetherAsync_CallerGoneBeforeTheRun_IsNeverRun()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, inline: true);
        using var caller = new CancellationTokenSource();
        var gone = scheduler.RunTogetherAsync(Rows(5), 5, default, caller.Token).AsTask();
        var stays = Together(scheduler, 1);

        await caller.CancelAsync();
        scheduler.Execute();

        await stays.WaitAsync(Cancellation);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone.WaitAsync(Cancellation));
        Assert.Equal([1], instance.BatchRows);
    }

    [Fact]
    public async Task Execute_AfterTheLastRequestOfAStoppedScheduler_DoesNothing()
    {
        var instance = FakeInstance.Score(1);
        var scheduler = Create(instance, inline: true);
        var request = Together(scheduler, 1);
        await scheduler.DisposeAsync().AsTask().WaitAsync(Cancellation);
        await request.WaitAsync(Cancellation);

        scheduler.Execute();

        Assert.True(instance.IsDisposed);
        Assert.Equal([1], instance.BatchRows);
    }

    private static Task<BatchOutputs> Together(BatchScheduler scheduler, int rows) => scheduler.RunTogetherAsync(Rows(rows), rows, default, Cancellation).AsTask();
}

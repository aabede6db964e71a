using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Models;
using static ZeroWorld.ML.Serving.Tests.BatchSchedulers;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>When a batch is closed, who is in it, and what becomes of requests whose time is over.</summary>
public sealed class BatchClosingTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_WithADelay_ClosesTheBatchWhenTheOldestHasWaitedThatLong()
    {
        var time = new FakeTimeProvider();
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create([instance], new BatchSchedulerOptions { QueueDelay = TimeSpan.FromMilliseconds(10) }, time);

        var first = Run(scheduler, 1);
        time.Advance(TimeSpan.FromMilliseconds(6));
        var second = Run(scheduler, 2);
        time.Advance(TimeSpan.FromMilliseconds(2));
        Assert.Empty(instance.BatchRows);
        time.Advance(TimeSpan.FromMilliseconds(3));
        await Task.WhenAll(first, second).WaitAsync(Cancellation);

        Assert.Equal([3], instance.BatchRows);
    }

    [Fact]
    public async Task RunAsync_BatchIsFullBeforeTheDelay_RunsAtOnce()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create([instance], new BatchSchedulerOptions { BatchRowsMax = 4, QueueDelay = TimeSpan.FromSeconds(10) }, new FakeTimeProvider());

        await Task.WhenAll(Run(scheduler, 3), Run(scheduler, 1)).WaitAsync(Cancellation);

        Assert.Equal([4], instance.BatchRows);
    }

    [Fact]
    public async Task RunAsync_DeadlineBeforeTheEndOfTheDelay_ClosesTheBatchInTimeForItsRun()
    {
        var time = new FakeTimeProvider();
        var instance = new FakeInstance(FakeInstance.ScoreSignature(1), inputs =>
        {
            time.Advance(TimeSpan.FromMilliseconds(20));
            return FakeInstance.ScoreRows(inputs);
        });
        await using var scheduler = Create([instance], new BatchSchedulerOptions { BatchRowsMax = 2, QueueDelay = TimeSpan.FromMilliseconds(500) }, time);
        await Task.WhenAll(Run(scheduler, 1), Run(scheduler, 1)).WaitAsync(Cancellation);

        var hurried = scheduler.RunAsync(Rows(1), 1, RequestUrgency.Of(0, null, TimeSpan.FromMilliseconds(100), time), Cancellation).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(60));
        Assert.Equal([2], instance.BatchRows);
        time.Advance(TimeSpan.FromMilliseconds(21));
        await hurried.WaitAsync(Cancellation);

        Assert.Equal([2, 1], instance.BatchRows);
    }

    [Fact]
    public async Task RunAsync_PreferredSizes_DoNotWait()
    {
        var time = new FakeTimeProvider();
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(
            [instance], new BatchSchedulerOptions { PreferredRows = [2, 4], QueueDelay = TimeSpan.FromMilliseconds(50), RunsInlineWhenIdle = false }, time);
        instance.Close();
        var first = Run(scheduler, 2);
        await instance.Running.WaitAsync(Cancellation);
        Task<BatchOutputs>[] second = [.. Enumerable.Range(0, 5).Select(_ => Run(scheduler, 1))];

        instance.Open();
        await Task.WhenAll([first, .. second[..4]]).WaitAsync(Cancellation);
        Assert.Equal([2, 4], instance.BatchRows);
        time.Advance(TimeSpan.FromMilliseconds(51));
        await second[4].WaitAsync(Cancellation);

        Assert.Equal([2, 4, 1], instance.BatchRows);
    }

    /// <summary>Rows of requests that came first are counted together: three and one are four, three and two are none of the sizes.</summary>
    [Theory]
    [InlineData(new[] { 3, 1 }, new[] { 4 }, true)]
    [InlineData(new[] { 1, 1 }, new[] { 2 }, true)]
    [InlineData(new[] { 1, 2, 1 }, new[] { 4 }, true)]
    [InlineData(new[] { 1, 2 }, new[] { 3 }, false)]
    [InlineData(new[] { 3, 2 }, new[] { 5 }, false)]
    public async Task RunAsync_RowsBesideAPreferredSize_WaitForTheEndOfTheDelay(int[] requests, int[] runs, bool isAtOnce)
    {
        var time = new FakeTimeProvider();
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(
            [instance], new BatchSchedulerOptions { PreferredRows = [2, 4, 7], QueueDelay = TimeSpan.FromMilliseconds(50), RunsInlineWhenIdle = false }, time);

        Task<BatchOutputs>[] running = [.. requests.Select(rows => Run(scheduler, rows))];
        if (!isAtOnce)
        {
            Assert.All(running, static task => Assert.False(task.IsCompleted));
            time.Advance(TimeSpan.FromMilliseconds(51));
        }

        await Task.WhenAll(running).WaitAsync(Cancellation);
        Assert.Equal(runs, instance.BatchRows);
    }

    /// <summary>A batch that the next request cannot join gains nothing by waiting; the next one waits as ever, also once its first request has gone.</summary>
    [Fact]
    public async Task RunAsync_RequestOfAnotherShape_ClosesTheBatchBeforeIt()
    {
        var time = new FakeTimeProvider();
        var signature = new ModelSignature([new TensorSpec("x", TensorDtype.Float32, [-1, -1])], [new TensorSpec("y", TensorDtype.Float32, [-1, 1])]);
        var instance = new FakeInstance(signature, static inputs => [TensorBuffer.OfFloat32([inputs[0].Rows, 1], new float[inputs[0].Rows])]);
        await using var scheduler = Create([instance], new BatchSchedulerOptions { QueueDelay = TimeSpan.FromMilliseconds(50), RunsInlineWhenIdle = false }, time);
        using var leaving = new CancellationTokenSource();

        Task<BatchOutputs>[] first = [Run(2, Cancellation), Run(2, Cancellation)];
        Assert.All(first, static task => Assert.False(task.IsCompleted));
        var left = Run(3, leaving.Token);
        await Task.WhenAll(first).WaitAsync(Cancellation);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Task<BatchOutputs>[] last = [Run(4, Cancellation), Run(4, Cancellation)];
        Assert.Equal([2], instance.BatchRows);
        time.Advance(TimeSpan.FromMilliseconds(51));
        await Task.WhenAll(last).WaitAsync(Cancellation);

        Assert.Equal([2, 2], instance.BatchRows);

        Task<BatchOutputs> Run(int width, CancellationToken cancellationToken) => scheduler.RunAsync([TensorBuffer.OfFloat32([1, width], new float[width])], 1, default, cancellationToken).AsTask();
    }

    /// <summary>Without a delay, too, the largest preferred size that waiting requests just fill is taken, and what is left runs next.</summary>
    [Fact]
    public async Task RunAsync_PreferredSizesWithoutDelay_AreTakenOfWhatWaits()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create([instance], new BatchSchedulerOptions { PreferredRows = [4, 6], HoldsUntilRequests = 7 }, TimeProvider.System);

        await Task.WhenAll(Enumerable.Range(0, 7).Select(_ => Run(scheduler, 1))).WaitAsync(Cancellation);

        Assert.Equal([6, 1], instance.BatchRows);
    }

    [Fact]
    public async Task RunAsync_HeldUntilSomeWait_RunsThemTogetherAndThenAsEver()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create([instance], new BatchSchedulerOptions { HoldsUntilRequests = 3 }, TimeProvider.System);

        Task<BatchOutputs>[] first = [Run(scheduler, 1), Run(scheduler, 2)];
        Assert.All(first, static task => Assert.False(task.IsCompleted));
        await Task.WhenAll([.. first, Run(scheduler, 1)]).WaitAsync(Cancellation);
        await Run(scheduler, 1).WaitAsync(Cancellation);

        Assert.Equal([4, 1], instance.BatchRows);
    }

    [Fact]
    public async Task RunAsync_TimeIsOverWhileItWaits_IsRefusedWithoutOtherTrafficAndNeverRun()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance);
        instance.Close();
        var running = Run(scheduler, 1);
        await instance.Running.WaitAsync(Cancellation);

        var late = scheduler.RunAsync(Rows(3), 3, RequestUrgency.Of(0, null, TimeSpan.FromMilliseconds(5), TimeProvider.System), Cancellation).AsTask();
        var refusal = await Assert.ThrowsAsync<ServingException>(() => late.WaitAsync(Cancellation));
        instance.Open();
        await running.WaitAsync(Cancellation);
        await Run(scheduler, 1).WaitAsync(Cancellation);

        Assert.Equal(ServingError.DeadlineExceeded, refusal.Error);
        Assert.Equal([1, 1], instance.BatchRows);
    }

    [Fact]
    public async Task RunAsync_Priorities_ComeFirstButNotForEver()
    {
        var time = new FakeTimeProvider();
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create([instance], new BatchSchedulerOptions { BatchRowsMax = 9, QueueRowsMax = 100, PriorityStep = TimeSpan.FromMilliseconds(10), RunsInlineWhenIdle = false }, time);
        instance.Close();
        var running = Run(scheduler, 1);
        await instance.Running.WaitAsync(Cancellation);

        var old = scheduler.RunAsync(Rows(5), 5, new RequestUrgency(10, 0), Cancellation).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(50));
        var urgent = scheduler.RunAsync(Rows(6), 6, new RequestUrgency(1, 0), Cancellation).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(100));
        var late = scheduler.RunAsync(Rows(7), 7, new RequestUrgency(1, 0), Cancellation).AsTask();
        instance.Open();
        await Task.WhenAll(running, old, urgent, late).WaitAsync(Cancellation);

        Assert.Equal([1, 6, 5, 7], instance.BatchRows);
    }

    [Fact]
    public async Task RunAsync_SeveralInstances_RunAtTheSameTime()
    {
        FakeInstance[] instances = [FakeInstance.Score(1), FakeInstance.Score(1)];
        await using var scheduler = Create(instances, new BatchSchedulerOptions { BatchRowsMax = 1, RunsInlineWhenIdle = false }, TimeProvider.System);
        instances[0].Close();
        instances[1].Close();

        Task<BatchOutputs>[] runs = [Run(scheduler, 1), Run(scheduler, 1)];
        await Task.WhenAll(instances[0].Running, instances[1].Running).WaitAsync(Cancellation);
        instances[0].Open();
        instances[1].Open();
        await Task.WhenAll(runs).WaitAsync(Cancellation);

        Assert.Equal([1], instances[0].BatchRows);
        Assert.Equal([1], instances[1].BatchRows);
    }

    [Fact]
    public async Task RunAsync_OrderIsPreserved_AnswersLeaveAsTheirRequestsCame()
    {
        FakeInstance[] instances = [FakeInstance.Score(1), FakeInstance.Score(1)];
        var options = new BatchSchedulerOptions { BatchRowsMax = 3, Queue = new ZeroWorld.ML.Models.QueueSettings { PreservesOrder = true } };
        await using var scheduler = Create(instances, options, TimeProvider.System);
        Array.ForEach(instances, static instance => instance.Close());
        var answered = new List<int>();
        var random = new Random(2);

        var runs = Enumerable.Range(0, 200).Select(index => scheduler.RunAsync(Rows(1), 1, new RequestUrgency(random.Next(1, 11), 0), Cancellation).AsTask().ContinueWith(
            run =>
            {
                Assert.True(run.IsCompletedSuccessfully);
                lock (answered)
                {
                    answered.Add(index);
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default)).ToArray();
        Array.ForEach(instances, static instance => instance.Open());
        await Task.WhenAll(runs).WaitAsync(Cancellation);

        Assert.Equal(Enumerable.Range(0, 200), answered);
    }

    [Fact]
    public async Task RunAsync_StormOfCancelledCallers_LeavesNothingBehind()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, batchRowsMax: 16, queueRowsMax: 32);
        instance.Close();
        var running = Run(scheduler, 1);
        await instance.Running.WaitAsync(Cancellation);

        for (var caller = 0; caller < 5_000; caller++)
        {
            using var cancellation = new CancellationTokenSource();
            var abandoned = scheduler.RunAsync(Rows(8), 8, default, cancellation.Token).AsTask();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned.WaitAsync(Cancellation));
        }

        var waiting = Run(scheduler, 16);
        Assert.Equal(1, scheduler.QueuedTasks);
        instance.Open();
        await Task.WhenAll(running, waiting).WaitAsync(Cancellation);

        Assert.Equal([1, 16], instance.BatchRows);
    }
}

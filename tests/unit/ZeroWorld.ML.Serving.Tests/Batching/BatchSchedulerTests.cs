using System.Text;
using CsCheck;
using ZeroWorld.ML.Models;
using static ZeroWorld.ML.Serving.Tests.BatchSchedulers;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class BatchSchedulerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_WhileABatchRuns_CollectsTheNextBatchByRows()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, batchRowsMax: 4, queueRowsMax: 100);
        instance.Close();

        var first = Run(scheduler, 1);
        await instance.Running.WaitAsync(Cancellation);
        Task<BatchOutputs>[] queued = [Run(scheduler, 2), Run(scheduler, 2), Run(scheduler, 3), Run(scheduler, 4)];
        instance.Open();
        await Task.WhenAll([first, .. queued]).WaitAsync(Cancellation);

        Assert.Equal([1, 4, 3, 4], instance.BatchRows);
        Assert.False(instance.WasEnteredTwice);
    }

    [Fact]
    public async Task RunAsync_QueueWithoutRoom_RefusesAtOnceAndTakesAgainLater()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, batchRowsMax: 2, queueRowsMax: 3);
        instance.Close();
        var first = Run(scheduler, 1);
        await instance.Running.WaitAsync(Cancellation);
        var second = Run(scheduler, 2);

        var refused = Assert.Throws<ServingException>(() => { _ = scheduler.RunAsync(Rows(2), 2, default, Cancellation).AsTask(); });
        instance.Open();
        await Task.WhenAll(first, second).WaitAsync(Cancellation);
        await Run(scheduler, 2).WaitAsync(Cancellation);

        Assert.Equal(ServingError.Overloaded, refused.Error);
    }

    [Fact]
    public async Task RunAsync_RequestsWithoutRows_TakeRoomInTheQueueToo()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, batchRowsMax: 1, queueRowsMax: 2);
        instance.Close();
        var first = Run(scheduler, 1);
        await instance.Running.WaitAsync(Cancellation);
        Task<BatchOutputs>[] queued = [Run(scheduler, 0), Run(scheduler, 0)];

        Assert.Throws<ServingException>(() => { _ = scheduler.RunAsync(Rows(0), 0, default, Cancellation).AsTask(); });
        instance.Open();
        await Task.WhenAll([first, .. queued]).WaitAsync(Cancellation);
    }

    [Fact]
    public async Task RunAsync_CallerGoneWhileWaiting_IsNeverRun()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, batchRowsMax: 10, queueRowsMax: 100);
        instance.Close();
        var first = Run(scheduler, 1);
        await instance.Running.WaitAsync(Cancellation);
        using var caller = new CancellationTokenSource();
        var abandoned = scheduler.RunAsync(Rows(5), 5, default, caller.Token).AsTask();
        var other = Run(scheduler, 2);

        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned.WaitAsync(Cancellation));
        instance.Open();
        await Task.WhenAll(first, other).WaitAsync(Cancellation);

        Assert.Equal([1, 2], instance.BatchRows);
    }

    [Fact]
    public async Task RunAsync_CallerGoneWhileRunning_EndsWithTheRun()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, batchRowsMax: 10, queueRowsMax: 100);
        using var caller = new CancellationTokenSource();
        instance.Close();
        var running = scheduler.RunAsync(Rows(1), 1, default, caller.Token).AsTask();
        await instance.Running.WaitAsync(Cancellation);

        await caller.CancelAsync();
        var ended = running.IsCompleted;
        instance.Open();
        var outputs = await running.WaitAsync(Cancellation);

        Assert.False(ended);
        Assert.Equal(1, outputs.Tensors[0].Rows);
    }

    [Fact]
    public async Task RunAsync_ExpiredCaller_IsRefusedBeforeAnything()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance);
        using var caller = new CancellationTokenSource();
        await caller.CancelAsync();

        Assert.ThrowsAny<OperationCanceledException>(() => { _ = scheduler.RunAsync(Rows(1), 1, default, caller.Token).AsTask(); });
        Assert.Empty(instance.BatchRows);
    }

    [Fact]
    public async Task RunAsync_PoisonedRequestInABatch_FailsAlone()
    {
        var instance = new FakeInstance(FakeInstance.ScoreSignature(1), inputs => inputs[0].AsSpan<float>().Contains(13f)
            ? throw new ServingException(ServingError.BackendFailed, "13 is bad luck")
            : FakeInstance.ScoreRows(inputs));
        await using var scheduler = Create(instance, batchRowsMax: 10, queueRowsMax: 100);
        instance.Close();
        var first = Run(scheduler, 1);
        await instance.Running.WaitAsync(Cancellation);
        var good = scheduler.RunAsync([TensorBuffer.OfFloat32([2, 1], [1, 2])], 2, default, Cancellation).AsTask();
        var bad = scheduler.RunAsync([TensorBuffer.OfFloat32([1, 1], [13])], 1, default, Cancellation).AsTask();
        var alsoGood = scheduler.RunAsync([TensorBuffer.OfFloat32([1, 1], [3])], 1, default, Cancellation).AsTask();

        instance.Open();
        await first.WaitAsync(Cancellation);
        var exception = await Assert.ThrowsAsync<ServingException>(() => bad.WaitAsync(Cancellation));

        Assert.Equal("13 is bad luck", exception.Message);
        Assert.Equal([FakeInstance.ScoreRow([1f]), FakeInstance.ScoreRow([2f])], (await good).Tensors[0].AsSpan<float>().ToArray());
        Assert.Equal([FakeInstance.ScoreRow([3f])], (await alsoGood).Tensors[0].AsSpan<float>().ToArray());
        Assert.Equal([1, 4, 2, 1, 1], instance.BatchRows);
    }

    [Fact]
    public async Task RunAsync_FaultInTheInstance_BecomesAnErrorOfThatRunAndTheLoopGoesOn()
    {
        var instance = new FakeInstance(FakeInstance.ScoreSignature(1), inputs => inputs[0].AsSpan<float>()[0] < 0
            ? throw new InvalidOperationException("a bug")
            : FakeInstance.ScoreRows(inputs));
        await using var scheduler = Create(instance);

        var exception = await Assert.ThrowsAsync<ServingException>(() => scheduler.RunAsync([TensorBuffer.OfFloat32([1, 1], [-1])], 1, default, Cancellation).AsTask());
        var outputs = await scheduler.RunAsync([TensorBuffer.OfFloat32([1, 1], [1])], 1, default, Cancellation);

        Assert.Equal(ServingError.BackendFailed, exception.Error);
        Assert.DoesNotContain("a bug", exception.Message, StringComparison.Ordinal);
        Assert.Single(outputs.Tensors);
    }

    [Fact]
    public async Task RunAsync_OtherTrailingShape_IsNotMerged()
    {
        var signature = new ModelSignature([new("x", TensorDtype.Float32, [-1, -1])], [new("y", TensorDtype.Float32, [-1, 1])]);
        var instance = new FakeInstance(signature, FakeInstance.ScoreRows);
        await using var scheduler = Create(instance, batchRowsMax: 10, queueRowsMax: 100);
        instance.Close();
        var first = scheduler.RunAsync([TensorBuffer.OfFloat32([1, 2], [0, 0])], 1, default, Cancellation).AsTask();
        await instance.Running.WaitAsync(Cancellation);
        var two = scheduler.RunAsync([TensorBuffer.OfFloat32([1, 2], [1, 2])], 1, default, Cancellation).AsTask();
        var three = scheduler.RunAsync([TensorBuffer.OfFloat32([1, 3], [1, 2, 3])], 1, default, Cancellation).AsTask();

        instance.Open();
        await Task.WhenAll(first, two, three).WaitAsync(Cancellation);

        Assert.Equal([1, 1, 1], instance.BatchRows);
        Assert.Equal(FakeInstance.ScoreRow([1f, 2f, 3f]), (await three).Tensors[0].AsSpan<float>()[0]);
    }

    [Fact]
    public async Task RunAsync_OutputsThatDoNotFollowTheRows_AreNeverShared()
    {
        // The sum of all rows: whoever shared this run would see the others' values.
        var instance = new FakeInstance(FakeInstance.ScoreSignature(1), inputs =>
        {
            var sum = 0f;
            foreach (var value in inputs[0].AsSpan<float>())
            {
                sum += value;
            }

            return [TensorBuffer.OfFloat32([1, 1], [sum])];
        });
        await using var scheduler = Create(instance, batchRowsMax: 10, queueRowsMax: 100);
        instance.Close();
        var first = Run(scheduler, 1);
        await instance.Running.WaitAsync(Cancellation);
        var one = scheduler.RunAsync([TensorBuffer.OfFloat32([1, 1], [5])], 1, default, Cancellation).AsTask();
        var two = scheduler.RunAsync([TensorBuffer.OfFloat32([2, 1], [7, 8])], 2, default, Cancellation).AsTask();

        instance.Open();
        await first.WaitAsync(Cancellation);

        Assert.Equal(5f, (await one).Tensors[0].AsSpan<float>()[0]);
        Assert.Equal(15f, (await two).Tensors[0].AsSpan<float>()[0]);
    }

    [Fact]
    public async Task RunAsync_IdleCpuModel_RunsOnTheCallersThread()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, inline: true);

        var run = scheduler.RunAsync(Rows(1), 1, default, Cancellation);

        Assert.True(run.IsCompletedSuccessfully);
        Assert.Equal(Environment.CurrentManagedThreadId, instance.LastThread);
        await run;
    }

    [Fact]
    public async Task RunAsync_IdleModelAndOthersStillToBeRead_SharesARunWithThem()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, inline: true, pending: 1);
        instance.Close();

        // It would stand at the gate here.
        Task<BatchOutputs>[] requests = [Run(scheduler, 1), Run(scheduler, 2), Run(scheduler, 3)];
        instance.Open();
        await Task.WhenAll(requests).WaitAsync(Cancellation);

        Assert.Equal(6, instance.BatchRows.Sum());
        Assert.InRange(instance.BatchRows.Count, 1, 2);
    }

    [Fact]
    public async Task RunAsync_DeadlineAndRunsOfUnknownLength_LeavesItsCallerFree()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create(instance, inline: true);
        instance.Close();

        // It would stand at the gate here.
        var run = scheduler.RunAsync(Rows(1), 1, new RequestUrgency(0, long.MaxValue), Cancellation);
        instance.Open();

        Assert.Equal(1, (await run.AsTask().WaitAsync(Cancellation)).Tensors[0].Rows);
    }

    [Fact]
    public async Task RunAsync_BusyModel_NeverEntersItTwice()
    {
        var instance = FakeInstance.Score(2);
        await using var scheduler = Create(instance, batchRowsMax: 8, queueRowsMax: 10_000, inline: true);

        var runs = Enumerable.Range(0, 500).Select(index => Task.Run(async () =>
        {
            var outputs = await scheduler.RunAsync([TensorBuffer.OfFloat32([1, 2], [index, -index])], 1, default, Cancellation);
            Assert.Equal(FakeInstance.ScoreRow([index, -index]), outputs.Tensors[0].AsSpan<float>()[0]);
        }));
        await Task.WhenAll(runs).WaitAsync(Cancellation);

        Assert.False(instance.WasEnteredTwice);
        Assert.Equal(500, instance.BatchRows.Sum());
    }

    [Fact]
    public async Task DisposeAsync_TasksThatWait_RunFirstAndThenTheInstanceIsFreed()
    {
        var instance = FakeInstance.Score(1);
        var scheduler = Create(instance, batchRowsMax: 10, queueRowsMax: 100);
        instance.Close();
        var first = Run(scheduler, 1);
        await instance.Running.WaitAsync(Cancellation);
        var second = Run(scheduler, 2);

        var disposal = scheduler.DisposeAsync().AsTask();
        Assert.False(instance.IsDisposed);
        instance.Open();
        await Task.WhenAll(first, second, disposal).WaitAsync(Cancellation);

        Assert.True(instance.IsDisposed);
    }

    [Fact]
    public void RunAsync_AnyMixOfRequests_GivesEachExactlyItsRows() => Gen.Int[0, 5].List[1, 20].Sample(
        sizes =>
        {
            var signature = new ModelSignature(
                [new("features", TensorDtype.Float32, [-1, 2]), new("names", TensorDtype.Bytes, [-1])],
                [new("score", TensorDtype.Float32, [-1, 1]), new("echo", TensorDtype.Bytes, [-1]), new("wide", TensorDtype.Int64, [-1, 2, 2])]);
            var instance = new FakeInstance(signature, static inputs =>
                [FakeInstance.ScoreRows(inputs)[0], inputs[1], Wide(inputs[0])]);
            Check(instance, sizes).GetAwaiter().GetResult();
        },
        iter: 50,
        threads: 1);

    private static async Task Check(FakeInstance instance, List<int> sizes)
    {
        await using var scheduler = Create(instance, batchRowsMax: 12, queueRowsMax: 1000);
        instance.Close();
        var gate = scheduler.RunAsync([TensorBuffer.OfFloat32([1, 2], [-1, -1]), TensorBuffer.OfStrings([1], new[] { "gate"u8.ToArray() })], 1, default, Cancellation).AsTask();
        await instance.Running.WaitAsync(Cancellation);
        var runs = sizes.Select((rows, request) => scheduler.RunAsync(
            [
                TensorBuffer.OfFloat32([rows, 2], [.. Enumerable.Range(0, rows).SelectMany(row => new float[] { request, row })]),
                TensorBuffer.OfStrings([rows], Enumerable.Range(0, rows).Select(row => Encoding.UTF8.GetBytes($"{request}/{row}")).ToArray()),
            ],
            rows,
            default,
            Cancellation).AsTask()).ToList();

        instance.Open();
        await gate;
        for (var request = 0; request < sizes.Count; request++)
        {
            var outputs = (await runs[request].WaitAsync(Cancellation)).Tensors;
            Assert.Equal([sizes[request], 1], outputs[0].Shape.ToArray());
            Assert.Equal([sizes[request], 2, 2], outputs[2].Shape.ToArray());
            for (var row = 0; row < sizes[request]; row++)
            {
                Assert.Equal(FakeInstance.ScoreRow([request, row]), outputs[0].AsSpan<float>()[row]);
                Assert.Equal($"{request}/{row}", Encoding.UTF8.GetString(outputs[1].Strings.Span[row]));
                Assert.Equal([request, row, request, row], outputs[2].AsSpan<long>().Slice(row * 4, 4).ToArray());
            }
        }

        Assert.All(instance.BatchRows, rows => Assert.InRange(rows, 0, 12));
    }

    private static TensorBuffer Wide(TensorBuffer features)
    {
        var values = features.AsSpan<float>();
        var wide = new long[features.Rows * 4];
        for (var index = 0; index < wide.Length; index++)
        {
            wide[index] = (long)values[(index / 4 * 2) + (index % 2)];
        }

        return TensorBuffer.Of(TensorDtype.Int64, [features.Rows, 2, 2], System.Runtime.InteropServices.MemoryMarshal.AsBytes<long>(wide).ToArray());
    }
}

using Microsoft.Extensions.Logging.Abstractions;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>Schedulers over fakes, and rows to give them.</summary>
internal static class BatchSchedulers
{
    /// <param name="pending">What waits for a thread of the pool, as the scheduler sees it.</param>
    public static BatchScheduler Create(FakeInstance instance, int batchRowsMax = 16, int queueRowsMax = 64, bool inline = false, int pending = 0) => Create(
        [instance],
        new BatchSchedulerOptions { BatchRowsMax = batchRowsMax, QueueRowsMax = queueRowsMax, RunsInlineWhenIdle = inline, CountPending = () => pending },
        TimeProvider.System);

    public static BatchScheduler Create(FakeInstance[] instances, BatchSchedulerOptions options, TimeProvider time) => new(
        instances, options, new ServingMetrics(), new ModelTags(TestPackages.Model, 1), new ServableStatistics(time), time, NullLogger.Instance);

    public static TensorBuffer[] Rows(int rows) => [TensorBuffer.OfFloat32([rows, 1], new float[rows])];

    public static Task<BatchOutputs> Run(BatchScheduler scheduler, int rows) => scheduler.RunAsync(Rows(rows), rows, default, TestContext.Current.CancellationToken).AsTask();
}

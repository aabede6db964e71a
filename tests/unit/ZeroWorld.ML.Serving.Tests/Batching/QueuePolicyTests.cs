using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Models;
using static ZeroWorld.ML.Serving.Tests.BatchSchedulers;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>Levels of priority and limits of the queue, as config.pbtxt and model.yaml declare them.</summary>
public sealed class QueuePolicyTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Read_PbWithPolicies_IsTaken()
    {
        var queue = PbConfigReader.Read("""
            max_batch_size: 8
            dynamic_batching {
              priority_levels: 3
              default_priority_level: 2
              default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 5000 allow_timeout_override: true max_queue_size: 10 }
              priority_queue_policy { key: 1 value { max_queue_size: 2 } }
              priority_queue_policy [ { key: 3 value: { timeout_action: REJECT default_timeout_microseconds: 100 } } ]
            }
            """).Settings.Queue;

        AssertQueue(queue);
    }

    [Fact]
    public void Read_YamlWithPolicies_IsTheSame()
    {
        var queue = YamlConfigReader.Read("""
            batch_rows_max: 8
            batching:
              priority_levels: 3
              default_priority: 2
              queue: { timeout: 5ms, on_timeout: delay, requests_max: 10 }
              level_queues:
                - { level: 1, requests_max: 2 }
                - { level: 3, timeout: 100us, on_timeout: reject }
            """).Settings.Queue;

        AssertQueue(queue);
    }

    [Theory]
    [InlineData("priority_levels: 2", "the default level of priority is 0; expected 1 to priority_levels (2)")]
    [InlineData("priority_levels: 2 default_priority_level: 3", "the default level of priority is 3")]
    [InlineData("default_priority_level: 1", "there are no levels of priority")]
    [InlineData("priority_levels: 2 default_priority_level: 1 priority_queue_policy { key: 3 value { } }", "a queue policy for the level 3")]
    [InlineData("priority_levels: 2 default_priority_level: 1 priority_queue_policy { value { } }", "has no level")]
    [InlineData("priority_levels: 99999", "expected a whole number from 0 to 1000")]
    [InlineData("default_queue_policy { timeout_action: LATER }", "expected REJECT or DELAY")]
    [InlineData("default_queue_policy { max_size: 3 }", "there is no field 'max_size' in a queue policy")]
    public void Read_PbThatIsWrong_IsAnErrorWithItsPlace(string fields, string expected)
    {
        var exception = Assert.Throws<ModelConfigException>(() => PbConfigReader.Read($"dynamic_batching {{ {fields} }}"));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.Matches("^[0-9]+:[0-9]+: ", exception.Message);
    }

    [Fact]
    public async Task RunAsync_LevelsOfTheModel_UnknownOnesAreTheDefault()
    {
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create([instance], new BatchSchedulerOptions { BatchRowsMax = 8, RunsInlineWhenIdle = false, Queue = new QueueSettings { PriorityLevels = 3, PriorityDefault = 2 } }, new FakeTimeProvider());
        instance.Close();
        var running = Run(scheduler, 1);
        await instance.Running.WaitAsync(Cancellation);

        Task<BatchOutputs>[] queued = [Run(scheduler, 5, 3), Run(scheduler, 6, 99), Run(scheduler, 7, 0), Run(scheduler, 8, 1)];
        instance.Open();
        await Task.WhenAll([running, .. queued]).WaitAsync(Cancellation);

        Assert.Equal([1, 8, 6, 7, 5], instance.BatchRows);
    }

    [Fact]
    public async Task RunAsync_LevelIsFull_OnlyThatLevelIsRefused()
    {
        var instance = FakeInstance.Score(1);
        var queue = new QueueSettings { PriorityLevels = 2, PriorityDefault = 2, ByLevel = new Dictionary<int, QueuePolicy> { [2] = QueuePolicy.None with { RequestsMax = 1 } } };
        await using var scheduler = Create([instance], new BatchSchedulerOptions { RunsInlineWhenIdle = false, Queue = queue }, TimeProvider.System);
        instance.Close();
        var running = Run(scheduler, 1, 1);
        await instance.Running.WaitAsync(Cancellation);
        var waiting = Run(scheduler, 1, 2);

        var refused = Assert.Throws<ServingException>(() => { _ = Run(scheduler, 1, 2); });
        var other = Run(scheduler, 1, 1);
        instance.Open();
        await Task.WhenAll(running, waiting, other).WaitAsync(Cancellation);
        await Run(scheduler, 1, 2).WaitAsync(Cancellation);

        Assert.Equal(ServingError.Overloaded, refused.Error);
        Assert.StartsWith("Exceeds maximum queue size: 1 requests of priority 2", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_LevelsTimeoutIsOver_IsRejectedThoughItsCallerWouldWait()
    {
        var time = new FakeTimeProvider();
        var instance = FakeInstance.Score(1);
        var queue = new QueueSettings { Common = new QueuePolicy(0, TimeSpan.FromMilliseconds(5), QueueTimeoutAction.Reject) };
        await using var scheduler = Create([instance], new BatchSchedulerOptions { RunsInlineWhenIdle = false, Queue = queue }, time);
        instance.Close();
        var running = Run(scheduler, 1);
        await instance.Running.WaitAsync(Cancellation);
        var late = Run(scheduler, 2);

        time.Advance(TimeSpan.FromMilliseconds(6));
        var exception = await Assert.ThrowsAsync<ServingException>(() => late.WaitAsync(Cancellation));
        instance.Open();
        await running.WaitAsync(Cancellation);

        Assert.Equal(ServingError.DeadlineExceeded, exception.Error);
        Assert.Equal([1], instance.BatchRows);
    }

    /// <summary>Who stands behind the others does not count among those that fill a preferred size.</summary>
    [Fact]
    public async Task RunAsync_LevelsTimeoutDelays_ThoseBeforeItFillAPreferredSize()
    {
        var time = new FakeTimeProvider();
        var instance = FakeInstance.Score(1);
        var queue = new QueueSettings { Common = new QueuePolicy(0, TimeSpan.FromMilliseconds(100), QueueTimeoutAction.Delay) };
        await using var scheduler = Create([instance], Preferring(queue), time);
        var delayed = Run(scheduler, 1);

        time.Advance(TimeSpan.FromMilliseconds(200));
        await Task.WhenAll(Run(scheduler, 2), Run(scheduler, 2)).WaitAsync(Cancellation);
        var isAnswered = delayed.IsCompleted;
        time.Advance(TimeSpan.FromSeconds(10));
        await delayed.WaitAsync(Cancellation);

        Assert.False(isAnswered);
        Assert.Equal([4, 1], instance.BatchRows);
    }

    /// <summary>Nobody comes when the first has waited as long as it may: those behind it fill a preferred size from then on.</summary>
    [Fact]
    public async Task RunAsync_LevelsTimeoutPassesWhileNobodyComes_TheOthersRun()
    {
        var time = new FakeTimeProvider();
        var instance = FakeInstance.Score(1);
        var queue = new QueueSettings { Common = new QueuePolicy(0, TimeSpan.FromMilliseconds(100), QueueTimeoutAction.Delay) };
        await using var scheduler = Create([instance], Preferring(queue), time);
        var delayed = Run(scheduler, 1);
        time.Advance(TimeSpan.FromMilliseconds(50));
        Task<BatchOutputs>[] others = [Run(scheduler, 2), Run(scheduler, 2)];

        time.Advance(TimeSpan.FromMilliseconds(51));
        await Task.WhenAll(others).WaitAsync(Cancellation);
        time.Advance(TimeSpan.FromSeconds(10));
        await delayed.WaitAsync(Cancellation);

        Assert.Equal([4, 1], instance.BatchRows);
    }

    [Fact]
    public async Task RunAsync_MoreUrgentRequestComesLater_FillsAPreferredSizeWithTheFirst()
    {
        var time = new FakeTimeProvider();
        var instance = FakeInstance.Score(1);
        await using var scheduler = Create([instance], Preferring(new QueueSettings { PriorityLevels = 2, PriorityDefault = 2 }), time);
        Task<BatchOutputs>[] common = [Run(scheduler, 2), Run(scheduler, 1)];

        await Task.WhenAll(Run(scheduler, 2, 1), common[0]).WaitAsync(Cancellation);
        time.Advance(TimeSpan.FromSeconds(10));
        await common[1].WaitAsync(Cancellation);

        Assert.Equal([4, 1], instance.BatchRows);
    }

    [Fact]
    public async Task RunAsync_LevelsTimeoutDelays_GoesBehindThoseThatCameLater()
    {
        var time = new FakeTimeProvider();
        var instance = FakeInstance.Score(1);
        var queue = new QueueSettings { Common = new QueuePolicy(0, TimeSpan.FromMilliseconds(5), QueueTimeoutAction.Delay) };
        await using var scheduler = Create([instance], new BatchSchedulerOptions { BatchRowsMax = 8, RunsInlineWhenIdle = false, Queue = queue }, time);
        instance.Close();
        var running = Run(scheduler, 1);
        await instance.Running.WaitAsync(Cancellation);
        Task<BatchOutputs>[] old = [Run(scheduler, 5), Run(scheduler, 6)];
        time.Advance(TimeSpan.FromMilliseconds(6));
        Task<BatchOutputs>[] fresh = [Run(scheduler, 7), Run(scheduler, 8)];

        instance.Open();
        await Task.WhenAll([running, .. old, .. fresh]).WaitAsync(Cancellation);

        Assert.Equal([1, 7, 8, 5, 6], instance.BatchRows);
    }

    private static Task<BatchOutputs> Run(BatchScheduler scheduler, int rows, int priority = 0) =>
        scheduler.RunAsync(Rows(rows), rows, new RequestUrgency(priority, 0), Cancellation).AsTask();

    private static BatchSchedulerOptions Preferring(QueueSettings queue) =>
        new() { BatchRowsMax = 32, PreferredRows = [4, 8], QueueDelay = TimeSpan.FromSeconds(10), RunsInlineWhenIdle = false, Queue = queue };

    private static void AssertQueue(QueueSettings queue)
    {
        Assert.Equal((3, 2), (queue.PriorityLevels, queue.PriorityDefault));
        Assert.Equal(new QueuePolicy(10, TimeSpan.FromMilliseconds(5), QueueTimeoutAction.Delay), queue.Common);
        Assert.Equal(new QueuePolicy(2, TimeSpan.Zero, QueueTimeoutAction.Reject), queue.ByLevel[1]);
        Assert.Equal(new QueuePolicy(0, TimeSpan.FromMicroseconds(100), QueueTimeoutAction.Reject), queue.ByLevel[3]);
        Assert.Equal(2, queue.ByLevel.Count);
    }
}

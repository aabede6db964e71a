using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Serving;

/// <summary>Groups the rows of waiting requests into batches and runs them on the instances of one model, which it owns.</summary>
/// <remarks>
/// Without a queue delay batching is greedy: a batch is whatever queued up while the instances were busy. With one, a batch is closed when it is full or of a preferred size, when a request comes that cannot join it, when its oldest request has
/// waited that long, or when the tightest deadline in the queue leaves just the time that the run is expected to take, whichever is first; it grows until it is executed.
/// When an instance is idle and nothing is queued, a request of a model on the CPU runs on its caller's thread (<see cref="BatchSchedulerOptions.RunsInlineWhenIdle"/>),
/// unless the batch before was shared, or other requests wait to be read: one thread that reads and runs them one after another would never find any to share a run with.
/// The queue is bounded in rows and refuses at once. A batch that fails is run again request by request, so that a bad request fails alone.
/// <para>Thread safety: <see cref="RunAsync"/> may be called from any thread; an instance is held by one thread at a time.</para>
/// </remarks>
internal sealed partial class BatchScheduler : IRequestRunner
{
    private static readonly TimeSpan OwnThreadFrom = TimeSpan.FromMilliseconds(1);

    private readonly BatchSchedulerOptions _options;
    private readonly ServingMetrics _metrics;
    private readonly ModelTags _tags;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly bool _mayRunInline;
    private readonly bool _isBatchable;
    private readonly bool _measuresCost;
    private readonly RunPredictor _predictor = new();
    private readonly QueuePolicies _policies;
    private readonly PaddingPlan? _padding;
    private readonly OrderedTasks? _ordered;
    private readonly InstanceRunner[] _runners;
    private readonly ITimer _timer;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Lock _lock = new();
    private readonly BatchQueue _queue;
    private readonly Stack<InstanceRunner> _idle;
    private long _timerAt = long.MaxValue;
    private bool _wasShared;
    private bool _isStopping;
    private int _queuedRows;
    private int _queuedTasks;

    /// <param name="instances">One or more, of one signature; they are disposed with the scheduler.</param>
    /// <param name="padding">Sizes that runs are brought to; <see langword="null"/>: none.</param>
    public BatchScheduler(
        IReadOnlyList<IModelInstance> instances, BatchSchedulerOptions options, ServingMetrics metrics, in ModelTags tags,
        ServableStatistics statistics, TimeProvider time, ILogger logger, PaddingPlan? padding = null)
    {
        _policies = new QueuePolicies(options.Queue, time);
        _padding = padding;
        _options = options;
        _metrics = metrics;
        _tags = tags;
        Statistics = statistics;
        _time = time;
        _logger = logger;
        _ordered = options.Queue.PreservesOrder ? new OrderedTasks() : null;
        _mayRunInline = options.RunsInlineWhenIdle && _ordered is null && options.QueueDelay == TimeSpan.Zero && options.HoldsUntilRequests == 0;
        _held = options.HoldsUntilRequests;
        _isBatchable = instances[0].Signature.IsBatchable;
        _queue = new BatchQueue(options, instances[0].Signature, _predictor, time);
        _runners = [.. instances.Select(instance => new InstanceRunner(this, instance))];
        _measuresCost = options.RunsBesideForFullBatches && _runners.Length > 1;
        _idle = new Stack<InstanceRunner>(_runners);
        _timer = time.CreateTimer(static state => ((BatchScheduler)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        metrics.AddQueue(this, tags);
    }

    /// <summary>Rows of the largest batch, and so of the largest request.</summary>
    public int RowsMax => _options.BatchRowsMax;

    /// <summary>Rows that may wait.</summary>
    public int QueueRowsMax => _options.QueueRowsMax;

    /// <summary>What it has run.</summary>
    public ServableStatistics Statistics { get; }

    /// <summary>Moving average of one run of an instance: what a request must leave before its deadline.</summary>
    public TimeSpan AverageRun => ToSpan(_predictor.Average);

    /// <summary>Whether runs are known to be short.</summary>
    private bool IsShort => AverageRun > TimeSpan.Zero && AverageRun < OwnThreadFrom;

    /// <summary>Requests that wait.</summary>
    public int QueuedTasks => Volatile.Read(ref _queuedTasks);

    /// <param name="inputs">One per input of the signature, in its order. They must stay unchanged until the returned task has ended.</param>
    /// <param name="rows">Rows of each input; 0 or more. 1 for a model without a row axis.</param>
    /// <param name="urgency">Priority and deadline.</param>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>, <see cref="ServingError.DeadlineExceeded"/>, <see cref="ServingError.BackendFailed"/>.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up before its rows ran.</exception>
    public ValueTask<BatchOutputs> RunAsync(TensorBuffer[] inputs, int rows, in RequestUrgency urgency, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = GetTimestampBefore(urgency);
        InferenceTask task;
        InstanceRunner? mine = null;
        lock (_lock)
        {
            // A run with an end to it that is long, or may be, leaves its caller free to answer when that comes.
            if (_mayRunInline && (urgency.Due == 0 || IsShort) && !Volatile.Read(ref _wasShared) && !_isStopping && Volatile.Read(ref _queuedTasks) == 0
                && (!_options.RunsBesideForFullBatches || _idle.Count == _runners.Length) && _options.CountPending() == 0 && _idle.TryPop(out mine))
            {
                task = null!;
            }
            else
            {
                task = CreateTask(inputs, rows, urgency, now);
                Enqueue_NeedsLock(task);
                Next_NeedsLock(now);
            }
        }

        return mine is null ? task.WaitAsync(cancellationToken) : RunInline(mine, inputs, rows);
    }

    /// <summary>Stops accepting rows, waits until those already queued have run, and frees the instances.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isStopping)
            {
                return;
            }

            _isStopping = true;
            Next_NeedsLock(_time.GetTimestamp());
        }

        await _drained.Task.ConfigureAwait(false);
        _metrics.RemoveQueue(this);
        await _timer.DisposeAsync().ConfigureAwait(false);
        foreach (var runner in _runners)
        {
            runner.Dispose();
        }
    }

    /// <summary>A task waits no more: it was started, cancelled, or its time was over.</summary>
    internal void OnLeft(InferenceTask task)
    {
        Interlocked.Add(ref _queuedRows, -task.QueueRows);
        Interlocked.Decrement(ref _queuedTasks);
        _policies.Leave(task.Priority);
        _queue.OnLeft();
    }

    /// <summary>Runs the next batch on an instance that is held, and lets go of it.</summary>
    internal void RunNext(InstanceRunner runner)
    {
        var rows = 0;
        if (WaitForClosing())
        {
            lock (_lock)
            {
                var now = _time.GetTimestamp();
                var waiting = Volatile.Read(ref _queuedRows);
                var share = ShareOf_NeedsLock(waiting);
                rows = _queue.Take(runner.Batch, share, now);
                if (share < waiting)
                {
                    // The rest is for the others.
                    Next_NeedsLock(now);
                }
            }
        }

        InferenceTask[] finished = [];
        if (runner.Batch.Count > 0)
        {
            Volatile.Write(ref _wasShared, runner.Batch.Count > 1);
            using (BatchTrace.Start(runner.Batch, rows, _tags))
            {
                RunBatch(runner, rows);
            }

            finished = [.. runner.Batch];
            runner.Batch.Clear();
            _ordered?.Add(finished);
        }

        // The instance first: the next batch runs while the callers of this one answer.
        Release(runner);
        if (_ordered is null)
        {
            FinishedTasks.Tell(finished, isOnPool: !runner.IsOnOwnThread);
        }
    }

    private ValueTask<BatchOutputs> RunInline(InstanceRunner runner, TensorBuffer[] inputs, int rows)
    {
        try
        {
            using var span = BatchTrace.Start(BatchTrace.CurrentRequest, rows, _tags);
            return ValueTask.FromResult(RunWhole(runner, inputs, rows, 0));
        }
        finally
        {
            Release(runner);
        }
    }

    private long GetTimestampBefore(in RequestUrgency urgency)
    {
        var now = _time.GetTimestamp();
        return urgency.Due == 0 || urgency.Due > now
            ? now
            : throw new ServingException(ServingError.DeadlineExceeded, "Request timeout expired: its turn did not come in time.");
    }

    private void Enqueue_NeedsLock(InferenceTask task)
    {
        var rows = Interlocked.Add(ref _queuedRows, task.QueueRows);
        if (rows > _options.QueueRowsMax || _isStopping)
        {
            Interlocked.Add(ref _queuedRows, -task.QueueRows);
            throw new ServingException(
                ServingError.Overloaded,
                _isStopping
                    ? "The model is being unloaded. Try again later."
                    : $"The queue of the model is full: {_options.QueueRowsMax} rows may wait, and {rows - task.QueueRows} do. Try again later.");
        }

        try
        {
            _policies.Enter(task.Priority);
        }
        catch (ServingException)
        {
            Interlocked.Add(ref _queuedRows, -task.QueueRows);
            throw;
        }

        _queue.Add(task, Interlocked.Increment(ref _queuedTasks));
    }

    private void Release(InstanceRunner runner)
    {
        lock (_lock)
        {
            _idle.Push(runner);
            Next_NeedsLock(_time.GetTimestamp());
        }
    }

    /// <summary>Has idle instances run what is closed, and sets the timer for the rest.</summary>
    private void Next_NeedsLock(long now)
    {
        if (Volatile.Read(ref _queuedTasks) == 0)
        {
            if (_isStopping && _idle.Count == _runners.Length)
            {
                _drained.TrySetResult();
            }

            return;
        }

        if (IsHeld_NeedsLock())
        {
            return;
        }

        var closing = _isStopping ? now : _queue.GetClosing(Volatile.Read(ref _queuedRows));
        if (closing == long.MaxValue)
        {
            return;
        }

        var isClosed = ToSpan(closing - now) <= SpinMax;
        if (isClosed && MayRun_NeedsLock() && _idle.TryPop(out var runner))
        {
            runner.Start(AverageRun >= OwnThreadFrom);
        }

        SetTimer_NeedsLock(Math.Min(isClosed ? long.MaxValue : closing, _queue.EarliestDue), now);
    }

    private void RunBatch(InstanceRunner runner, int rows)
    {
        var batch = runner.Batch;
        if (batch.Count == 1)
        {
            RunAlone(runner, batch[0]);
            return;
        }

        TensorBuffer[]? outputs = null;
        var memory = new BatchMemory();
        var started = _time.GetTimestamp();
        var times = default(RunTimes);
        try
        {
            BatchBuffers.Order(batch);
            var inputs = runner.Buffers.Merge(batch, rows);
            times = times with { Input = _time.GetTimestamp() - started };
            outputs = Run(runner, inputs, rows, memory, out var infer);
            times = times with { Infer = infer };
        }
        catch (ServingException)
        {
            // One request may have spoiled the run for all: alone, each gets its own answer or its own error, below.
        }

        // A model whose outputs do not follow its rows cannot share a run either: nobody could tell whose rows are whose.
        if (outputs is null || !BatchBuffers.HasRows(outputs, rows))
        {
            foreach (var task in batch)
            {
                RunAlone(runner, task);
            }

            return;
        }

        memory.Share(batch.Count);
        Part(runner, outputs, rows, started, times, memory);
    }

    /// <summary>Gives each request its rows, all after the last was cut out: the time that takes belongs to every one of them.</summary>
    private void Part(InstanceRunner runner, TensorBuffer[] outputs, int rows, long started, RunTimes times, BatchMemory memory)
    {
        var parting = _time.GetTimestamp();
        var start = 0;
        foreach (var task in runner.Batch)
        {
            runner.Parts.Add(new BatchOutputs(BatchBuffers.Part(outputs, runner.Parts.Count, start, task.Rows), RunRows(rows), start, default, memory));
            start += task.Rows;
        }

        times = times with { Output = _time.GetTimestamp() - parting };
        Statistics.RecordRun(rows, times);
        for (var index = 0; index < runner.Parts.Count; index++)
        {
            var task = runner.Batch[index];
            task.Finish(runner.Parts[index] with { Times = times with { Queue = started - task.Enqueued } });
        }

        runner.Parts.Clear();
    }

    private void RunAlone(InstanceRunner runner, InferenceTask task)
    {
        try
        {
            task.Finish(RunWhole(runner, task.Inputs, task.Rows, _time.GetTimestamp() - task.Enqueued));
        }
        catch (ServingException exception)
        {
            task.Finish(exception);
        }
    }

    private BatchOutputs RunWhole(InstanceRunner runner, TensorBuffer[] inputs, int rows, long queueTicks)
    {
        var memory = new BatchMemory();
        memory.Share(1);
        var outputs = Run(runner, inputs, rows, memory, out var infer);
        var times = new RunTimes(queueTicks, 0, infer, 0);
        Statistics.RecordRun(rows, times);
        return new BatchOutputs(outputs, RunRows(rows), 0, times, memory);
    }

    private TensorBuffer[] Run(InstanceRunner runner, TensorBuffer[] inputs, int rows, BatchMemory memory, out long infer)
    {
        var started = _time.GetTimestamp();
        var spent = _measuresCost && AverageRun >= OwnThreadFrom ? ScheduledThread.GetProcessorTime() : 0;
        infer = 0;
        try
        {
            return _padding is null ? runner.Instance.Run(inputs, memory) : RunPadded(runner, inputs, rows);
        }
        catch (ServingException exception)
        {
            LogRunFailed(_logger, exception, rows);
            throw;
        }
#pragma warning disable CA1031 // The edge of what runs the instance: a fault goes to the callers of this run and nowhere else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogRunFailed(_logger, exception, rows);
            throw new ServingException(ServingError.BackendFailed, "The model failed on this request.", exception);
        }
        finally
        {
            infer = _time.GetTimestamp() - started;
            _metrics.RecordRun(_tags, ToSpan(infer), rows);
            _predictor.Add(rows, infer, spent == 0 ? 0 : ScheduledThread.GetProcessorTime() - spent);
        }
    }

    private TimeSpan ToSpan(long ticks) => _time.GetElapsedTime(0, ticks);

    [LoggerMessage(1001, LogLevel.Error, "The model failed on a run of {Rows} rows")]
    private static partial void LogRunFailed(ILogger logger, Exception exception, int rows);
}

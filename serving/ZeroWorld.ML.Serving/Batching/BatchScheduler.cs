using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Serving;

/// <summary>Groups the rows of waiting requests into batches and runs them on one <see cref="IModelInstance"/>, which it owns.</summary>
/// <remarks>
/// Batching is greedy: a batch is whatever queued up while the previous one ran, so there is no delay to tune. When the instance is idle a request runs at once:
/// on the caller's thread where <see cref="BatchSchedulerOptions.RunsInlineWhenIdle"/> allows it, else on the scheduler's loop.
/// The queue is bounded in rows and refuses at once. A batch that fails is run again request by request, so that a bad request fails alone.
/// <para>Thread safety: <see cref="RunAsync"/> may be called from any thread; whoever holds the gate has the instance for itself.</para>
/// </remarks>
internal sealed partial class BatchScheduler : IAsyncDisposable
{
    private readonly IModelInstance _instance;
    private readonly BatchSchedulerOptions _options;
    private readonly ServingMetrics _metrics;
    private readonly ModelTags _tags;
    private readonly ILogger _logger;
    private readonly BatchBuffers _buffers;
    private readonly bool _isBatchable;
    private readonly bool _runsInline;

    // Bounded by the rows it holds (_queuedRows), not by its tasks.
    private readonly Channel<InferenceTask> _queue = Channel.CreateUnbounded<InferenceTask>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Task _loop;
    private int _queuedRows;
    private long _averageRunTicks;

    public BatchScheduler(IModelInstance instance, BatchSchedulerOptions options, ServingMetrics metrics, in ModelTags tags, ServableStatistics statistics, ILogger logger)
    {
        _instance = instance;
        _options = options;
        _metrics = metrics;
        _tags = tags;
        Statistics = statistics;
        _logger = logger;
        _buffers = new BatchBuffers(instance.Signature.Inputs.Count);
        _isBatchable = instance.Signature.IsBatchable;
        _runsInline = options.RunsInlineWhenIdle && instance.Device == "cpu";
        _loop = Task.Run(RunLoopAsync);
    }

    /// <summary>What it has run.</summary>
    public ServableStatistics Statistics { get; }

    /// <summary>Rows of the largest batch, and so of the largest request.</summary>
    public int RowsMax => _options.BatchRowsMax;

    /// <summary>Moving average of one run of the instance: what a request must leave before its deadline.</summary>
    public TimeSpan AverageRun => new(Volatile.Read(ref _averageRunTicks));

    /// <param name="inputs">One per input of the signature, in its order. They must stay unchanged until the returned task has ended.</param>
    /// <param name="rows">Rows of each input; 0 or more. 1 for a model without a row axis.</param>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>, <see cref="ServingError.BackendFailed"/>.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up before its rows ran.</exception>
    public ValueTask<BatchOutputs> RunAsync(TensorBuffer[] inputs, int rows, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_runsInline && Volatile.Read(ref _queuedRows) == 0 && _gate.Wait(0, CancellationToken.None))
        {
            try
            {
                _metrics.RecordQueued(_tags, TimeSpan.Zero);
                var outputs = Run(inputs, rows, out var inferTicks);
                var times = new RunTimes(0, 0, inferTicks, 0);
                Statistics.RecordRun(rows, times);
                return ValueTask.FromResult(new BatchOutputs(outputs, rows, 0, times));
            }
            finally
            {
                _gate.Release();
            }
        }

        var task = new InferenceTask(inputs, rows, Stopwatch.GetTimestamp());
        if (!TryEnqueue(task))
        {
            throw new ServingException(
                ServingError.Overloaded,
                $"The queue of the model is full: {_options.QueueRowsMax} rows may wait, and {Volatile.Read(ref _queuedRows)} do. Try again later.");
        }

        return task.WaitAsync(cancellationToken);
    }

    /// <summary>Stops accepting rows, waits until those already queued have run, and frees the instance.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_queue.Writer.TryComplete())
        {
            return;
        }

        await _loop.ConfigureAwait(false);
        _instance.Dispose();
        _gate.Dispose();
    }

    private bool TryEnqueue(InferenceTask task)
    {
        if (Interlocked.Add(ref _queuedRows, task.QueueRows) > _options.QueueRowsMax)
        {
            Interlocked.Add(ref _queuedRows, -task.QueueRows);
            return false;
        }

        _metrics.AddQueued(_tags, 1);
        if (_queue.Writer.TryWrite(task))
        {
            return true;
        }

        OnDequeued(task);
        return false;
    }

    private void OnDequeued(InferenceTask task)
    {
        Interlocked.Add(ref _queuedRows, -task.QueueRows);
        _metrics.AddQueued(_tags, -1);
    }

    private async Task RunLoopAsync()
    {
        var batch = new List<InferenceTask>();
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            await _gate.WaitAsync().ConfigureAwait(false);
            try
            {
                var rows = TakeBatch(batch);
                if (batch.Count > 0)
                {
                    RunBatch(batch, rows);
                }
            }
            finally
            {
                _gate.Release();
                batch.Clear();
            }
        }
    }

    /// <returns>Rows of the batch.</returns>
    private int TakeBatch(List<InferenceTask> batch)
    {
        Debug.Assert(batch.Count == 0);
        var rows = 0;
        while (_queue.Reader.TryPeek(out var task))
        {
            if (batch.Count > 0 && (!_isBatchable || rows + task.Rows > _options.BatchRowsMax || !BatchBuffers.CanMerge(batch[0].Inputs, task.Inputs)))
            {
                break;
            }

            _queue.Reader.TryRead(out _);
            OnDequeued(task);

            // A caller that hung up or ran out of time while the task waited must not cost the device anything.
            if (!task.TryStart())
            {
                continue;
            }

            _metrics.RecordQueued(_tags, Stopwatch.GetElapsedTime(task.EnqueuedTimestamp));
            rows += task.Rows;
            batch.Add(task);
        }

        return rows;
    }

    private void RunBatch(List<InferenceTask> batch, int rows)
    {
        if (batch.Count == 1)
        {
            RunAlone(batch[0]);
            return;
        }

        TensorBuffer[] outputs;
        var started = Stopwatch.GetTimestamp();
        long inputTicks;
        long inferTicks;
        try
        {
            var merged = _buffers.Merge(batch, rows);
            inputTicks = Stopwatch.GetTimestamp() - started;
            outputs = Run(merged, rows, out inferTicks);
        }
        catch (ServingException)
        {
            // One request may have spoiled the run for all: alone, each gets its own answer or its own error.
            foreach (var task in batch)
            {
                RunAlone(task);
            }

            return;
        }

        // A model whose outputs do not follow its rows cannot share a run: nobody could tell whose rows are whose.
        if (!BatchBuffers.HasRows(outputs, rows))
        {
            foreach (var task in batch)
            {
                RunAlone(task);
            }

            return;
        }

        Scatter(batch, outputs, rows, started, new RunTimes(0, inputTicks, inferTicks, 0));
    }

    private void Scatter(List<InferenceTask> batch, TensorBuffer[] outputs, int rows, long runStarted, RunTimes times)
    {
        var scatterStarted = Stopwatch.GetTimestamp();
        var slices = new TensorBuffer[batch.Count][];
        var start = 0;
        for (var index = 0; index < slices.Length; index++)
        {
            slices[index] = BatchBuffers.Slice(outputs, start, batch[index].Rows);
            start += batch[index].Rows;
        }

        times = times with { Output = Stopwatch.GetTimestamp() - scatterStarted };
        Statistics.RecordRun(rows, times);
        start = 0;
        for (var index = 0; index < slices.Length; index++)
        {
            var task = batch[index];
            task.SetResult(new BatchOutputs(slices[index], rows, start, times with { Queue = runStarted - task.EnqueuedTimestamp }));
            start += task.Rows;
        }
    }

    private void RunAlone(InferenceTask task)
    {
        try
        {
            var queueTicks = Stopwatch.GetTimestamp() - task.EnqueuedTimestamp;
            var outputs = Run(task.Inputs, task.Rows, out var inferTicks);
            var times = new RunTimes(queueTicks, 0, inferTicks, 0);
            Statistics.RecordRun(task.Rows, times);
            task.SetResult(new BatchOutputs(outputs, task.Rows, 0, times));
        }
        catch (ServingException exception)
        {
            task.SetException(exception);
        }
    }

    private TensorBuffer[] Run(TensorBuffer[] inputs, int rows, out long inferTicks)
    {
        var started = Stopwatch.GetTimestamp();
        inferTicks = 0;
        try
        {
            return _instance.Run(inputs);
        }
        catch (ServingException exception)
        {
            LogRunFailed(_logger, exception, rows);
            throw;
        }
#pragma warning disable CA1031 // The edge of the loop that owns the instance: a fault goes to the callers of this run and nowhere else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogRunFailed(_logger, exception, rows);
            throw new ServingException(ServingError.BackendFailed, "The model failed on this request.", exception);
        }
        finally
        {
            inferTicks = Stopwatch.GetTimestamp() - started;
            var elapsed = Stopwatch.GetElapsedTime(0, inferTicks);
            _metrics.RecordRun(_tags, elapsed, rows);

            // Only the holder of the gate writes it.
            var average = Volatile.Read(ref _averageRunTicks);
            Volatile.Write(ref _averageRunTicks, average == 0 ? elapsed.Ticks : average + ((elapsed.Ticks - average) / 16));
        }
    }

    [LoggerMessage(1001, LogLevel.Error, "The model failed on a run of {Rows} rows")]
    private static partial void LogRunFailed(ILogger logger, Exception exception, int rows);
}

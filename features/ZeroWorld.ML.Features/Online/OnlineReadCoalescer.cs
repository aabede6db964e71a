using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Features;

/// <summary>The feature stage's reader: reads of concurrent requests go to the store together, and each (entity, fields) once.</summary>
/// <remarks>
/// A read starts at once while few multi-gets are unanswered; else it collects for the next one, for a bounded time. Where work is pending in the thread pool - requests that are being
/// read, most of them - a multi-get is sent behind it, and takes their reads along. A read that is waiting or in flight is joined by later calls for the same key. Each call is answered as soon as its own reads are, so that a slow shard delays only the
/// requests that need it. When the store is silent for some multi-gets in a row (<see cref="OnlineRead.FailSilent"/>) a circuit opens: reads fail at once, and one call now and then probes.
/// <para>Thread safety: every member may be called from any thread.</para>
/// </remarks>
public sealed partial class OnlineReadCoalescer : IAsyncDisposable
{
    private readonly IOnlineStore _store;
    private readonly OnlineReadCoalescerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<OnlineReadCoalescer> _logger;
    private readonly OnlineReadCircuit _circuit;
    private readonly ITimer _collectTimer;
    private readonly ITimer _dueTimer;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Sender _sender;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Lock _lock = new();
    private readonly OnlineReadQueue _queue;
    private readonly List<OnlineMultiGet> _unanswered = [];
    private bool _isCollectTimerSet;
    private bool _isSenderQueued;
    private bool _isStopping;

    // When the first of the waiting calls runs out of time, or earlier.
    private long _nextDue = long.MaxValue;

    /// <param name="store">The store; it is not disposed here.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock of timeouts and of the circuit.</param>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    public OnlineReadCoalescer(IOnlineStore store, OnlineReadCoalescerOptions options, TimeProvider time, ILogger<OnlineReadCoalescer> logger)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logger);
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        _store = store;
        _options = options;
        _time = time;
        _logger = logger;
        _circuit = new OnlineReadCircuit(options, time);
        _queue = new OnlineReadQueue(this, options);
        _sender = new Sender(this);
        _collectTimer = time.CreateTimer(static state => ((OnlineReadCoalescer)state!).OnCollected(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _dueTimer = time.CreateTimer(static state => ((OnlineReadCoalescer)state!).OnDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether reads fail at once because the store answered nothing lately.</summary>
    public bool IsCircuitOpen
    {
        get
        {
            lock (_lock)
            {
                return _circuit.IsOpen;
            }
        }
    }

    /// <summary>Whether work is pending in the thread pool: what is queued now has its turn behind it, and wakes nobody.</summary>
    internal Func<bool> IsPoolBusy { get; init; } = static () => ThreadPool.PendingWorkItemCount > 0;

    /// <summary>Puts work behind all that is pending.</summary>
    internal Action<IThreadPoolWorkItem> Queue { get; init; } = static work => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);

    /// <summary>Reads several keys; keys may repeat.</summary>
    /// <param name="keys">What to read; not looked at after the method has returned its task.</param>
    /// <param name="answers">Receives one answer per key; as long as <paramref name="keys"/>. Written until the task is complete, never after.</param>
    /// <param name="timeout">How long this caller waits; what is not there by then is unavailable to it, whatever it becomes for others.
    /// Zero or less: nothing is read. <see cref="Timeout.InfiniteTimeSpan"/>: as long as the store takes.</param>
    /// <param name="cancellationToken">Ends this caller's wait; the shared reads go on.</param>
    /// <returns><see langword="false"/> when too many reads are waiting: nothing was read and the answers are untouched.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask<bool> TryReadAsync(
        ReadOnlySpan<OnlineReadKey> keys, Memory<OnlineReadAnswer> answers, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(answers.Length, keys.Length);
        cancellationToken.ThrowIfCancellationRequested();
        if (keys.IsEmpty)
        {
            return ValueTask.FromResult(true);
        }

        OnlineReadCall call;
        OnlineMultiGet? next;
        lock (_lock)
        {
            if ((timeout <= TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan) || _isStopping || !_circuit.TryEnter())
            {
                FeatureMetrics.RecordUnavailable(keys.Length);
                answers.Span.Fill(OnlineReadAnswer.Unavailable);
                return ValueTask.FromResult(true);
            }

            if (!_queue.HasRoom(keys.Length))
            {
                FeatureMetrics.RecordRefused(keys.Length);
                return ValueTask.FromResult(false);
            }

            call = new OnlineReadCall(this, answers, keys.Length, ToDue(timeout));
            FeatureMetrics.RecordJoined(_queue.Join(call, keys));
            if (call.Due < _nextDue)
            {
                _nextDue = call.Due;
                SetDueTimer_NeedsLock();
            }

            next = TakeOrPostpone_NeedsLock();
        }

        Start(next);
        return call.WaitAsync(cancellationToken);
    }

    /// <summary>Fails what waits, and returns when no multi-get is in flight any more.</summary>
    public async ValueTask DisposeAsync()
    {
        List<OnlineReadCall>? ended;
        lock (_lock)
        {
            if (_isStopping)
            {
                return;
            }

            _isStopping = true;
            _queue.FailWaiting();
            ended = _queue.TakeEnded();
            if (_unanswered.Count == 0)
            {
                _drained.TrySetResult();
            }
        }

        OnlineReadGroup.Tell(ended);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _drained.Task.ConfigureAwait(false);
        await _collectTimer.DisposeAsync().ConfigureAwait(false);
        await _dueTimer.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <summary>Hands the results of reads, all made here, to the calls that wait for them.</summary>
    internal void OnFinished(ReadOnlySpan<OnlineRead> reads)
    {
        List<OnlineReadCall>? ended;
        lock (_lock)
        {
            OnlineMultiGet? multiGet = null;
            foreach (var read in reads)
            {
                var shared = (SharedOnlineRead)read;
                var answer = read.State == OnlineReadState.Answered ? new OnlineReadAnswer(true, read.Payloads) { Memory = read.Memory } : OnlineReadAnswer.Unavailable;
                _queue.Finish(shared, answer);
                multiGet = shared.MultiGet;
                if (multiGet is not null)
                {
                    multiGet.IsPartlyAnswered = true;
                }
            }

            if (multiGet?.Reads.Count == reads.Length)
            {
                // The store has answered all and returns now: whoever waits is told there, once the next multi-get is on its way.
                return;
            }

            ended = _queue.TakeEnded();
        }

        OnlineReadGroup.Tell(ended);
    }

    /// <summary>Ends a call whose caller has gone.</summary>
    internal void GiveUp(OnlineReadCall call, CancellationToken cancellationToken)
    {
        List<OnlineReadCall>? ended;
        lock (_lock)
        {
            _queue.GiveUp(call, cancellationToken);
            ended = _queue.TakeEnded();
        }

        OnlineReadGroup.Tell(ended);
    }

    /// <summary>Ends the calls whose time is over. One timer for all of them: calls come and go many times faster than they run out of time.</summary>
    private void OnDue()
    {
        List<OnlineReadCall>? ended;
        lock (_lock)
        {
            _nextDue = _queue.GiveUpDue(_time.GetTimestamp());
            ended = _queue.TakeEnded();
            SetDueTimer_NeedsLock();
        }

        OnlineReadGroup.Tell(ended);
    }

    private void SetDueTimer_NeedsLock()
    {
        if (_nextDue != long.MaxValue && !_isStopping)
        {
            // Timers count whole milliseconds, and one that comes too early would only have to be set again.
            var wait = Math.Ceiling(_time.GetElapsedTime(_time.GetTimestamp(), _nextDue).TotalMilliseconds);
            _dueTimer.Change(TimeSpan.FromMilliseconds(Math.Max(wait, 0)), Timeout.InfiniteTimeSpan);
        }
    }

    private long ToDue(TimeSpan timeout)
    {
        var now = _time.GetTimestamp();
        var ticks = timeout.TotalSeconds * _time.TimestampFrequency;
        return timeout == Timeout.InfiniteTimeSpan || ticks >= long.MaxValue - now ? long.MaxValue : now + (long)ticks;
    }

    private async Task RunAsync(OnlineMultiGet multiGet)
    {
        var isCallers = false;
        try
        {
            var reading = _store.ReadAsync(multiGet.Reads, _stopping.Token);
            isCallers = reading.IsCompleted;
            await reading.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // What is still pending fails below.
        }
#pragma warning disable CA1031 // The edge of a loop that must live: a store that breaks its promise must not leave callers waiting.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogStoreThrew(_logger, exception);
        }

        var (unavailable, silent, cached) = (0, 0, 0);
        foreach (var read in multiGet.Reads)
        {
            if (read.State == OnlineReadState.Pending)
            {
                read.FailSilent();
            }

            unavailable += read.State == OnlineReadState.Answered ? 0 : 1;
            silent += read.IsStoreSilent ? 1 : 0;
            cached += read.IsCached ? 1 : 0;
        }

        FeatureMetrics.RecordMultiGet(_time.GetElapsedTime(multiGet.Started), multiGet.Reads.Count - cached, unavailable);
        var (next, ended) = Finish(multiGet, hasAnswer: unavailable < multiGet.Reads.Count, isSilent: silent > 0);
        Start(next);
        if (isCallers)
        {
            // Still on the thread of a caller, who has not yet got the task that tells him.
            OnlineReadGroup.Tell(ended);
        }
        else
        {
            OnlineReadGroup.TellHere(ended, IsPoolBusy());
        }
    }

    /// <returns>What is sent next, and the calls to tell after that.</returns>
    private (OnlineMultiGet? Next, List<OnlineReadCall>? Ended) Finish(OnlineMultiGet multiGet, bool hasAnswer, bool isSilent)
    {
        lock (_lock)
        {
            _unanswered.Remove(multiGet);
            if (_isStopping)
            {
                if (_unanswered.Count == 0)
                {
                    _drained.TrySetResult();
                }

                return (null, _queue.TakeEnded());
            }

            if (hasAnswer)
            {
                if (_circuit.OnAnswered())
                {
                    LogCircuitClosed(_logger);
                }
            }
            else if (isSilent && _circuit.OnFailed())
            {
                LogCircuitOpened(_logger, _options.FailuresToOpen, _options.OpenDuration.TotalMilliseconds);
                _queue.FailWaiting();
            }

            return (TakeOrPostpone_NeedsLock(), _queue.TakeEnded());
        }
    }

    [LoggerMessage(2001, LogLevel.Error, "The online store threw from a read; its reads are unavailable")]
    private static partial void LogStoreThrew(ILogger logger, Exception exception);

    [LoggerMessage(2002, LogLevel.Warning, "The online store left {Failures} multi-gets in a row without an answer: features are unavailable, probing every {ProbeMs} ms")]
    private static partial void LogCircuitOpened(ILogger logger, int failures, double probeMs);

    [LoggerMessage(2003, LogLevel.Information, "The online store answers again")]
    private static partial void LogCircuitClosed(ILogger logger);
}

namespace ZeroWorld.ML.Serving;

/// <summary>A timer of <see cref="PreciseTimeProvider"/>. Thread safe.</summary>
internal sealed class PreciseTimer(PreciseTimeProvider owner, TimerCallback callback, object? state) : ITimer, IThreadPoolWorkItem
{
    private const double MillisecondsMax = uint.MaxValue - 1;
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private readonly Lock _lock = new();
    private TaskCompletionSource? _finished;
    private int _running;
    private bool _isDisposed;

    /// <summary>Timestamp. Belongs to the heap.</summary>
    public long Due { get; set; }

    /// <summary>Timestamp ticks; 0: once. Belongs to the owner.</summary>
    public long Period { get; set; }

    /// <value>-1: it is in no heap. Belongs to the heap.</value>
    public int Place { get; set; } = -1;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        var due = ToTicks(dueTime, nameof(dueTime));
        var every = ToTicks(period, nameof(period));
        lock (_lock)
        {
            if (_isDisposed)
            {
                return false;
            }

            owner.Set(this, due == long.MaxValue ? due : owner.GetTimestamp() + due, every == long.MaxValue ? 0 : every);
            return true;
        }
    }

    /// <summary>Its time has come: the callback is put on the thread pool.</summary>
    public void End()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _running++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Execute()
    {
        try
        {
            if (_context is null)
            {
                callback(state);
            }
            else
            {
                ExecutionContext.Run(_context, static timer => ((PreciseTimer)timer!).Call(), this);
            }
        }
        finally
        {
            lock (_lock)
            {
                _running--;
                if (_running == 0)
                {
                    _finished?.TrySetResult();
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
        }

        owner.Set(this, long.MaxValue, 0);
    }

    /// <summary>Returns when no callback runs any more.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        lock (_lock)
        {
            if (_running == 0)
            {
                return ValueTask.CompletedTask;
            }

            _finished ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_finished.Task);
        }
    }

    private void Call() => callback(state);

    private long ToTicks(TimeSpan span, string name)
    {
        if (span == Timeout.InfiniteTimeSpan)
        {
            return long.MaxValue;
        }

        ArgumentOutOfRangeException.ThrowIfNegative(span.Ticks, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(span.TotalMilliseconds, MillisecondsMax, name);

        // Up: it must not end early.
        return (long)Math.Ceiling(span.TotalSeconds * owner.TimestampFrequency);
    }
}

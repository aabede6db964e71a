using System.Diagnostics;

namespace ZeroWorld.ML.Serving;

/// <summary>The system's clock, with timers that wait to the microsecond: what deadlines of requests are counted with.</summary>
/// <remarks>
/// Timers of .NET count whole milliseconds of a clock that moves with the kernel's tick, every 4 ms on most systems. These wait on one thread, on Linux by <c>ppoll</c>, to the microsecond;
/// elsewhere by milliseconds, rounded up. A timer never ends early. Callbacks run on the thread pool. Thread safe. Once disposed, timers end no more.
/// </remarks>
public sealed class PreciseTimeProvider : TimeProvider, IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimerHeap _heap = new();
    private readonly TimerWait _wait = new();
    private Thread? _thread;
    private bool _isDisposed;

    // When the thread looks again by itself: nothing that ends later needs to wake it.
    private long _wakesAt;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new PreciseTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        _wait.Wake();
        if (_thread is null)
        {
            _wait.Dispose();
        }
    }

    /// <param name="due">Timestamp; <see cref="long.MaxValue"/>: never.</param>
    /// <param name="period">In timestamp ticks; 0: once.</param>
    internal void Set(PreciseTimer timer, long due, long period)
    {
        lock (_lock)
        {
            _heap.Remove(timer);
            timer.Period = period;
            if (due == long.MaxValue || _isDisposed)
            {
                return;
            }

            _heap.Add(timer, due);
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "precise timers" };
                _thread.UnsafeStart();
                return;
            }

            if (due < _wakesAt)
            {
                // Once: until it has looked, it is awake.
                _wakesAt = 0;
                _wait.Wake();
            }
        }
    }

    private void Run()
    {
        ScheduledThread.TryShortenSlices();
        var ended = new List<PreciseTimer>();
        while (true)
        {
            TimeSpan wait;
            lock (_lock)
            {
                if (_isDisposed)
                {
                    break;
                }

                var now = GetTimestamp();
                while (_heap.First is { } timer && timer.Due <= now)
                {
                    _heap.Remove(timer);
                    if (timer.Period > 0)
                    {
                        _heap.Add(timer, Math.Max(timer.Due + timer.Period, now));
                    }

                    ended.Add(timer);
                }

                _wakesAt = _heap.First?.Due ?? long.MaxValue;
                wait = _wakesAt == long.MaxValue ? Timeout.InfiniteTimeSpan : Stopwatch.GetElapsedTime(now, _wakesAt);
            }

            if (ended.Count > 0)
            {
                ended.ForEach(static timer => timer.End());
                ended.Clear();

                // What ended may have taken time, and the wait was counted before.
                continue;
            }

            _wait.Wait(wait);
        }

        _wait.Dispose();
    }
}

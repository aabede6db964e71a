namespace ZeroWorld.ML.Serving;

/// <content>Waiting for delays and deadlines.</content>
internal sealed partial class BatchScheduler
{
    // Timers have milliseconds; what is shorter is waited for on the spot.
    private static readonly TimeSpan SpinMax = TimeSpan.FromMilliseconds(1);

    // Requests that must wait before the first run; 0: none, or no more.
    private int _held;

    /// <summary>Waits out what is left of a delay that is shorter than timers can be. The batch grows meanwhile.</summary>
    /// <returns><see langword="false"/>: another instance took the batch, and the next one is not closed yet.</returns>
    private bool WaitForClosing()
    {
        if (_options.QueueDelay == TimeSpan.Zero)
        {
            return true;
        }

        while (true)
        {
            lock (_lock)
            {
                var now = _time.GetTimestamp();
                var closing = _isStopping ? now : _queue.GetClosing(Volatile.Read(ref _queuedRows));
                if (closing <= now || ToSpan(closing - now) > SpinMax)
                {
                    return closing <= now;
                }
            }

            Thread.Yield();
        }
    }

    private bool IsHeld_NeedsLock()
    {
        _held = _isStopping || Volatile.Read(ref _queuedTasks) >= _held ? 0 : _held;
        return _held > 0;
    }

    /// <summary>
    /// Whether an idle instance may run now. Not beside another where answers keep the order of their requests. Beside another, where nobody asked for several, it may when the run is long, and the rows that wait are so many that a larger batch would cost each of them hardly less:
    /// else it would only take them from the next batch of the other.
    /// </summary>
    private bool MayRun_NeedsLock()
    {
        if (_idle.Count == _runners.Length)
        {
            return true;
        }

        if (_ordered is not null || !_options.RunsBesideForFullBatches)
        {
            return _ordered is null;
        }

        return IsWorthARun(Volatile.Read(ref _queuedRows));
    }

    /// <summary>Whether so many rows may have a run of their own beside another.</summary>
    private bool IsWorthARun(int rows) => ToSpan(_predictor.Predict(rows)) >= OwnThreadFrom && (!_isBatchable || _predictor.IsFull(rows));

    /// <summary>
    /// Rows that an instance may take of those that wait. All of them, unless others are idle, too, and an equal share for each is worth a run: one that took all would leave the others without work for as long as it runs.
    /// </summary>
    private int ShareOf_NeedsLock(int rows)
    {
        if (!_measuresCost || _ordered is not null || _idle.Count == 0)
        {
            return int.MaxValue;
        }

        var share = (rows + _idle.Count) / (_idle.Count + 1);
        return IsWorthARun(share) ? share : int.MaxValue;
    }

    private void SetTimer_NeedsLock(long at, long now)
    {
        if (at < _timerAt)
        {
            _timerAt = at;
            _timer.Change(at <= now ? TimeSpan.Zero : ToSpan(at - now), Timeout.InfiniteTimeSpan);
        }
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            _timerAt = long.MaxValue;
            var now = _time.GetTimestamp();
            _queue.Expire(now);
            Next_NeedsLock(now);
        }
    }
}

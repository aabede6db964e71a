namespace ZeroWorld.ML.Features;

/// <content>When the next multi-get is sent, and what goes with it.</content>
public sealed partial class OnlineReadCoalescer
{
    /// <summary><see cref="TakeNext_NeedsLock"/> at once, or behind what is pending in the thread pool: its reads share the multi-get then.</summary>
    private OnlineMultiGet? TakeOrPostpone_NeedsLock()
    {
        if (_isSenderQueued || !HasNext_NeedsLock())
        {
            return null;
        }

        if (!IsPoolBusy())
        {
            return TakeNext_NeedsLock();
        }

        _isSenderQueued = true;
        Queue(_sender);
        return null;
    }

    private bool HasNext_NeedsLock() => !_queue.IsEmpty && _unanswered.Count < _options.MultiGetsUnansweredMax && MaySend_NeedsLock();

    /// <returns>The next multi-get, already counted as unanswered, or <see langword="null"/> when nothing may be sent now.</returns>
    private OnlineMultiGet? TakeNext_NeedsLock()
    {
        if (!HasNext_NeedsLock())
        {
            return null;
        }

        var reads = _queue.Take();
        if (reads.Count == 0)
        {
            return null;
        }

        var multiGet = new OnlineMultiGet(reads, _time.GetTimestamp());
        foreach (var read in reads)
        {
            ((SharedOnlineRead)read).MultiGet = multiGet;
        }

        _unanswered.Add(multiGet);
        return multiGet;
    }

    private bool MaySend_NeedsLock()
    {
        // Multi-gets are in order of their start, so the young ones are at the end.
        var young = 0;
        var oldestAge = TimeSpan.Zero;
        for (var index = _unanswered.Count - 1; index >= 0; index--)
        {
            var age = _time.GetElapsedTime(_unanswered[index].Started);
            if (age >= _options.CollectTimeMax)
            {
                break;
            }

            if (!_unanswered[index].IsPartlyAnswered)
            {
                young++;
                oldestAge = age;
            }
        }

        if (young < _options.MultiGetsInFlight)
        {
            return true;
        }

        if (!_isCollectTimerSet)
        {
            _isCollectTimerSet = true;
            _collectTimer.Change(_options.CollectTimeMax - oldestAge, Timeout.InfiniteTimeSpan);
        }

        return false;
    }

    private void OnCollected()
    {
        OnlineMultiGet? next;
        lock (_lock)
        {
            _isCollectTimerSet = false;
            next = _isStopping ? null : TakeNext_NeedsLock();
        }

        Start(next);
    }

    private void Send()
    {
        OnlineMultiGet? next;
        lock (_lock)
        {
            _isSenderQueued = false;
            next = _isStopping ? null : TakeNext_NeedsLock();
        }

        Start(next);
    }

    /// <summary>Sends a multi-get and those that may follow it at once. Never under the lock: the store writes to its socket here.</summary>
    private void Start(OnlineMultiGet? multiGet)
    {
        while (multiGet is not null)
        {
            _ = RunAsync(multiGet);
            lock (_lock)
            {
                multiGet = TakeNext_NeedsLock();
            }
        }
    }

    /// <summary>Has its turn in the thread pool.</summary>
    private sealed class Sender(OnlineReadCoalescer owner) : IThreadPoolWorkItem
    {
        public void Execute() => owner.Send();
    }
}

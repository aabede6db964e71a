using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>The requests that wait for one model, most urgent first, and the rule that says when a batch of them is closed.</summary>
/// <remarks>
/// Urgency is age: every level of priority below the first makes a request as if it had come <see cref="BatchSchedulerOptions.PriorityStep"/> later, so that none waits for ever.
/// Requests that were cancelled stay in the order until they come to its head, but take no room. Not thread safe: guarded by the scheduler's lock.
/// </remarks>
internal sealed class BatchQueue(BatchSchedulerOptions options, ModelSignature signature, RunPredictor predictor, TimeProvider time)
{
    private const int DeadMax = 1024;
    private readonly bool _isBatchable = signature.IsBatchable;
    private readonly PriorityQueue<InferenceTask, (long Urgency, long Sequence)> _byUrgency = new();
    private readonly Queue<InferenceTask> _byAge = new();
    private readonly long _delay = Ticks(options.QueueDelay, time);
    private readonly long _step = Ticks(options.PriorityStep, time);
    private long _sequence;

    // A lower bound of the deadlines in the queue.
    private long _earliestDue = long.MaxValue;

    // Whether requests of several levels wait, or such as go behind others after a while: the most urgent is not the oldest then. And the level of all, where it is one.
    private bool _isMixed;
    private int _level;

    // When the first of those that were looked at goes behind the others.
    private long _nextDelay = long.MaxValue;

    // Of the requests that are the most urgent and may share a run: the first of them, their rows, the largest preferred size that they just fill (0: none),
    // and whether one stands behind them that cannot join. Kept while requests come, looked for again once one has left.
    private InferenceTask? _first;
    private int _firstRows;
    private int _preferred;
    private bool _isBarred;
    private bool _isStale = true;

    /// <summary>Rows of the largest batch: of one request where rows do not share a run.</summary>
    private int Target => !_isBatchable ? 1 : options.PreferredRows is [.., var largest] ? Math.Min(largest, options.BatchRowsMax) : options.BatchRowsMax;

    /// <param name="task">Joins the order.</param>
    /// <param name="waiting">Tasks that wait, this one included.</param>
    public void Add(InferenceTask task, int waiting)
    {
        RemoveDead((2 * waiting) + DeadMax);

        _byUrgency.Enqueue(task, (task.Enqueued + (_step * (task.Priority - 1)), _sequence++));
        _byAge.Enqueue(task);

        // Without preferred sizes it says nothing which of them are first, only whether all may share a run: none needs to be looked at twice.
        _isMixed = options.PreferredRows.Length > 0 && (task.DelayAt != long.MaxValue || (waiting > 1 && (_isMixed || task.Priority != _level)));
        _level = task.Priority;
        if (_isMixed)
        {
            OnLeft();
        }
        else if (_delay > 0 && !Volatile.Read(ref _isStale))
        {
            LookAt(task);
        }

        _earliestDue = Math.Min(_earliestDue, task.Due);
    }

    /// <summary>A request waits no more. Thread safe, unlike the rest.</summary>
    public void OnLeft() => Volatile.Write(ref _isStale, true);

    /// <summary>When the next batch is closed: a timestamp, now or earlier when it is; <see cref="long.MaxValue"/> when nothing waits.</summary>
    /// <param name="rows">Rows that wait.</param>
    public long GetClosing(int rows)
    {
        RemoveDeadHead();
        if (!_byAge.TryPeek(out var oldest))
        {
            return long.MaxValue;
        }

        if (_delay == 0 || rows >= Target)
        {
            return oldest.Enqueued;
        }

        // Nothing is gained by waiting for what cannot join, nor where a preferred size is filled.
        Look();
        if (_isBarred || _preferred > 0)
        {
            return oldest.Enqueued;
        }

        // The tightest deadline must leave room for the run.
        var slack = _earliestDue == long.MaxValue ? long.MaxValue : _earliestDue - predictor.Predict(rows);
        return Math.Min(Math.Min(oldest.Enqueued + _delay, _nextDelay), slack);
    }

    /// <summary>The first deadline, or an earlier moment; <see cref="long.MaxValue"/>: there is none.</summary>
    public long EarliestDue => _earliestDue;

    /// <summary>Takes the next batch. Its tasks are started: they belong to the caller.</summary>
    /// <param name="batch">Receives it; empty when nothing waits.</param>
    /// <param name="rowsMax">Rows that it takes at most; a request that has more is taken whole, and alone.</param>
    /// <returns>Rows of the batch.</returns>
    public int Take(List<InferenceTask> batch, int rowsMax, long now)
    {
        var limit = Math.Min(ChooseLimit(now), rowsMax);
        var rows = 0;
        while (_byUrgency.TryPeek(out var task, out _))
        {
            if (task.IsWaiting)
            {
                if (task.DelayAt <= now)
                {
                    _byUrgency.Dequeue();
                    PutBehind(task);
                    continue;
                }

                if (batch.Count > 0 && (!_isBatchable || rows + task.Rows > limit || !BatchBuffers.CanMerge(signature, batch[0].Inputs, task.Inputs)))
                {
                    break;
                }

                // Work whose time is over is never run; the sweep may not have come by yet.
                if (task.Due > now && task.TryStart())
                {
                    rows += task.Rows;
                    batch.Add(task);
                }
                else
                {
                    task.TryExpire();
                }
            }

            _byUrgency.Dequeue();
        }

        // Nor are the inputs of what has run held until the next request comes.
        RemoveDeadHead();
        _first = null;
        OnLeft();
        return rows;
    }

    /// <summary>Ends the tasks whose time is over.</summary>
    public void Expire(long now)
    {
        if (_earliestDue > now)
        {
            return;
        }

        _earliestDue = long.MaxValue;
        foreach (var task in _byAge)
        {
            if (task.IsWaiting && (task.Due > now || !task.TryExpire()))
            {
                _earliestDue = Math.Min(_earliestDue, task.Due);
            }
        }
    }

    private static long Ticks(TimeSpan span, TimeProvider time) => (long)(span.TotalSeconds * time.TimestampFrequency);

    /// <summary>The largest preferred size that the first requests just fill; without one no more than the largest of them; all that fits once the delay is over.</summary>
    private int ChooseLimit(long now)
    {
        if (options.PreferredRows.Length == 0 || (_delay > 0 && _byAge.TryPeek(out var oldest) && now - oldest.Enqueued >= _delay))
        {
            return options.BatchRowsMax;
        }

        Look();
        return _preferred > 0 ? _preferred : Target;
    }

    /// <summary>A request that has waited as long as its level may: from here on behind everybody who has not.</summary>
    private void PutBehind(InferenceTask task)
    {
        task.DelayAt = long.MaxValue;
        _byUrgency.Enqueue(task, ((long.MaxValue / 2) + task.Enqueued, _sequence++));
    }

    /// <summary>Looks through the requests that are the most urgent, where something has changed among them.</summary>
    private void Look()
    {
        if (!Volatile.Read(ref _isStale) && (_nextDelay == long.MaxValue || time.GetTimestamp() < _nextDelay))
        {
            return;
        }

        Volatile.Write(ref _isStale, false);
        (_first, _firstRows, _preferred, _isBarred, _nextDelay) = (null, 0, 0, false, long.MaxValue);
        if (_isMixed)
        {
            LookByUrgency();
            return;
        }

        foreach (var task in _byAge)
        {
            if (_isBarred || _firstRows > Target)
            {
                return;
            }

            LookAt(task);
        }
    }

    private void LookByUrgency()
    {
        var now = time.GetTimestamp();
        var looked = new List<(InferenceTask Task, (long, long) Urgency)>();
        while (!_isBarred && _firstRows <= Target && _byUrgency.TryDequeue(out var task, out var urgency))
        {
            if (task.IsWaiting && task.DelayAt <= now)
            {
                PutBehind(task);
            }
            else if (task.IsWaiting)
            {
                looked.Add((task, urgency));
                _nextDelay = Math.Min(_nextDelay, task.DelayAt);
                LookAt(task);
            }
        }

        _byUrgency.EnqueueRange(looked);
    }

    private void LookAt(InferenceTask task)
    {
        if (_isBarred || !_isBatchable || !task.IsWaiting)
        {
            return;
        }

        _first ??= task;
        if (_first != task && !BatchBuffers.CanMerge(signature, _first.Inputs, task.Inputs))
        {
            _isBarred = true;
            return;
        }

        _firstRows += task.Rows;
        if (Array.BinarySearch(options.PreferredRows, _firstRows) >= 0)
        {
            _preferred = _firstRows;
        }
    }

    private void RemoveDeadHead()
    {
        while (_byAge.TryPeek(out var dead) && !dead.IsWaiting)
        {
            _byAge.Dequeue();
        }
    }

    /// <summary>Forgets the dead of an order that has grown beyond a size: at least half of it is dead then, so that each is looked at but a few times.</summary>
    private void RemoveDead(int countMax)
    {
        if (_byUrgency.Count > countMax)
        {
            var alive = _byUrgency.UnorderedItems.Where(static item => item.Element.IsWaiting).ToArray();
            _byUrgency.Clear();
            _byUrgency.EnqueueRange(alive);
        }

        if (_byAge.Count > countMax)
        {
            var alive = _byAge.Where(static task => task.IsWaiting).ToArray();
            _byAge.Clear();
            foreach (var task in alive)
            {
                _byAge.Enqueue(task);
            }
        }
    }
}

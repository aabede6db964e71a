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

    /// <summary>Rows of the largest batch: of one request where rows do not share a run.</summary>
    private int Target => !_isBatchable ? 1 : options.PreferredRows is [.., var largest] ? Math.Min(largest, options.BatchRowsMax) : options.BatchRowsMax;

    /// <param name="task">Joins the order.</param>
    /// <param name="waiting">Tasks that wait, this one included.</param>
    public void Add(InferenceTask task, int waiting)
    {
        RemoveDead((2 * waiting) + DeadMax);

        _byUrgency.Enqueue(task, (task.Enqueued + (_step * (task.Priority - 1)), _sequence++));
        _byAge.Enqueue(task);
        _earliestDue = Math.Min(_earliestDue, task.Due);
    }

    /// <summary>When the next batch is closed: a timestamp, now or earlier when it is; <see cref="long.MaxValue"/> when nothing waits.</summary>
    /// <param name="rows">Rows that wait.</param>
    public long GetClosing(int rows)
    {
        RemoveDeadHead();
        if (!_byAge.TryPeek(out var oldest))
        {
            return long.MaxValue;
        }

        if (_delay == 0 || rows >= Target || FillsPreferred(rows))
        {
            return oldest.Enqueued;
        }

        // The tightest deadline must leave room for the run.
        var slack = _earliestDue == long.MaxValue ? long.MaxValue : _earliestDue - predictor.Predict(rows);
        return Math.Min(oldest.Enqueued + _delay, slack);
    }

    /// <summary>The first deadline, or an earlier moment; <see cref="long.MaxValue"/>: there is none.</summary>
    public long EarliestDue => _earliestDue;

    /// <summary>Takes the next batch. Its tasks are started: they belong to the caller.</summary>
    /// <param name="batch">Receives it; empty when nothing waits.</param>
    /// <param name="waiting">Rows that wait.</param>
    /// <param name="rowsMax">Rows that it takes at most; a request that has more is taken whole, and alone.</param>
    /// <returns>Rows of the batch.</returns>
    public int Take(List<InferenceTask> batch, int waiting, int rowsMax, long now)
    {
        var limit = Math.Min(ChooseLimit(waiting, now), rowsMax);
        var rows = 0;
        while (_byUrgency.TryPeek(out var task, out _))
        {
            if (task.IsWaiting)
            {
                if (task.DelayAt <= now)
                {
                    // It has waited as long as its level may: from here on behind everybody who has not.
                    task.DelayAt = long.MaxValue;
                    _byUrgency.Dequeue();
                    _byUrgency.Enqueue(task, ((long.MaxValue / 2) + task.Enqueued, _sequence++));
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

    /// <summary>Whether the requests that came first have together just as many rows as a preferred size.</summary>
    private bool FillsPreferred(int waiting)
    {
        if (!_isBatchable || options.PreferredRows is not [var smallest, ..] || waiting < smallest)
        {
            return false;
        }

        // No more than the largest size: from there on a batch is closed anyway.
        var (rows, next) = (0, 0);
        foreach (var task in _byAge)
        {
            rows += task.IsWaiting ? task.Rows : 0;
            while (next < options.PreferredRows.Length && options.PreferredRows[next] < rows)
            {
                next++;
            }

            if (next == options.PreferredRows.Length || options.PreferredRows[next] == rows)
            {
                return next < options.PreferredRows.Length;
            }
        }

        return false;
    }

    /// <summary>The largest preferred size that is filled, as long as there is time to fill another one; else all that fits.</summary>
    private int ChooseLimit(int waiting, long now)
    {
        var limit = options.BatchRowsMax;
        if (options.PreferredRows.Length > 0 && waiting < limit && (!_byAge.TryPeek(out var oldest) || now - oldest.Enqueued < Math.Max(_delay, 1)))
        {
            foreach (var preferred in options.PreferredRows)
            {
                limit = preferred <= waiting ? preferred : limit;
            }
        }

        return limit;
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

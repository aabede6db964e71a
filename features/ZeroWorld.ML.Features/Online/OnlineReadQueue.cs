using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features;

/// <summary>The reads that are waiting or in flight, each key once, and the calls that wait for them.</summary>
/// <remarks>Every member is called under the coalescer's lock.</remarks>
internal sealed class OnlineReadQueue(OnlineReadCoalescer owner, OnlineReadCoalescerOptions options)
{
    private readonly Dictionary<OnlineReadKey, SharedOnlineRead> _reads = new(KeyComparer.Instance);
    private Queue<SharedOnlineRead> _queue = [];
    private OnlineReadCall? _newest;
    private List<OnlineReadCall> _ended = [];
    private int _waiting;

    /// <summary>Whether a read waits to be sent.</summary>
    public bool IsEmpty => _queue.Count == 0;

    /// <summary>Whether that many more reads may be waited for.</summary>
    public bool HasRoom(int reads)
    {
        if (_waiting + reads > options.WaitingReadsMax)
        {
            return false;
        }

        if (_queue.Count + reads > options.WaitingReadsMax)
        {
            RemoveUnwanted();
        }

        return _queue.Count + reads <= options.WaitingReadsMax;
    }

    /// <summary>Makes a call wait for its keys.</summary>
    /// <returns>How many of the reads were waiting or in flight already.</returns>
    public int Join(OnlineReadCall call, ReadOnlySpan<OnlineReadKey> keys)
    {
        var joined = 0;
        for (var index = 0; index < keys.Length; index++)
        {
            ref var read = ref CollectionsMarshal.GetValueRefOrAddDefault(_reads, keys[index], out var exists);
            if (exists)
            {
                joined++;
            }
            else
            {
                read = new SharedOnlineRead(owner, keys[index]);
                _queue.Enqueue(read);
            }

            var wait = new OnlineReadWait(call, index, read!) { NextOfRead = read!.Waits, NextOfCall = call.Waits };
            read.Waits = wait;
            read.Wanted++;
            call.Waits = wait;
        }

        call.Previous = _newest;
        if (_newest is not null)
        {
            _newest.Next = call;
        }

        _newest = call;
        _waiting += keys.Length;
        return joined;
    }

    /// <returns>The reads of the next multi-get; empty when nobody wants what is left.</returns>
    public List<OnlineRead> Take()
    {
        var reads = new List<OnlineRead>(Math.Min(_queue.Count, options.ReadsPerMultiGetMax));
        while (reads.Count < options.ReadsPerMultiGetMax && _queue.TryDequeue(out var read))
        {
            if (read.Wanted > 0)
            {
                reads.Add(read);
            }
            else
            {
                _reads.Remove(read.Key);
            }
        }

        return reads;
    }

    /// <summary>Hands a read's answer to the calls that wait for it.</summary>
    public void Finish(SharedOnlineRead read, OnlineReadAnswer answer)
    {
        read.IsFinished = true;
        _reads.Remove(read.Key);
        for (var wait = read.Waits; wait is not null; wait = wait.NextOfRead)
        {
            var call = wait.Call;
            if (call.IsComplete)
            {
                continue;
            }

            answer.Memory?.Hold(1);
            call.Answers.Span[wait.Index] = answer;
            _waiting--;
            if (--call.Pending == 0)
            {
                Complete(call, default);
            }
        }

        read.Waits = null;

        // The read's own: nobody looks at it any more.
        answer.Release();
    }

    /// <summary>Fails the reads that are not sent yet.</summary>
    public void FailWaiting()
    {
        while (_queue.TryDequeue(out var read))
        {
            Finish(read, OnlineReadAnswer.Unavailable);
        }
    }

    /// <summary>Ends a call: what is not there is unavailable to it, or the call is cancelled. Its reads go on for the others.</summary>
    public void GiveUp(OnlineReadCall call, CancellationToken cancellationToken)
    {
        if (call.IsComplete)
        {
            return;
        }

        for (var wait = call.Waits; wait is not null; wait = wait.NextOfCall)
        {
            if (!wait.Read.IsFinished)
            {
                wait.Read.Wanted--;
                call.Answers.Span[wait.Index] = OnlineReadAnswer.Unavailable;
            }
        }

        _waiting -= call.Pending;
        Complete(call, cancellationToken);
    }

    /// <summary>Ends the calls whose time is over.</summary>
    /// <returns>When the next one is due; <see cref="long.MaxValue"/>: none waits for a time.</returns>
    public long GiveUpDue(long now)
    {
        var next = long.MaxValue;
        for (var call = _newest; call is not null;)
        {
            var older = call.Previous;
            if (call.Due <= now)
            {
                GiveUp(call, default);
            }
            else
            {
                next = Math.Min(next, call.Due);
            }

            call = older;
        }

        return next;
    }

    /// <summary>The calls that have ended since this was asked last: to be told once the lock is free.</summary>
    public List<OnlineReadCall>? TakeEnded()
    {
        if (_ended.Count == 0)
        {
            return null;
        }

        var ended = _ended;
        _ended = [];
        return ended;
    }

    /// <summary>Completes the call; it is told by whoever takes the ended ones.</summary>
    private void Complete(OnlineReadCall call, CancellationToken cancellationToken)
    {
        if (call.Next is { } next)
        {
            next.Previous = call.Previous;
        }
        else
        {
            _newest = call.Previous;
        }

        if (call.Previous is { } previous)
        {
            previous.Next = call.Next;
        }

        call.Previous = null;
        call.Next = null;
        call.Complete(cancellationToken);
        _ended.Add(call);
    }

    /// <summary>Calls that gave up have left reads behind that nobody wants.</summary>
    private void RemoveUnwanted()
    {
        var wanted = new Queue<SharedOnlineRead>(_queue.Count);
        while (_queue.TryDequeue(out var read))
        {
            if (read.Wanted > 0)
            {
                wanted.Enqueue(read);
            }
            else
            {
                _reads.Remove(read.Key);
            }
        }

        _queue = wanted;
    }

    /// <summary>Hashes the one part that differs between most reads; compares all.</summary>
    private sealed class KeyComparer : IEqualityComparer<OnlineReadKey>
    {
        public static KeyComparer Instance { get; } = new();

        public bool Equals(OnlineReadKey x, OnlineReadKey y) => ReferenceEquals(x.Fields, y.Fields) && x.Entity == y.Entity;

        public int GetHashCode(OnlineReadKey obj) => string.GetHashCode(obj.Entity.Key, StringComparison.Ordinal);
    }
}

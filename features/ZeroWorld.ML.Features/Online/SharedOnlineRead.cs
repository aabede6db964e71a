using System.Threading.Tasks.Sources;

namespace ZeroWorld.ML.Features;

/// <summary>One read of the store that several calls may wait for. Guarded by the coalescer's lock.</summary>
internal sealed class SharedOnlineRead(OnlineReadCoalescer owner, OnlineReadKey key) : OnlineRead(key.Entity, key.Fields)
{
    public OnlineReadKey Key => new(Entity, Fields);

    /// <summary>Head of the chain of waits.</summary>
    public OnlineReadWait? Waits { get; set; }

    /// <summary>Waits whose call has not given up. A read that nobody wants any more is not sent.</summary>
    public int Wanted { get; set; }

    /// <summary>What it was sent with; <see langword="null"/>: it was not sent yet.</summary>
    public OnlineMultiGet? MultiGet { get; set; }

    /// <summary>Whether every call that waits has been told.</summary>
    public bool IsFinished { get; set; }

    private protected override void OnFinished() => owner.OnFinished([this]);

    private protected override void OnFinished(ReadOnlySpan<OnlineRead> together)
    {
        foreach (var read in together)
        {
            if (read is not SharedOnlineRead shared || !shared.IsOf(owner))
            {
                base.OnFinished(together);
                return;
            }
        }

        owner.OnFinished(together);
    }

    private bool IsOf(OnlineReadCoalescer coalescer) => coalescer == owner;
}

/// <summary>That one call waits for one read: a link of the read's chain and of the call's chain.</summary>
internal sealed class OnlineReadWait(OnlineReadCall call, int index, SharedOnlineRead read)
{
    public OnlineReadCall Call { get; } = call;

    /// <summary>Where the answer goes.</summary>
    public int Index { get; } = index;

    public SharedOnlineRead Read { get; } = read;

    public OnlineReadWait? NextOfRead { get; set; }

    public OnlineReadWait? NextOfCall { get; set; }
}

/// <summary>One call of <see cref="OnlineReadCoalescer.TryReadAsync"/>. Guarded by the coalescer's lock, apart from what its awaiter calls.</summary>
internal sealed class OnlineReadCall(OnlineReadCoalescer owner, Memory<OnlineReadAnswer> answers, int pending, long due) : IValueTaskSource<bool>
{
    private ManualResetValueTaskSourceCore<bool> _core;
    private CancellationTokenRegistration _registration;
    private CancellationToken _canceled;

    public OnlineReadCoalescer Owner { get; } = owner;

    /// <summary>The caller's own memory: not touched once the call is complete.</summary>
    public Memory<OnlineReadAnswer> Answers { get; } = answers;

    /// <summary>Timestamp at which the caller goes on without what is missing; <see cref="long.MaxValue"/>: never.</summary>
    public long Due { get; } = due;

    /// <summary>Number of its reads.</summary>
    public int Reads { get; } = pending;

    /// <summary>Answers that are still missing.</summary>
    public int Pending { get; set; } = pending;

    public OnlineReadWait? Waits { get; set; }

    public bool IsComplete { get; private set; }

    /// <summary>Neighbours in the chain of calls that wait.</summary>
    public OnlineReadCall? Previous { get; set; }

    public OnlineReadCall? Next { get; set; }

    /// <summary>Lets the token end the call. Called by the caller, before it awaits.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(
                static (state, token) =>
                {
                    var call = (OnlineReadCall)state!;
                    call.Owner.GiveUp(call, token);
                },
                this);
        }

        return new ValueTask<bool>(this, _core.Version);
    }

    /// <summary>Ends the call; its caller hears of it by <see cref="Tell"/>.</summary>
    public void Complete(CancellationToken cancellationToken)
    {
        IsComplete = true;
        Waits = null;
        _canceled = cancellationToken;
    }

    /// <summary>What the caller of a complete call does next is done here. Not under the lock.</summary>
    public void Tell()
    {
        if (_canceled.IsCancellationRequested)
        {
            _core.SetException(new OperationCanceledException(_canceled));
        }
        else
        {
            _core.SetResult(true);
        }
    }

    public bool GetResult(short token)
    {
        _registration.Dispose();
        return _core.GetResult(token);
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}

/// <summary>Reads that were sent together.</summary>
internal sealed class OnlineMultiGet(List<OnlineRead> reads, long started)
{
    public List<OnlineRead> Reads { get; } = reads;

    /// <summary>Timestamp.</summary>
    public long Started { get; } = started;

    /// <summary>Whether a part of it has come: what is missing then lies on a server that is slower than others, and holds back nothing.</summary>
    public bool IsPartlyAnswered { get; set; }
}

using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace ZeroWorld.ML.Serving;

/// <summary>One request's rows on their way through a <see cref="BatchScheduler"/>. It completes exactly once.</summary>
/// <remarks>
/// A task that waits can be abandoned by its caller, or run out of time, at any moment; one that runs cannot, so that no caller takes back a buffer that the model still reads.
/// </remarks>
internal sealed class InferenceTask(BatchScheduler owner, TensorBuffer[] inputs, int rows, in RequestUrgency urgency, long delayAt, long enqueued) : IValueTaskSource<BatchOutputs>
{
    private const int Waiting = 0;
    private const int Started = 1;
    private const int Ended = 2;

    // The continuation runs elsewhere, unless Tell says otherwise: whoever completes it has other tasks to answer.
    private ManualResetValueTaskSourceCore<BatchOutputs> _core = new() { RunContinuationsAsynchronously = true };
    private BatchOutputs _outputs;
    private Exception? _failure;
    private CancellationTokenRegistration _registration;
    private int _state;

    /// <summary>One per input of the signature, in its order.</summary>
    public TensorBuffer[] Inputs { get; } = inputs;

    public int Rows { get; } = rows;

    /// <summary>Room that the task takes in the queue: a request without rows takes some too, or it could be queued without end.</summary>
    public int QueueRows => Math.Max(Rows, 1);

    /// <summary>Its level: 1 is the first.</summary>
    public int Priority { get; } = urgency.Priority;

    /// <summary>Timestamp after which it stands behind all others; <see cref="long.MaxValue"/>: never, or it does already.</summary>
    public long DelayAt { get; set; } = delayAt;

    /// <summary>Timestamp after which it must not run; <see cref="long.MaxValue"/>: never.</summary>
    public long Due { get; } = urgency.Due == 0 ? long.MaxValue : urgency.Due;

    /// <summary>Timestamp.</summary>
    public long Enqueued { get; } = enqueued;

    /// <summary>The span of its request; <see langword="null"/>: it is not traced.</summary>
    public Activity? Trace { get; } = BatchTrace.CurrentRequest;

    public bool IsWaiting => Volatile.Read(ref _state) == Waiting;

    /// <summary>Waits for the rows to have run; the token ends the task if it has not started by then. Called once.</summary>
    public ValueTask<BatchOutputs> WaitAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(static (state, token) => ((InferenceTask)state!).Abandon(token), this);
        }

        return new ValueTask<BatchOutputs>(this, _core.Version);
    }

    /// <returns><see langword="false"/> when the caller has gone: the task must not run.</returns>
    public bool TryStart()
    {
        if (Interlocked.CompareExchange(ref _state, Started, Waiting) != Waiting)
        {
            return false;
        }

        owner.OnLeft(this);
        return true;
    }

    /// <summary>Ends a task whose time is over, if it still waits.</summary>
    /// <returns>Whether it did.</returns>
    public bool TryExpire() =>
        TryEnd(static _ => new ServingException(ServingError.DeadlineExceeded, "Request timeout expired: its turn did not come in time."), default);

    /// <summary>Gives a task that was started its result; its caller hears of it by <see cref="Tell"/>.</summary>
    public void Finish(in BatchOutputs outputs) => _outputs = outputs;

    /// <inheritdoc cref="Finish(in BatchOutputs)"/>
    public void Finish(Exception failure) => _failure = failure;

    /// <summary>Ends a finished task: what its caller does next is done here.</summary>
    public void Tell()
    {
        _core.RunContinuationsAsynchronously = false;
        if (_failure is null)
        {
            _core.SetResult(_outputs);
        }
        else
        {
            _core.SetException(_failure);
        }
    }

    public BatchOutputs GetResult(short token)
    {
        _registration.Dispose();
        return _core.GetResult(token);
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Abandon(CancellationToken cancellationToken) => TryEnd(static token => new OperationCanceledException(token), cancellationToken);

    private bool TryEnd(Func<CancellationToken, Exception> createException, CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, Ended, Waiting) != Waiting)
        {
            return false;
        }

        owner.OnLeft(this);
        _core.SetException(createException(cancellationToken));
        return true;
    }
}

using System.Threading.Tasks.Sources;

namespace ZeroWorld.ML.Serving;

/// <summary>One request's rows on their way through a <see cref="BatchScheduler"/>. It completes exactly once.</summary>
/// <remarks>
/// A task that waits can be abandoned by its caller at any moment; one that runs cannot, so that no caller takes back a buffer that the model still reads.
/// </remarks>
internal sealed class InferenceTask(TensorBuffer[] inputs, int rows, long enqueuedTimestamp) : IValueTaskSource<BatchOutputs>
{
    private const int Waiting = 0;
    private const int Running = 1;
    private const int Abandoned = 2;

    // The continuation runs elsewhere: the scheduler's loop has other tasks to answer.
    private ManualResetValueTaskSourceCore<BatchOutputs> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private int _state;

    /// <summary>One per input of the signature, in its order.</summary>
    public TensorBuffer[] Inputs { get; } = inputs;

    public int Rows { get; } = rows;

    /// <summary>Room that the task takes in the queue: a request without rows takes some too, or it could be queued without end.</summary>
    public int QueueRows => Math.Max(Rows, 1);

    /// <summary>Timestamp of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    public long EnqueuedTimestamp { get; } = enqueuedTimestamp;

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
    public bool TryStart() => Interlocked.CompareExchange(ref _state, Running, Waiting) == Waiting;

    /// <summary>Ends a task that was started.</summary>
    public void SetResult(in BatchOutputs outputs) => _core.SetResult(outputs);

    /// <inheritdoc cref="SetResult"/>
    public void SetException(Exception exception) => _core.SetException(exception);

    public BatchOutputs GetResult(short token)
    {
        _registration.Dispose();
        return _core.GetResult(token);
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    /// <summary>Ends the task if it still waits.</summary>
    private void Abandon(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, Abandoned, Waiting) == Waiting)
        {
            _core.SetException(new OperationCanceledException(cancellationToken));
        }
    }
}

namespace ZeroWorld.ML.Serving;

/// <summary>One request's rows on their way through a <see cref="BatchScheduler"/>. Its task completes exactly once.</summary>
/// <remarks>
/// A task that waits can be abandoned by its caller at any moment; one that runs cannot, so that no caller takes back a buffer that the model still reads.
/// </remarks>
internal sealed class InferenceTask(TensorBuffer[] inputs, int rows, long enqueuedTimestamp)
    : TaskCompletionSource<BatchOutputs>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    private const int Waiting = 0;
    private const int Running = 1;
    private const int Abandoned = 2;
    private int _state;

    /// <summary>One per input of the signature, in its order.</summary>
    public TensorBuffer[] Inputs { get; } = inputs;

    public int Rows { get; } = rows;

    /// <summary>Room that the task takes in the queue: a request without rows takes some too, or it could be queued without end.</summary>
    public int QueueRows => Math.Max(Rows, 1);

    /// <summary>Timestamp of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    public long EnqueuedTimestamp { get; } = enqueuedTimestamp;

    /// <returns><see langword="false"/> when the caller has gone: the task must not run.</returns>
    public bool TryStart() => Interlocked.CompareExchange(ref _state, Running, Waiting) == Waiting;

    /// <summary>Ends the task if it still waits.</summary>
    public void Abandon(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, Abandoned, Waiting) == Waiting)
        {
            TrySetCanceled(cancellationToken);
        }
    }
}

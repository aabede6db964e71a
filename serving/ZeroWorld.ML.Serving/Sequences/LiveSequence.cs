namespace ZeroWorld.ML.Serving;

/// <summary>A sequence that has begun, or waits for a seat. Changed under the lock of its <see cref="SequenceRunner"/>.</summary>
internal sealed class LiveSequence
{
    public LiveSequence(SequenceId id, IReadOnlyList<TensorBuffer> states) => (Id, States, Place) = (id, states, new LinkedListNode<LiveSequence>(this));

    public SequenceId Id { get; }

    /// <summary>What its last request left.</summary>
    public IReadOnlyList<TensorBuffer> States { get; set; }

    /// <summary>Those that wait for their turn.</summary>
    public LinkedList<SequenceRequest> Requests { get; } = new();

    /// <summary>Among the idle ones, or in the backlog.</summary>
    public LinkedListNode<LiveSequence> Place { get; }

    public bool IsSeated { get; set; }

    /// <summary>Whether a request runs, or has its turn.</summary>
    public bool IsBusy { get; set; }

    /// <summary>Whether it takes no further requests.</summary>
    public bool IsClosed { get; set; }

    /// <summary>A timestamp of the runner's clock.</summary>
    public long IdleSince { get; set; }
}

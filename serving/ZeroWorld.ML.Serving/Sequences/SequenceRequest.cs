namespace ZeroWorld.ML.Serving;

/// <summary>A request of a sequence, from its arrival to its turn. Changed under the lock of its <see cref="SequenceRunner"/>.</summary>
internal sealed class SequenceRequest
{
    public SequenceRequest(TensorBuffer[] inputs, in SequencePlace position) => (Inputs, Position, Place) = (inputs, position, new LinkedListNode<SequenceRequest>(this));

    public TensorBuffer[] Inputs { get; }

    public SequencePlace Position { get; }

    /// <summary>Among the waiting ones of its sequence; in no list once its turn has come, or never will.</summary>
    public LinkedListNode<SequenceRequest> Place { get; }

    /// <summary>Ends when it may run, or with why it never will.</summary>
    public TaskCompletionSource Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

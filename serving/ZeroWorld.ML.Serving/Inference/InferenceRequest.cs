namespace ZeroWorld.ML.Serving;

/// <summary>A call of a model with tensors: ModelInfer of the Open Inference Protocol, decoded.</summary>
public sealed class InferenceRequest
{
    /// <value><c>MODEL</c> in the project <c>default</c>, or <c>PROJECT/MODEL</c>.</value>
    public required string ModelName { get; init; }

    /// <value>As in the request: empty, digits or an alias.</value>
    public string ModelVersion { get; init; } = "";

    public required IReadOnlyList<InferenceInput> Inputs { get; init; }

    /// <value>Names of the wanted outputs in the wanted order; empty for all.</value>
    public IReadOnlyList<string> Outputs { get; init; } = [];

    /// <summary>How long the call may take from now; what still waits then is not run.</summary>
    /// <value><see langword="null"/>: as long as its token allows.</value>
    public TimeSpan? Timeout { get; init; }

    /// <summary>When the caller stops waiting: a batch is closed early enough for it.</summary>
    /// <value><see langword="null"/>: never.</value>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>When its message was given to the decoder.</summary>
    /// <value>A timestamp of <see cref="System.Diagnostics.Stopwatch"/>; 0: now.</value>
    public long Received { get; init; }

    /// <summary>Its place in a sequence, for models whose requests belong to some.</summary>
    public SequencePlace Sequence { get; init; }

    /// <summary>1 (first) to 10 (last); 0: the middle.</summary>
    public int Priority { get; init; }
}

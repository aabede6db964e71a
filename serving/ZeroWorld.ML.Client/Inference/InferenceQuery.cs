using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Client;

/// <summary>A call of a model with tensors.</summary>
/// <remarks>Not changed by a call; the bytes of its inputs are sent in place and must not change until the call has ended.</remarks>
public sealed class InferenceQuery
{
    /// <value><c>MODEL</c>; of another project than <c>default</c> <c>PROJECT/MODEL</c>.</value>
    public required string Model { get; init; }

    /// <value>A version, an alias, or empty for the server's choice.</value>
    public string Version { get; init; } = "";

    /// <summary>All inputs of the model.</summary>
    public required IReadOnlyList<WireTensor> Inputs { get; init; }

    /// <value>Outputs wanted, in order; empty for all.</value>
    public IReadOnlyList<string> Outputs { get; init; } = [];

    /// <summary>Comes back with the answer.</summary>
    public string Id { get; init; } = "";

    /// <summary>1 is the highest.</summary>
    /// <value>0: the model's default.</value>
    public int Priority { get; init; }

    /// <summary>How long the call may take. The server is told, and does not run what is too late.</summary>
    /// <value><see langword="null"/>: as the client's options say.</value>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Where it stands among the calls of an <see cref="InferenceSequence"/>; <see langword="null"/>: it is none of any.</summary>
    internal SequencePlace? Sequence { get; init; }

    internal readonly record struct SequencePlace(ulong Id, bool IsStart, bool IsEnd);
}

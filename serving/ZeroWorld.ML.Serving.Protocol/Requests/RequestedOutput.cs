namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>An output that a request asks for, and the form it wants it in.</summary>
/// <param name="Name">Name of the tensor.</param>
public sealed record RequestedOutput(string Name)
{
    /// <value>0: the tensor itself. Else the greatest elements of each row, this many, as BYTES <c>value:index[:label]</c>.</value>
    public int Classes { get; init; }

    /// <value>Where the tensor is written instead of into the answer.</value>
    public SharedMemoryRange? SharedMemory { get; init; }

    /// <value>REST only: whether the tensor follows the JSON as bytes; <see langword="null"/>: as the request says for all.</value>
    public bool? IsBinary { get; init; }
}

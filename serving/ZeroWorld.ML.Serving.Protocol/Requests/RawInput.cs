using System.Buffers;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>An input whose elements came as raw bytes.</summary>
/// <param name="name">Name of the tensor.</param>
/// <param name="datatype">As it was sent.</param>
/// <param name="shape">All dimensions.</param>
/// <param name="raw">Where its bytes are: in the message.</param>
public readonly ref struct RawInput(string name, string datatype, ReadOnlySpan<long> shape, ReadOnlySequence<byte> raw)
{
    public string Name { get; } = name;

    public string Datatype { get; } = datatype;

    public ReadOnlySpan<long> Shape { get; } = shape;

    public ReadOnlySequence<byte> Raw { get; } = raw;
}

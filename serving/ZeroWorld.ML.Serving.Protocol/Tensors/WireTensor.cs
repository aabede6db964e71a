namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>A tensor as the Open Inference Protocol moves it.</summary>
/// <param name="Name">Name of the tensor.</param>
/// <param name="Datatype">As it was sent; one of <see cref="TensorDatatype"/> where it was checked.</param>
/// <param name="Shape">All dimensions; empty for a scalar.</param>
/// <param name="Data">
/// Row-major, little-endian, without padding. BYTES: per element its length as u32 and its bytes. May lie in the message it came from: valid as long as that is.
/// </param>
public sealed record WireTensor(string Name, string Datatype, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Data);

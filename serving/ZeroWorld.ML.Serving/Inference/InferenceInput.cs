namespace ZeroWorld.ML.Serving;

/// <summary>One input tensor as the wire brought it.</summary>
/// <param name="Name">Name of the tensor.</param>
/// <param name="Datatype">Name of its datatype: FP32, INT64, BYTES...</param>
/// <param name="Shape">All dimensions.</param>
/// <param name="Raw">
/// Row-major, little-endian, no padding; BYTES as uint32 length and bytes per element. Typed contents are brought into this form by the decoder. Not copied:
/// it must stay unchanged until the call has ended, and for good where the request has a timeout of its own: what runs is not stopped by it.
/// </param>
public readonly record struct InferenceInput(string Name, string Datatype, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Raw);

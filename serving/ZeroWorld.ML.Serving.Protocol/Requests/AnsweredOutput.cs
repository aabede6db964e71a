namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>An output of an answer.</summary>
/// <param name="Tensor">The tensor; its data is not sent where it was written into shared memory.</param>
/// <param name="SharedMemory">Where it was written instead, with the bytes that it takes there.</param>
/// <param name="IsBinary">REST only: whether its data follows the JSON as bytes.</param>
public readonly record struct AnsweredOutput(WireTensor Tensor, SharedMemoryRange? SharedMemory = null, bool IsBinary = false);

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Where a tensor lies outside of its message: the parameters <c>shared_memory_region</c>, <c>_offset</c> and <c>_byte_size</c>.</summary>
/// <param name="Region">Name under which the region was registered.</param>
/// <param name="Offset">Bytes from the start of the region; 0 or more.</param>
/// <param name="ByteSize">Bytes of the tensor (input), or room for it (output); 0 or more.</param>
public readonly record struct SharedMemoryRange(string Region, long Offset, long ByteSize);

/// <summary>Reads an input tensor from shared memory into memory of its own.</summary>
/// <param name="tensor">Name of the tensor, for messages.</param>
public delegate ReadOnlyMemory<byte> SharedMemoryReader(string tensor, SharedMemoryRange range);

using Microsoft.Win32.SafeHandles;

namespace ZeroWorld.ML.Hosting;

/// <summary>A part of a POSIX shared memory object that a client registered.</summary>
/// <param name="Name">Its name in requests.</param>
/// <param name="Key">Name of the object: <c>/NAME</c>.</param>
/// <param name="Offset">Bytes from the start of the object.</param>
/// <param name="ByteSize">Bytes of the part.</param>
/// <param name="Handle">The object, open.</param>
internal sealed record SharedMemoryRegion(string Name, string Key, long Offset, long ByteSize, SafeFileHandle Handle);

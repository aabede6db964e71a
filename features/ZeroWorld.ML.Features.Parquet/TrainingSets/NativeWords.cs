using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Zeros in memory of the system, in large pages, which are given back when this is disposed and not when a collection finds out.</summary>
/// <remarks>Whoever uses the address holds this meanwhile. Disposing twice is allowed. Not thread safe.</remarks>
internal sealed unsafe class NativeWords : IDisposable
{
    /// <param name="bytes">0 or more.</param>
    /// <exception cref="OutOfMemoryException">The system has no room.</exception>
    public NativeWords(long bytes)
    {
        // New pages are zeros by themselves, and are not written for it.
        Start = (nint)NativeMemory.AllocZeroed((nuint)Math.Max(bytes, 1));
        Bytes = bytes;
        LargePages.Advise((nuint)Start, (nuint)bytes);
        GC.AddMemoryPressure(Math.Max(bytes, 1));
    }

    ~NativeWords() => Free();

    /// <summary>Address of the first byte; 0 when it was given back.</summary>
    public nint Start { get; private set; }

    public long Bytes { get; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (Start != 0)
        {
            NativeMemory.Free((void*)Start);
            GC.RemoveMemoryPressure(Math.Max(Bytes, 1));
            Start = 0;
        }
    }
}

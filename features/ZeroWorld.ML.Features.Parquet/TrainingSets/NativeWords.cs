using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Memory of the system, in large pages, which is given back when this is disposed and not when a collection finds out.</summary>
/// <remarks>Whoever uses the address holds this meanwhile. Disposing twice is allowed. Not thread safe.</remarks>
internal sealed unsafe class NativeWords : IDisposable
{
    /// <param name="bytes">0 or more.</param>
    /// <exception cref="OutOfMemoryException">The system has no room.</exception>
    public NativeWords(long bytes)
    {
        if (MemoryReserve.TryTake(bytes, out var start, out var kept))
        {
            (Start, Bytes) = (start, kept);
            return;
        }

        // New pages are zeros by themselves, and are not written for it.
        Start = (nint)NativeMemory.AllocZeroed((nuint)Math.Max(bytes, 1));
        (Bytes, AreZeros) = (bytes, true);
        LargePages.Advise((nuint)Start, (nuint)bytes);
        GC.AddMemoryPressure(Math.Max(bytes, 1));
    }

    ~NativeWords() => Free(Start, Bytes);

    /// <summary>Address of the first byte; 0 when it was given back.</summary>
    public nint Start { get; private set; }

    /// <summary>As many as were asked for, or more.</summary>
    public long Bytes { get; }

    /// <summary>Whether nothing but zeros lies there at first; else it is whatever another one left.</summary>
    public bool AreZeros { get; }

    public void Dispose()
    {
        if (Start != 0)
        {
            MemoryReserve.Keep(Start, Bytes);
            Start = 0;
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Gives memory back to the system.</summary>
    public static void Free(nint start, long bytes)
    {
        if (start != 0)
        {
            NativeMemory.Free((void*)start);
            GC.RemoveMemoryPressure(Math.Max(bytes, 1));
        }
    }
}

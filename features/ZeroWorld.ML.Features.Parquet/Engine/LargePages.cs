using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Memory of the system in large pages, handed out in pieces and given back as a whole: it is there with few faults, of which small pages need one per 4 KiB.</summary>
/// <remarks>Not thread safe.</remarks>
internal sealed unsafe partial class LargePages : IDisposable
{
    /// <summary>Bytes of a large page.</summary>
    public const int PageBytes = 1 << 21;

    // Pieces begin where a line of the processor's cache does.
    private const int Alignment = 64;

    // MADV_HUGEPAGE of madvise(2).
    private const int AdviceLarge = 14;

    private readonly List<nint> _taken = [];
    private byte* _next;
    private long _left;

    /// <summary>Bytes that were handed out.</summary>
    public long Bytes { get; private set; }

    /// <summary>Asks for large pages where whole ones lie in a range.</summary>
    /// <remarks>A hint: where the system has no large pages, or gives none, the small ones do.</remarks>
    public static void Advise(nuint first, nuint bytes)
    {
        var start = (first + PageBytes - 1) & ~(nuint)(PageBytes - 1);
        var end = (first + bytes) & ~(nuint)(PageBytes - 1);
        if (OperatingSystem.IsLinux() && start < end)
        {
            _ = Advise(start, end - start, AdviceLarge);
        }
    }

    /// <returns>Bytes in which anything may lie, good until this is disposed.</returns>
    public byte* Take(long length)
    {
        length = (length + Alignment - 1) & ~(Alignment - 1);
        Bytes += length;
        if (length > PageBytes)
        {
            return Allocate(length);
        }

        if (length > _left)
        {
            _next = Allocate(PageBytes);
            _left = PageBytes;
        }

        var taken = _next;
        _next += length;
        _left -= length;
        return taken;
    }

    public void Dispose()
    {
        foreach (var memory in _taken)
        {
            NativeMemory.AlignedFree((void*)memory);
        }

        _taken.Clear();
        _next = null;
        (_left, Bytes) = (0, 0);
    }

    private byte* Allocate(long length)
    {
        var memory = (byte*)NativeMemory.AlignedAlloc((nuint)length, PageBytes);
        _taken.Add((nint)memory);
        Advise((nuint)memory, (nuint)length);
        return memory;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(nuint address, nuint bytes, int advice);
}

using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Serving;

/// <summary>Memory of this process outside the managed heap: what models take.</summary>
internal static partial class NativeMemory
{
    private static readonly bool HasMallocInfo = TryReadAllocator(out _);

    /// <summary>Bytes that native code holds now.</summary>
    /// <remarks>
    /// On glibc the bytes in use in all arenas of its allocator and in blocks that it mapped (mallinfo2): exact, whatever the page cache, the managed heap and the pages that the
    /// allocator keeps do meanwhile. Elsewhere the resident memory of the process.
    /// </remarks>
    public static long ReadInUse() => HasMallocInfo && TryReadAllocator(out var bytes) ? bytes : Environment.WorkingSet;

    /// <summary>Gives the pages that the allocator keeps for later back to the system, where it can.</summary>
    public static void Trim()
    {
        if (HasMallocInfo)
        {
            _ = MallocTrim(0);
        }
    }

    private static bool TryReadAllocator(out long bytes)
    {
        bytes = 0;
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        try
        {
            var info = ReadMallocInfo();
            bytes = (long)(info.BytesInUse + info.MappedBytes);
            return true;
        }
        catch (EntryPointNotFoundException)
        {
            // musl has no such thing, and glibc before 2.33 only counts to 2 GiB.
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial MallocInfo ReadMallocInfo();

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint pad);

    /// <summary>struct mallinfo2 of glibc.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MallocInfo
    {
        public nuint ArenaBytes;
        public nuint FreeChunks;
        public nuint FastFreeChunks;
        public nuint MappedBlocks;
        public nuint MappedBytes;
        public nuint HighWaterBytes;
        public nuint FastFreeBytes;
        public nuint BytesInUse;
        public nuint BytesFree;
        public nuint ReleasableBytes;
    }
}

using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Arrays of hundreds of megabytes that are read and written all over: in large pages they are there sooner, and their addresses are found in the processor's table.</summary>
internal static unsafe partial class LargeArray
{
    private const int LargePageBytes = 1 << 21;

    // MADV_HUGEPAGE of madvise(2).
    private const int LargePages = 14;

    /// <summary>A new array of zeros.</summary>
    public static T[] CreateZeros<T>(int length)
        where T : unmanaged => Advise(new T[length]);

    /// <summary>A new array of whatever was there: for what is written before it is read.</summary>
    public static T[] Create<T>(int length)
        where T : unmanaged => Advise(GC.AllocateUninitializedArray<T>(length));

    private static T[] Advise<T>(T[] array)
        where T : unmanaged
    {
        var bytes = (nuint)array.Length * (nuint)sizeof(T);
        if (OperatingSystem.IsLinux() && bytes >= 2 * LargePageBytes)
        {
            fixed (T* first = array)
            {
                var start = ((nuint)first + LargePageBytes - 1) & ~(nuint)(LargePageBytes - 1);
                var end = ((nuint)first + bytes) & ~(nuint)(LargePageBytes - 1);

                // A hint: where the system has no large pages, or gives none, the small ones do.
                _ = Advise(start, end - start, LargePages);
            }
        }

        return array;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(nuint address, nuint bytes, int advice);
}

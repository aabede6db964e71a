using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Hosting;

/// <summary>A limit on the size of files (<c>ulimit -f</c>) as a write that fails, with its sentence, instead of the end of the process amid it.</summary>
/// <remarks>
/// The signal is ignored by the system itself: a handler of the runtime runs beside the write, and too late. What the process starts later ignores it too. A limit
/// below 2 GiB ends the runtime before any of this, unless <c>DOTNET_EnableWriteXorExecute</c> is 0.
/// </remarks>
public static partial class FileSizeLimit
{
    // SIGXFSZ and SIG_IGN of Linux, on every processor that .NET runs on.
    private const int Exceeded = 25;
    private const nint Ignored = 1;

    /// <summary>From now on; does nothing where the system has no such signal.</summary>
    public static void FailWrites()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Signal(Exceeded, Ignored);
        }
    }

    [LibraryImport("libc", EntryPoint = "signal")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Signal(int signal, nint handler);
}

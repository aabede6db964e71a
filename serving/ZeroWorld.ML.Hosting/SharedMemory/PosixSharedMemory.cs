using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ZeroWorld.ML.Hosting;

/// <summary>Opens POSIX shared memory objects that somebody else created.</summary>
internal static partial class PosixSharedMemory
{
    private const int NameLengthMax = 255;
    private const int ReadWrite = 2;

    /// <summary>Whether this system has them.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>Whether a text names one object and can lead nowhere else.</summary>
    public static bool IsName(string name) => name.Length is > 0 and < NameLengthMax && name.IndexOfAny(['/', '\0']) < 0 && name is not ("." or "..");

    /// <returns><see langword="null"/> when there is no such object, or it may not be opened.</returns>
    /// <remarks>The call follows no symbolic link, so that nobody can lead this process to another file.</remarks>
    public static SafeFileHandle? TryOpen(string name)
    {
        var descriptor = Open($"/{name}", ReadWrite, 0);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    [LibraryImport("libc", EntryPoint = "shm_open", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string name, int flags, uint mode);
}

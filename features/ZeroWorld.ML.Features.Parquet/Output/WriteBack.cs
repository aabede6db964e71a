using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Sends a file to the disk while it is still being written: who flushes it in the end finds little left to wait for. Not thread safe.</summary>
/// <remarks>A hint: where the system has no such call, or refuses it, the flush does all.</remarks>
internal sealed partial class WriteBack(SafeFileHandle file)
{
    private const long StepBytes = 16 << 20;

    // SYNC_FILE_RANGE_WRITE of sync_file_range(2): begins to write, and does not wait.
    private const uint Begin = 2;

    private long _sent;

    /// <summary>Call it now and then.</summary>
    /// <param name="written">Bytes of the file that are written.</param>
    public void Send(long written)
    {
        if (OperatingSystem.IsLinux() && written - _sent >= StepBytes)
        {
            _ = SyncFileRange((int)file.DangerousGetHandle(), _sent, written - _sent, Begin);
            _sent = written;
        }
    }

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SyncFileRange(int file, long offset, long bytes, uint flags);
}

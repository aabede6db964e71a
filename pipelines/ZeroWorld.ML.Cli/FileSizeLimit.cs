using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Cli;

/// <summary>A limit on the size of files (<c>ulimit -f</c>) as a write that fails, with its sentence, instead of the end of the process amid it.</summary>
internal static class FileSizeLimit
{
    // SIGXFSZ of Linux, which ends a process that nobody told otherwise.
    private const PosixSignal Exceeded = (PosixSignal)25;

    /// <returns>Holds until it is disposed; <see langword="null"/> where the system has no such signal.</returns>
    public static IDisposable? Tell() => OperatingSystem.IsLinux() ? PosixSignalRegistration.Create(Exceeded, static context => context.Cancel = true) : null;
}

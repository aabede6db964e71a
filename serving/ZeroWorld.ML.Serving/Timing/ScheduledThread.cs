using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Serving;

/// <summary>The calling thread as the kernel schedules it: how long its turns are, and what it has taken of the processor.</summary>
/// <remarks>
/// Linux asks a thread how long its slices should be (sched(7), since 6.12): whoever wakes with a shorter one runs at once in place of one with a long slice, and no thread gets more or less of the processor by it.
/// A thread that computes for milliseconds takes long ones, the one that has to be on time short ones: so what has to be answered on time does not wait for the end of a slice of a model, which is 3 ms by default.
/// Elsewhere, and on older kernels, nothing changes.
/// </remarks>
internal static partial class ScheduledThread
{
    /// <summary>The longest that the kernel takes.</summary>
    private const ulong LongNanoseconds = 100_000_000;

    /// <summary>The shortest that the kernel takes.</summary>
    private const ulong ShortNanoseconds = 100_000;

    private const int ThreadClock = 3;

    /// <summary>Asks for long slices for the calling thread, for as long as it lives: it computes, and nobody waits for it by the microsecond.</summary>
    /// <returns>Whether the kernel took it.</returns>
    public static bool TryLengthenSlices() => TrySetSlices(LongNanoseconds);

    /// <summary>Asks for short slices for the calling thread, for as long as it lives: it runs for microseconds, and at the moment when it wakes.</summary>
    /// <returns>Whether the kernel took it.</returns>
    public static bool TryShortenSlices() => TrySetSlices(ShortNanoseconds);

    /// <summary>Time of the processor that the calling thread has taken.</summary>
    /// <returns>In nanoseconds; elsewhere than on Linux of the clock, which counts what others took, too.</returns>
    public static unsafe long GetProcessorTime()
    {
        TimeSpec time;
        return OperatingSystem.IsLinux() && GetTime(ThreadClock, &time) == 0
            ? (time.Seconds * 1_000_000_000L) + time.Nanoseconds
            : (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));
    }

    private static unsafe bool TrySetSlices(ulong nanoseconds)
    {
        if (!OperatingSystem.IsLinux() || Calls is not { } calls)
        {
            return false;
        }

        // Its policy and its priority stay what they are.
        Attributes attributes;
        if (Get(calls.Get, 0, &attributes, (uint)sizeof(Attributes), 0) != 0)
        {
            return false;
        }

        attributes.Runtime = nanoseconds;
        return Set(calls.Set, 0, &attributes, 0) == 0 && Get(calls.Get, 0, &attributes, (uint)sizeof(Attributes), 0) == 0 && attributes.Runtime == nanoseconds;
    }

    // Numbers of sched_setattr and sched_getattr: no library of Debian 12 has functions for them.
    private static (nint Set, nint Get)? Calls => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => (314, 315),
        Architecture.Arm64 => (274, 275),
        _ => null,
    };

    [LibraryImport("libc", EntryPoint = "syscall")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial nint Set(nint number, nint thread, Attributes* attributes, nuint flags);

    [LibraryImport("libc", EntryPoint = "syscall")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial nint Get(nint number, nint thread, Attributes* attributes, nuint size, nuint flags);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int GetTime(int clock, TimeSpec* time);

    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    /// <summary>The first version of <c>struct sched_attr</c>.</summary>
    private struct Attributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong Runtime;
        public ulong Deadline;
        public ulong Period;
    }
}

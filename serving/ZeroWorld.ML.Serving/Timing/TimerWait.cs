using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Serving;

/// <summary>Waits for a time, or until it is woken. One thread waits; any may wake it.</summary>
internal sealed partial class TimerWait : IDisposable
{
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const short Readable = 1;
    private static readonly TimeSpan WaitMax = TimeSpan.FromHours(1);
    private readonly Lock _lock = new();
    private readonly AutoResetEvent? _event;
    private int _descriptor = -1;

    public TimerWait()
    {
        _descriptor = OperatingSystem.IsLinux() ? CreateEvent(0, NonBlocking | CloseOnExec) : -1;
        _event = _descriptor < 0 ? new AutoResetEvent(false) : null;
    }

    /// <param name="time">At most; <see cref="Timeout.InfiniteTimeSpan"/>: until it is woken. It may return sooner.</param>
    public unsafe void Wait(TimeSpan time)
    {
        if (time == Timeout.InfiniteTimeSpan || time > WaitMax)
        {
            time = WaitMax;
        }

        if (_event is not null)
        {
            _event.WaitOne(TimeSpan.FromMilliseconds(Math.Ceiling(time.TotalMilliseconds)));
            return;
        }

        var poll = new PollDescriptor { Descriptor = _descriptor, Events = Readable };
        var wait = new TimeSpec { Seconds = (nint)(long)time.TotalSeconds, Nanoseconds = (nint)(time.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick) };
        if (Poll(&poll, 1, &wait, null) > 0)
        {
            // Whatever was counted is forgotten; nothing there is as good.
            long count;
            _ = Read(_descriptor, &count, sizeof(long));
        }
    }

    /// <summary>Does nothing once it is disposed.</summary>
    public unsafe void Wake()
    {
        if (_event is not null)
        {
            lock (_lock)
            {
                if (!_event.SafeWaitHandle.IsClosed)
                {
                    _event.Set();
                }
            }

            return;
        }

        lock (_lock)
        {
            if (_descriptor >= 0)
            {
                // It fails only where it is to be read already.
                var one = 1L;
                _ = Write(_descriptor, &one, sizeof(long));
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _event?.Dispose();
            if (_descriptor >= 0)
            {
                _ = Close(_descriptor);
                _descriptor = -1;
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "eventfd")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int CreateEvent(uint count, int flags);

    [LibraryImport("libc", EntryPoint = "ppoll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int Poll(PollDescriptor* descriptors, nuint count, TimeSpec* timeout, void* signals);

    [LibraryImport("libc", EntryPoint = "read")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial nint Read(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial nint Write(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);

    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}

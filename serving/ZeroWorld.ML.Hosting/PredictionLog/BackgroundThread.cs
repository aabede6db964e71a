using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Hosting;

/// <summary>Work that may take its time, on a thread that the system runs less often than others.</summary>
/// <remarks>
/// Writing a file of predictions takes half a second of processor time at once. On a thread of the pool that is half a second in which one core answers nobody.
/// The priorities of .NET threads do nothing on Linux, where each thread has a nice value of its own (setpriority(2)).
/// </remarks>
internal static partial class BackgroundThread
{
    private const int PriorityOfProcess = 0;

    // Not the least urgent (19): the collector stops every thread before it begins, and one that the system does not run cannot stop. Beside other work on the
    // machine the longest pause was 430 ms with 19, of which all but 20 ms were this wait.
    private const int LessUrgent = 5;

    /// <summary>Runs the work on such a thread. Work that awaits what is not complete yet goes on elsewhere.</summary>
    public static Task RunAsync(Func<Task> work)
    {
        var done = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            if (OperatingSystem.IsLinux())
            {
                // Of this thread: 0 is the caller. That it is refused (a sandbox) changes nothing but the speed.
                _ = SetPriority(PriorityOfProcess, 0, LessUrgent);
            }

            done.TrySetResult(Start(work));
        })
        {
            IsBackground = true,
            Name = "background",
            Priority = ThreadPriority.Lowest,
        };
        thread.Start();
        return done.Task.Unwrap();
    }

    private static Task Start(Func<Task> work)
    {
        try
        {
            return work();
        }
#pragma warning disable CA1031 // Carried to whoever awaits.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Task.FromException(exception);
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, int who, int priority);
}

namespace ZeroWorld.ML.Serving.Tests;

public sealed class ScheduledThreadTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TrySetSlices_OfAThread_LeavesItsPriorityAndOtherThreadsAlone(bool isLong)
    {
        var before = ReadPriorities();
        var (taken, after, again) = (false, default((string, string)), false);
        var ended = new TaskCompletionSource();
        new Thread(() =>
        {
            taken = TrySet();
            after = ReadPriorities();
            again = TrySet();
            ended.SetResult();
        }).Start();
        await ended.Task;

        // Kernels since 6.12 take it; others leave it.
        var version = Environment.OSVersion.Version;
        var knowsSlices = OperatingSystem.IsLinux() && version >= new Version(6, 12);
        Assert.True(!knowsSlices || taken, $"A kernel {version} did not take it.");
        Assert.Equal(taken, again);
        Assert.Equal(before, after);

        bool TrySet() => isLong ? ScheduledThread.TryLengthenSlices() : ScheduledThread.TryShortenSlices();
    }

    /// <summary>Nice value and policy of the calling thread: fields 19 and 41 of its line in proc(5).</summary>
    private static (string Nice, string Policy) ReadPriorities()
    {
        if (!OperatingSystem.IsLinux())
        {
            return default;
        }

        var text = File.ReadAllText("/proc/thread-self/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (fields[19 - 3], fields[41 - 3]);
    }
}

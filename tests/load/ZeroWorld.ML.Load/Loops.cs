using System.Diagnostics;

namespace ZeroWorld.ML.Load;

/// <summary>The two ways of asking: as fast as answers come, and as a schedule says.</summary>
internal static class Loops
{
    /// <summary>Keeps a number of calls in flight for a while.</summary>
    /// <returns>Answers per second.</returns>
    public static async Task<double> ClosedAsync(int inFlight, double seconds, Func<int, Task> call)
    {
        var started = Stopwatch.GetTimestamp();
        var answers = await Task.WhenAll(Enumerable.Range(0, inFlight).Select(async caller =>
        {
            var count = 0;
            while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
            {
                await call((caller * 7919) + count);
                count++;
            }

            return count;
        }));
        return answers.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Sends calls at a fixed rate, whether or not earlier ones were answered.</summary>
    /// <remarks>
    /// The rate is kept in bursts of one millisecond, the timer's resolution. A call's latency counts from its sending: the schedule never waits for an answer,
    /// so a slow server cannot thin out its own load.
    /// </remarks>
    /// <returns>Milliseconds per call, ascending, and how many calls failed.</returns>
    public static async Task<(double[] Latencies, int Failures)> OpenAsync(double perSecond, double seconds, Func<int, Task> call)
    {
        var latencies = new List<double>((int)(perSecond * seconds * 1.1));
        var pending = new List<Task>();
        var failures = 0;
        var sent = 0;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started).TotalSeconds is var elapsed && elapsed < seconds)
        {
            for (var due = (int)(elapsed * perSecond); sent < due; sent++)
            {
                pending.Add(OneAsync(sent));
            }

            if (pending.Count > 10_000)
            {
                pending.RemoveAll(static task => task.IsCompleted);
            }

            await timer.WaitForNextTickAsync();
        }

        await Task.WhenAll(pending);
        return ([.. latencies.Order()], failures);

        async Task OneAsync(int index)
        {
            var begun = Stopwatch.GetTimestamp();
            try
            {
                await call(index);
            }
            catch (Grpc.Core.RpcException)
            {
                Interlocked.Increment(ref failures);
                return;
            }

            var milliseconds = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            lock (latencies)
            {
                latencies.Add(milliseconds);
            }
        }
    }

    /// <param name="sorted">Ascending.</param>
    /// <param name="share">0 to 1.</param>
    public static double Percentile(double[] sorted, double share) => sorted.Length == 0 ? double.NaN : sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * share)];

    public static double Median(IEnumerable<double> values) => Percentile([.. values.Order()], 0.5);
}

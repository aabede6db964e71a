using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>Latency at half of the highest rate, in an open loop: counted from when a call was due, so that a late answer delays nobody's clock.</summary>
internal static partial class HalfLoad
{
    private const int CallersMax = 2;
    private static readonly TimeSpan FullTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan HalfTime = TimeSpan.FromSeconds(2);

    // One stop of the machine for 50 ms delays more than a hundredth of a round's calls: in turns, and by medians, it says something of itself only.
    private const int Rounds = 7;

    /// <param name="subjects">The first decides the rate, at which all are measured, in turns.</param>
    public static async Task RunAsync(CancellationToken cancellationToken, params (string Name, Func<int, Task> Operation)[] subjects)
    {
        var rate = await MeasureFullAsync(subjects[0].Operation, cancellationToken) / 2;
        var rounds = subjects.Select(static _ => new List<(double[] Latencies, double Paused, double Allocated)>()).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (index, (_, operation)) in subjects.Index())
            {
                var (paused, allocated) = (GC.GetTotalPauseDuration(), GC.GetTotalAllocatedBytes());
                var latencies = await MeasureAtAsync(rate, operation, cancellationToken);
                Array.Sort(latencies);
                rounds[index].Add((latencies, (GC.GetTotalPauseDuration() - paused).TotalMilliseconds, (double)(GC.GetTotalAllocatedBytes() - allocated) / latencies.Length));
            }
        }

        Console.WriteLine($"{$"at {rate:F0}/s, half of the highest",-34}{"p50 ms",10}{"p99 ms",10}{"p99.9 ms",10}{"p99 of best, worst round",28}{"GC ms",8}{"KB/call",9}   (open loop, latency from when a call was due; medians of {Rounds} rounds of {HalfTime.TotalSeconds} s; bar: p99 5 ms)");
        foreach (var (index, (name, _)) in subjects.Index())
        {
            double[] Sorted(double quantile) => [.. rounds[index].Select(round => Quantile(round.Latencies, quantile)).Order()];
            var p99 = Sorted(0.99);
            Console.WriteLine(
                $"{name,-34}{Quantile(Sorted(0.5), 0.5),10:F2}{Quantile(p99, 0.5),10:F2}{Quantile(Sorted(0.999), 0.5),10:F2}{p99[0],20:F2}{p99[^1],8:F2}{Quantile([.. rounds[index].Select(static round => round.Paused).Order()], 0.5),8:F1}{Quantile([.. rounds[index].Select(static round => round.Allocated).Order()], 0.5) / 1024,9:F1}");
        }
    }

    private static async Task<double> MeasureFullAsync(Func<int, Task> operation, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var calls = 0;
        await Task.WhenAll(Enumerable.Range(0, CallersMax).Select(_ => Task.Run(
            async () =>
            {
                while (clock.Elapsed < FullTime)
                {
                    await operation(Interlocked.Increment(ref calls));
                }
            },
            cancellationToken)));
        return calls / clock.Elapsed.TotalSeconds;
    }

    private static async Task<double[]> MeasureAtAsync(double rate, Func<int, Task> operation, CancellationToken cancellationToken)
    {
        var count = (int)(rate * HalfTime.TotalSeconds);
        var latencies = new double[count];
        var calls = new Task[count];
        await Task.Factory.StartNew(
            () =>
            {
                var started = Stopwatch.GetTimestamp();
                for (var next = 0; next < count; next++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var due = started + (long)(next / rate * Stopwatch.Frequency);
                    SleepUntil(due);
                    calls[next] = CallAsync(next, due, latencies, operation);
                }
            },
            cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.WhenAll(calls);
        return latencies;
    }

    private static async Task CallAsync(int number, long due, double[] latencies, Func<int, Task> operation)
    {
        await operation(number);
        latencies[number] = Stopwatch.GetElapsedTime(due).TotalMilliseconds;
    }

    // Timers of .NET move with the kernel's tick, 4 ms on most systems: calls would come in bursts and wait for one another.
    private static void SleepUntil(long due)
    {
        while (due - Stopwatch.GetTimestamp() is > 0 and var left)
        {
            if (OperatingSystem.IsLinux())
            {
                _ = Sleep((uint)Math.Min(999_999, (left * 1_000_000 / Stopwatch.Frequency) + 1));
            }
            else
            {
                Thread.Yield();
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "usleep")]
    private static partial int Sleep(uint microseconds);

    private static double Quantile(double[] sorted, double quantile) => sorted[(int)((sorted.Length - 1) * quantile)];
}

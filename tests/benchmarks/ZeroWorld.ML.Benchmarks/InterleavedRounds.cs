using System.Diagnostics;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>Times several ways of doing one thing in rounds that alternate, so that a busy machine is busy for all of them alike.</summary>
internal sealed class InterleavedRounds(int rounds, int operations)
{
    /// <param name="subjects">Name and one operation by its number; the first is what the others are compared with.</param>
    public async Task RunAsync(CancellationToken cancellationToken, params (string Name, Func<int, ValueTask> Operation)[] subjects)
    {
        var times = subjects.Select(static _ => new List<double>()).ToArray();
        var medians = subjects.Select(static _ => new List<double>()).ToArray();

        // Round 0 warms up and is not counted.
        for (var round = 0; round <= rounds; round++)
        {
            for (var subject = 0; subject < subjects.Length; subject++)
            {
                var measured = await MeasureAsync(subjects[subject].Operation, round * operations, cancellationToken);
                if (round > 0)
                {
                    times[subject].AddRange(measured);
                    medians[subject].Add(Quantile(measured, 0.5));
                }
            }
        }

        Console.WriteLine($"{"",-34}{"p50 us",10}{"p90 us",10}{"p99 us",10}{"ratio",10}   (median of {rounds} rounds of {operations})");
        for (var subject = 0; subject < subjects.Length; subject++)
        {
            // The ratio is the median of each round's own, not the ratio of two medians of different moments.
            var ratio = Quantile([.. medians[subject].Zip(medians[0], static (mine, first) => mine / first)], 0.5);
            var all = times[subject].ToArray();
            Console.WriteLine(
                $"{subjects[subject].Name,-34}{Quantile(all, 0.5),10:F1}{Quantile(all, 0.9),10:F1}{Quantile(all, 0.99),10:F1}{ratio,10:F2}");
        }
    }

    private async Task<double[]> MeasureAsync(Func<int, ValueTask> operation, int first, CancellationToken cancellationToken)
    {
        var times = new double[operations];
        for (var index = 0; index < operations; index++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var started = Stopwatch.GetTimestamp();
            await operation(first + index);
            times[index] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }

        return times;
    }

    private static double Quantile(double[] values, double quantile)
    {
        var sorted = values.Order().ToArray();
        return sorted[(int)((sorted.Length - 1) * quantile)];
    }
}

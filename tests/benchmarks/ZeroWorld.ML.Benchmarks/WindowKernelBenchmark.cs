using System.Diagnostics;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>The time of the kernel alone: all features of one view from one block.</summary>
internal static class WindowKernelBenchmark
{
    private const int Rounds = 15;
    private const int Operations = 20_000;

    public static Task RunAsync(OnlineServer server, CancellationToken cancellationToken)
    {
        var fraud = new FraudEntities();
        var tiles = StorageField.Of((WindowedView)fraud.Customer.View with { Precision = WindowPrecision.Hop }, hasIntegerEventId: true);
        foreach (var (field, events) in new[]
        {
            (fraud.Customer, FraudEntities.CustomerEvents), (fraud.Terminal, FraudEntities.TerminalEvents), (fraud.Customer, 4096),
            (tiles, FraudEntities.CustomerEvents), (tiles, 4096), (tiles, 40_960),
        })
        {
            var block = FraudEntities.Block(field, 1, events);
            if (field.IsHop)
            {
                block = HopBlockMerge.OfHistory(field, block, FraudEntities.Now, FraudEntities.Now - UnixMicroseconds.FromTimeSpan(((WindowedView)field.View).Retention));
            }

            var kernel = new WindowKernel(field);
            var cells = new FeatureCell[kernel.Features];
            FeatureValue[] request = [.. Enumerable.Repeat(FeatureValue.FromFloat64(12.5), kernel.Columns)];
            var times = new double[Rounds];
            var sum = 0L;
            for (var round = 0; round < Rounds; round++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var operations = Operations * 100 / events;
                var started = Stopwatch.GetTimestamp();
                for (var index = 0; index < operations; index++)
                {
                    kernel.Evaluate(block, long.MinValue, FraudEntities.Now, request, cells);
                    sum += cells[^2].Value.AsInt64();
                }

                times[round] = Stopwatch.GetElapsedTime(started).TotalNanoseconds / operations;
            }

            Array.Sort(times);
            Console.WriteLine($"{(field.IsHop ? "hop " : "") + field.View.Name,-24}{events,6} events{times[Rounds / 2],12:F0} ns{times[Rounds / 2] / events,8:F1} ns/event   (sum of counts {sum})");
        }

        return Task.CompletedTask;
    }
}

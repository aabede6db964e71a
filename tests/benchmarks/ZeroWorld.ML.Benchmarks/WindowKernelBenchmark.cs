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
        foreach (var (field, events) in new[] { (fraud.Customer, FraudEntities.CustomerEvents), (fraud.Terminal, FraudEntities.TerminalEvents), (fraud.Customer, 4096) })
        {
            var block = FraudEntities.Block(field, 1, events);
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
            Console.WriteLine($"{field.View.Name,-20}{events,6} events{times[Rounds / 2],12:F0} ns{times[Rounds / 2] / events,8:F1} ns/event   (sum of counts {sum})");
        }

        return Task.CompletedTask;
    }
}

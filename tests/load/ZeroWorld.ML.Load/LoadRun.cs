using ZeroWorld.ML.Client;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Load;

/// <summary>All measurements, interleaved: whatever else the machine does meets each of them.</summary>
internal static class LoadRun
{
    private const int CoalescedRequests = 64;

    /// <returns><see langword="null"/> when only one measurement was wanted.</returns>
    public static async Task<LoadReport?> RunAsync(LoadOptions options)
    {
        using var folder = new TempFolder();
        await using var redis = options.IsEmbedded ? null : await RedisServerProcess.StartAsync(CancellationToken.None);
        await using var server = await ChildProcess.StartAsync([], ServerChild.Argument, folder.Path, redis?.Address ?? "");
        await using var floor = await ChildProcess.StartAsync([], FloorServerChild.Argument);
        using var client = new ZeroWorldClient(server.Ready.Grpc, new ZeroWorldClientOptions { Timeout = TimeSpan.FromSeconds(30) });
        using var direct = new DirectSession(server.Ready.ModelPath);
        await CheckAsync(client);
        if (options.Only is { } only)
        {
            await RunOnlyAsync(options, server, floor, only);
            return null;
        }

        // Code is compiled anew while it runs, for some seconds.
        foreach (var target in (ReadOnlySpan<GrpcTarget>)[Requests.Infer, Requests.Predict, Requests.PredictLean, Requests.Infer, Requests.Predict])
        {
            Measure(options, server, target);
        }

        await ClientLoop.MeasureAsync(options.InFlight, options.Seconds, index => ClientLoop.PredictAsync(client, index));
        var rounds = new List<LoadRound>();
        for (var round = 0; round < options.Rounds; round++)
        {
            var session = await direct.MeasureAsync(options.Seconds);
            var infer = Measure(options, server, Requests.Infer);
            var predict = Measure(options, server, Requests.Predict);
            var lean = Measure(options, server, Requests.PredictLean);
            var clientInfer = await ClientLoop.MeasureAsync(options.InFlight, options.Seconds, index => ClientLoop.InferAsync(client, index));
            var clientPredict = await ClientLoop.MeasureAsync(options.InFlight, options.Seconds, index => ClientLoop.PredictAsync(client, index));
            var half = OpenLoad.Measure(server, floor, Requests.Predict, options.Connections, predict.PerSecond / 2, options.Seconds);
            rounds.Add(new LoadRound(session, infer, predict, lean, clientInfer, clientPredict, half.P50, half.P99, half.Loop.P999, half.Loop.Failures, half.FloorP99, half.Busy));
            await Console.Error.WriteLineAsync(rounds[^1].ToString());
        }

        var reads = redis is null ? (long?)null : await CountCoalescedReadsAsync(client, redis);
        return new LoadReport(options.InFlight, options.Connections, Environment.ProcessorCount, options.IsEmbedded ? "embedded" : "redis-server", rounds, CoalescedRequests, reads);
    }

    private static LoadCost Measure(LoadOptions options, ChildProcess server, GrpcTarget target) => Measure(server, target, options.Connections, options.InFlight, options.Seconds);

    /// <summary>The closed loop, with the processor time that the server spends on it.</summary>
    /// <exception cref="InvalidOperationException">A call failed.</exception>
    public static LoadCost Measure(ChildProcess server, GrpcTarget target, int connections, int inFlight, double seconds)
    {
        var before = server.ProcessorTime;
        var result = Loops.Closed(server.Grpc, target, connections, inFlight, seconds);
        return result.Failures > 0
            ? throw new InvalidOperationException($"{result.Failures} calls of {target.Path} failed.")
            : new LoadCost(result.PerSecond, (server.ProcessorTime - before).TotalMicroseconds / result.Latencies.Length);
    }

    /// <summary>One measurement again and again, to look at it with a profiler; with what it allocates and how long the collector stops it.</summary>
    private static async Task RunOnlyAsync(LoadOptions options, ChildProcess server, ChildProcess floor, string only)
    {
        var target = only switch
        {
            "infer" => Requests.Infer,
            "lean" => Requests.PredictLean,
            _ => Requests.Predict,
        };
        await server.AskAsync(ChildMemory.WatchPauses);
        for (var round = 0; round < options.Rounds; round++)
        {
            var before = await server.AskAsync(ChildMemory.Tell);
            var closed = Measure(options, server, target);
            var between = await server.AskAsync(ChildMemory.Tell);
            var open = OpenLoad.Measure(server, floor, target, options.Connections, options.PerSecond ?? (closed.PerSecond * options.Share), options.Seconds);
            var after = await server.AskAsync(ChildMemory.Tell);
            var bytes = (between.AllocatedBytes - before.AllocatedBytes) / (closed.PerSecond * options.Seconds);
            await Console.Error.WriteLineAsync(
                $"{only} {closed.PerSecond:F0}/s {closed.ServerMicroseconds:F1} us {bytes:F0} B, pauses {Show(between.Pauses)}; at {open.Loop.PerSecond:F0}/s {open}, pauses {Show(after.Pauses)}");
        }
    }

    private static string Show(PauseListener.Pauses? pauses) =>
        pauses is null ? "" : $"{pauses.Count} of {pauses.LongestMs:F1} ms at most (stopping {pauses.LongestStopMs:F1}), {pauses.TotalMs:F0} ms in all";

    /// <summary>Whether it is the real thing that is measured: every feature there, a score in range.</summary>
    private static async Task CheckAsync(ZeroWorldClient client)
    {
        var answer = await client.Predictions.PredictAsync(Requests.First);
        var count = answer.Features.Single(static feature => feature.Column.Name == "customer_tx_count_30d");
        if (count.Statuses[0] != FeatureStatus.Present || count.Column.Int64S.Values[0] != ServerChild.Events + 1 || answer.Outputs[0].Float32S.Values[0] is not (> 0 and < 1))
        {
            throw new InvalidOperationException($"The server's answer is not what was set up: {answer}");
        }
    }

    /// <summary>Reads that many requests for one pair of entities cause when they come while Redis stands still; without any sharing it would be two per request.</summary>
    private static async Task<long> CountCoalescedReadsAsync(ZeroWorldClient client, RedisServerProcess redis)
    {
        var before = await CountReadsAsync(redis);
        redis.Pause();
        var request = new PredictionQuery("fraud").WithEntity("customer_id", 1).WithEntity("terminal_id", 1).WithValue("amount", 1.0).ToRequest();
        var calls = Enumerable.Range(0, CoalescedRequests).Select(_ => client.Predictions.PredictAsync(request).ResponseAsync).ToArray();
        await Task.Delay(TimeSpan.FromMilliseconds(15));
        redis.Continue();
        await Task.WhenAll(calls);
        return await CountReadsAsync(redis) - before;
    }

    private static async Task<long> CountReadsAsync(RedisServerProcess redis)
    {
        var statistics = await redis.SendAsync("INFO commandstats", CancellationToken.None);
        var line = statistics.Split("\r\n").FirstOrDefault(static line => line.StartsWith("cmdstat_hmget:", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line["cmdstat_hmget:calls=".Length..line.IndexOf(',', StringComparison.Ordinal)]);
    }
}

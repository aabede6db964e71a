using ZeroWorld.ML.Client;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Load;

/// <summary>All measurements, interleaved: whatever else the machine does meets each of them.</summary>
internal static class LoadRun
{
    private const int CoalescedRequests = 64;

    public static async Task<LoadReport> RunAsync(LoadOptions options)
    {
        using var folder = new TempFolder();
        await using var redis = options.IsEmbedded ? null : await RedisServerProcess.StartAsync(CancellationToken.None);
        await using var server = await ChildProcess.StartAsync(folder.Path, redis?.Address ?? "");
        using var client = new ZeroWorldClient(server.Ready.Grpc, new ZeroWorldClientOptions { Timeout = TimeSpan.FromSeconds(30) });
        using var direct = new DirectSession(server.Ready.ModelPath);
        var requests = new Requests();
        Task Infer(int index) => client.Inference.ModelInferAsync(requests.NextInference(index)).ResponseAsync;
        Task Predict(int index) => client.Predictions.PredictAsync(requests.NextPrediction(index)).ResponseAsync;

        Task PredictLean(int index) => client.Predictions.PredictAsync(requests.NextLeanPrediction(index)).ResponseAsync;

        await CheckAsync(client, requests);
        await Loops.ClosedAsync(options.InFlight, options.Seconds, Infer);
        await Loops.ClosedAsync(options.InFlight, options.Seconds, Predict);
        var rounds = new List<LoadRound>();
        for (var round = 0; round < options.Rounds; round++)
        {
            var session = await direct.MeasureAsync(options.Seconds);
            var (infer, inferCost) = await MeasureAsync(options, server, Infer);
            var (predict, predictCost) = await MeasureAsync(options, server, Predict);
            var (lean, leanCost) = await MeasureAsync(options, server, PredictLean);
            var (latencies, failures) = await Loops.OpenAsync(predict / 2, options.Seconds, Predict);
            rounds.Add(new LoadRound
            {
                Direct = session,
                Infer = infer,
                Predict = predict,
                PredictLean = lean,
                InferCost = inferCost,
                PredictCost = predictCost,
                PredictLeanCost = leanCost,
                P50 = Loops.Percentile(latencies, 0.5),
                P99 = Loops.Percentile(latencies, 0.99),
                P999 = Loops.Percentile(latencies, 0.999),
                Failures = failures,
            });
            await Console.Error.WriteLineAsync(rounds[^1].ToString());
        }

        var reads = redis is null ? (long?)null : await CountCoalescedReadsAsync(client, redis);
        return new LoadReport(options.InFlight, Environment.ProcessorCount, options.IsEmbedded ? "embedded" : "redis-server", rounds, CoalescedRequests, reads);
    }

    /// <returns>Answers per second, and the server's processor time per answer in microseconds.</returns>
    private static async Task<(double PerSecond, double Cost)> MeasureAsync(LoadOptions options, ChildProcess server, Func<int, Task> call)
    {
        var before = server.ProcessorTime;
        var perSecond = await Loops.ClosedAsync(options.InFlight, options.Seconds, call);
        return (perSecond, (server.ProcessorTime - before).TotalMicroseconds / (perSecond * options.Seconds));
    }

    /// <summary>Whether it is the real thing that is measured: every feature there, a score in range.</summary>
    private static async Task CheckAsync(ZeroWorldClient client, Requests requests)
    {
        var answer = await client.Predictions.PredictAsync(requests.NextPrediction(0));
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

using System.Globalization;
using ZeroWorld.ML.Benchmarks;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Load;

/// <summary>All measurements of <c>fifty</c>.</summary>
internal static class FiftyRun
{
    public const string Argument = "fifty";

    public const string Usage = """
        fifty: measures Predict of a model of 50 features in 5 views against ModelInfer of the same model, with a redis-server, with a cluster of 3 shards,
        and with a cluster of which one shard answers 50 ms late, by the requests that do not need that shard.
          --rounds N      interleaved rounds of every measurement, medians are shown (default 5)
          --seconds N     length of each measurement (default 2)
          --in-flight N   requests in flight in the closed loops (default 48)
          --only NAME     only redis, cluster or slow
          --json          the result as JSON
        """;

    private const int Connections = 2;
    private const int WarmUps = 6;
    private const double SlowShare = 0.1;

    // What one connection can have under way while each answer takes 50 ms.
    private const double SlowPerSecondMax = 1_000;
    private static readonly TimeSpan SlowDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan TopologyTimeout = TimeSpan.FromSeconds(30);

    private static readonly LoadOptions Defaults = new() { Seconds = 2 };

    /// <returns><see langword="null"/> when the command line is not understood.</returns>
    public static LoadOptions? TryParse(ReadOnlySpan<string> arguments) =>
        LoadOptions.TryParse(arguments, Defaults, ["--rounds", "--seconds", "--in-flight", "--only", "--json"], ["redis", "cluster", "slow"]);

    public static async Task<FiftyReport> RunAsync(LoadOptions options)
    {
        var stores = new Dictionary<string, IReadOnlyList<FiftyRound>>();
        IReadOnlyList<SlowShardRound> slow = [];
        if (options.Includes("redis"))
        {
            await using var redis = await RedisServerProcess.StartAsync(CancellationToken.None);
            stores["redis-server"] = await MeasureAsync(options, redis.Address);
        }

        if (options.Includes("cluster"))
        {
            await using var cluster = await RedisClusterProcess.StartAsync(CancellationToken.None);
            stores["cluster of 3 shards"] = await MeasureAsync(options, cluster.Addresses);
        }

        if (options.Includes("slow"))
        {
            slow = await MeasureSlowAsync(options);
        }

        return new FiftyReport(Environment.ProcessorCount, stores, slow);
    }

    private static async Task<IReadOnlyList<FiftyRound>> MeasureAsync(LoadOptions options, string addresses)
    {
        using var folder = new TempFolder();
        await using var server = await StartAsync(folder, addresses);
        var predict = FiftyRequests.Predict(Enumerable.Range(0, FiftyServerChild.Entities));
        WarmUp(options, server, predict);
        var rounds = new List<FiftyRound>();
        for (var round = 0; round < options.Rounds; round++)
        {
            var infer = Measure(options, server, FiftyRequests.Infer);
            var cost = Measure(options, server, predict);
            var half = Loops.Open(server.Grpc, predict, Connections, cost.PerSecond / 2, options.Seconds);
            rounds.Add(new FiftyRound(infer, cost, half.P50, half.P99));
            await Console.Error.WriteLineAsync(rounds[^1].ToString());
        }

        return rounds;
    }

    /// <summary>Requests for all shards come at a steady rate; one shard answers late in every other measurement.</summary>
    private static async Task<IReadOnlyList<SlowShardRound>> MeasureSlowAsync(LoadOptions options)
    {
        await using var cluster = await RedisClusterProcess.StartAsync(CancellationToken.None);
        await using var proxy = new DelayProxy(cluster.Shards[0].Port);
        await AnnounceAsync(cluster, proxy.Port);
        using var folder = new TempFolder();
        await using var server = await StartAsync(folder, $"{cluster.Shards[1].Address},{cluster.Shards[2].Address}");
        var slow = await FindEntitiesAsync(cluster);
        var (needed, others) = (FiftyRequests.Predict(slow), FiftyRequests.Predict(Enumerable.Range(0, FiftyServerChild.Entities).Except(slow)));
        WarmUp(options, server, others);
        var perSecond = Measure(options, server, others).PerSecond / 2;
        var rounds = new List<SlowShardRound>();
        for (var round = 0; round < options.Rounds; round++)
        {
            proxy.Delay = TimeSpan.Zero;
            var (even, _) = await BesideAsync(options, server, others, needed, perSecond);
            proxy.Delay = SlowDelay;
            var (late, delayed) = await BesideAsync(options, server, others, needed, perSecond);
            rounds.Add(new SlowShardRound(even.P99, late.P99, delayed.P50));
            await Console.Error.WriteLineAsync(rounds[^1].ToString());
        }

        return rounds;
    }

    private static async Task<(LoopResult Others, LoopResult Needed)> BesideAsync(LoadOptions options, ChildProcess server, GrpcTarget others, GrpcTarget needed, double perSecond)
    {
        var beside = Task.Run(() => Loops.Open(server.Grpc, needed, 1, Math.Min(perSecond * SlowShare, SlowPerSecondMax), options.Seconds));
        var main = Loops.Open(server.Grpc, others, Connections, perSecond * (1 - SlowShare), options.Seconds);
        var result = (Others: main, Needed: await beside);
        return result.Others.Failures + result.Needed.Failures == 0
            ? result
            : throw new InvalidOperationException($"{result.Others.Failures} requests for quick shards and {result.Needed.Failures} for the slow one failed.");
    }

    /// <summary>Has all nodes name another port for the first shard, so that clients go there.</summary>
    private static async Task AnnounceAsync(RedisClusterProcess cluster, int port)
    {
        using var timeout = new CancellationTokenSource(TopologyTimeout);
        var shard = cluster.Shards[0];
        await shard.SendAsync($"CONFIG SET cluster-announce-bus-port {shard.Port + 10_000}", timeout.Token);
        await shard.SendAsync($"CONFIG SET cluster-announce-port {port}", timeout.Token);
        foreach (var node in cluster.Shards)
        {
            while (!(await node.SendAsync("CLUSTER NODES", timeout.Token)).Contains($":{port}@", StringComparison.Ordinal))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), timeout.Token);
            }
        }
    }

    /// <returns>The entities whose rows lie on the first shard.</returns>
    private static async Task<HashSet<int>> FindEntitiesAsync(RedisClusterProcess cluster)
    {
        var found = new HashSet<int>();
        var fifty = new FiftyFeatures(isWindows: false);
        for (var entity = 0; entity < FiftyServerChild.Entities; entity++)
        {
            var slot = await cluster.Shards[1].SendAsync($"CLUSTER KEYSLOT {fifty.Key(entity)}", CancellationToken.None);
            if (cluster.ShardOf(int.Parse(slot, CultureInfo.InvariantCulture)) == cluster.Shards[0])
            {
                found.Add(entity);
            }
        }

        return found;
    }

    private static async Task<ChildProcess> StartAsync(TempFolder folder, string addresses)
    {
        var server = await ChildProcess.StartAsync([], FiftyServerChild.Argument, folder.Path, addresses);
        using var client = new ZeroWorldClient(server.Ready.Grpc, new ZeroWorldClientOptions { Timeout = TimeSpan.FromSeconds(30) });
        var answer = await client.Predictions.PredictAsync(FiftyRequests.Prediction(7));
        return answer.Features.Count == 50 && answer.Features.All(static feature => feature.Statuses[0] == FeatureStatus.Present) && answer.Outputs[0].Float32S.Values[0] is > 0 and < 1
            ? server
            : throw new InvalidOperationException($"The server's answer is not what was set up: {answer}");
    }

    private static void WarmUp(LoadOptions options, ChildProcess server, GrpcTarget predict)
    {
        // Code is compiled anew while it runs, for some seconds.
        for (var index = 0; index < WarmUps; index++)
        {
            Measure(options, server, index % 3 == 0 ? FiftyRequests.Infer : predict);
        }
    }

    private static LoadCost Measure(LoadOptions options, ChildProcess server, GrpcTarget target) => LoadRun.Measure(server, target, Connections, options.InFlight, options.Seconds);
}

using System.Diagnostics;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Functional.Tests;

public sealed class RedisOutageTests
{
    private static readonly TimeSpan FeatureTimeout = TimeSpan.FromMilliseconds(200);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Predict_RedisStoppedUnderLoad_GoesOnWithDefaultsAndRecovers()
    {
        RedisServerProcess.SkipIfMissing();
        await using var redis = await RedisServerProcess.StartAsync(Cancellation);
        await using var fraud = await StartAsync(redis);
        var answers = new List<(Status Status, TimeSpan Duration)>();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var load = Enumerable.Range(0, 8).Select(caller => LoadAsync(fraud, caller, answers, end.Token)).ToArray();

        await SeenAsync(answers, Status.Present);
        await redis.StopAsync(Cancellation);
        await SeenAsync(answers, Status.Unavailable);
        await redis.RestartAsync(Cancellation);

        // The new Redis is empty: its features are there again only when the store was filled again.
        await FillAgainAsync(fraud);
        await SeenAsync(answers, Status.Present);
        await end.CancelAsync();
        await Task.WhenAll(load);

        // No call failed (LoadAsync would have thrown), and none took longer than the feature timeout and what a busy test machine adds.
        Assert.All(answers, answer => Assert.True(answer.Duration < FeatureTimeout + TimeSpan.FromSeconds(10), $"{answer.Duration}"));
    }

    [Fact]
    public async Task Predict_RedisHangs_AnswersWithinTheFeatureTimeoutWithDefaults()
    {
        RedisServerProcess.SkipIfMissing();
        await using var redis = await RedisServerProcess.StartAsync(Cancellation);
        await using var fraud = await StartAsync(redis);
        await fraud.Client.PredictAsync(FraudServer.Query(), Cancellation);

        redis.Pause();
        var started = Stopwatch.GetTimestamp();
        var ill = await fraud.Client.PredictAsync(FraudServer.Query(), Cancellation);
        var duration = Stopwatch.GetElapsedTime(started);
        redis.Continue();

        Assert.Equal(Status.Unavailable, StatusOf(ill));
        var risk = ill.Rows[0].Features.Single(feature => feature.Name == "terminal_fraud_risk_7d");
        Assert.Equal((FeatureStatus.Unavailable, true, (object)0.0), (risk.Status, risk.IsDefaulted, risk.Value));
        Assert.InRange(ill.Rows[0].GetOutput("probability"), 0, 1);
        Assert.True(duration < FeatureTimeout + TimeSpan.FromSeconds(10), $"{duration}");
        while (StatusOf(await fraud.Client.PredictAsync(FraudServer.Query(), Cancellation)) != Status.Present)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
        }
    }

    [Fact]
    public async Task StartAsync_RedisIsNotThereYet_ServesWithDefaultsUntilItIs()
    {
        RedisServerProcess.SkipIfMissing();
        await using var redis = await RedisServerProcess.StartAsync(Cancellation);
        await redis.StopAsync(Cancellation);
        await using var fraud = await FraudServer.StartAsync(redis.Address, Cancellation, Settings);
        await fraud.RegisterAsync(1, Cancellation);
        await fraud.SetAliasAsync("champion", 1, Cancellation);

        var without = await fraud.Client.PredictAsync(FraudServer.Query(), Cancellation);
        await redis.RestartAsync(Cancellation);
        await FillAgainAsync(fraud);
        while (StatusOf(await fraud.Client.PredictAsync(FraudServer.Query(), Cancellation)) != Status.Present)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
        }

        Assert.Equal(Status.Unavailable, StatusOf(without));
    }

    [Fact]
    public async Task Predict_ManyAtOnceForOneEntity_ReadsItOnce()
    {
        RedisServerProcess.SkipIfMissing();
        await using var redis = await RedisServerProcess.StartAsync(Cancellation);
        await using var fraud = await StartAsync(redis, new Dictionary<string, string>(Settings)
        {
            ["Serving:Prediction:FeatureTimeout"] = "10s",
            ["Features:Redis:ReadTimeout"] = "10s",

            // A multi-get that takes longer than this no longer holds the next one back: here it must.
            ["Features:OnlineReads:CollectTimeMax"] = "10s",
        });
        await fraud.Client.PredictAsync(FraudServer.Query(), Cancellation);
        var before = await CountReadsAsync(redis);

        // While Redis stands still, 64 requests come to wait for the same two entities.
        redis.Pause();
        var calls = Enumerable.Range(0, 64).Select(_ => fraud.Client.PredictAsync(FraudServer.Query(), Cancellation)).ToArray();
        await Task.Delay(TimeSpan.FromSeconds(3), Cancellation);
        redis.Continue();
        var answers = await Task.WhenAll(calls);

        Assert.All(answers, answer => Assert.Equal(Status.Present, StatusOf(answer)));

        // One read of the customer, one of the terminal.
        Assert.Equal(2, await CountReadsAsync(redis) - before);
    }

    private static async Task<long> CountReadsAsync(RedisServerProcess redis)
    {
        // cmdstat_hmget:calls=2,usec=...: window blocks and rows are read by HMGET.
        var statistics = await redis.SendAsync("INFO commandstats", Cancellation);
        var line = statistics.Split("\r\n").FirstOrDefault(line => line.StartsWith("cmdstat_hmget:", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line["cmdstat_hmget:calls=".Length..line.IndexOf(',', StringComparison.Ordinal)]);
    }

    private static readonly Dictionary<string, string> Settings = new()
    {
        ["Serving:Prediction:FeatureTimeout"] = $"{FeatureTimeout.TotalMilliseconds}ms",
        ["Serving:Prediction:CoverageInterval"] = "50ms",
    };

    private static async Task<FraudServer> StartAsync(RedisServerProcess redis, IReadOnlyDictionary<string, string>? settings = null)
    {
        var fraud = await FraudServer.StartAsync(redis.Address, Cancellation, settings ?? Settings);
        await fraud.RegisterAsync(1, Cancellation);
        await fraud.SetAliasAsync("champion", 1, Cancellation);
        await fraud.FillAsync(10, 20, Cancellation);
        return fraud;
    }

    /// <summary>Fills the store; tries again while the client has not reconnected yet.</summary>
    private static async Task FillAgainAsync(FraudServer fraud)
    {
        while (true)
        {
            try
            {
                await fraud.FillAsync(10, 20, Cancellation);
                return;
            }
            catch (Features.FeatureException exception) when (exception.Error == Features.FeatureError.StoreUnavailable)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), Cancellation);
            }
        }
    }

    private static async Task LoadAsync(FraudServer fraud, int caller, List<(Status, TimeSpan)> answers, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var started = Stopwatch.GetTimestamp();
            var prediction = await fraud.Client.PredictAsync(FraudServer.Query(1 + caller), CancellationToken.None);
            lock (answers)
            {
                answers.Add((StatusOf(prediction), Stopwatch.GetElapsedTime(started)));
            }
        }
    }

    /// <summary>Waits until the newest ten answers all have a status.</summary>
    private static async Task SeenAsync(List<(Status Status, TimeSpan)> answers, Status status)
    {
        while (true)
        {
            lock (answers)
            {
                if (answers.Count >= 10 && answers.TakeLast(10).All(answer => answer.Status == status))
                {
                    return;
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), Cancellation);
        }
    }

    private static Status StatusOf(Prediction prediction)
    {
        var feature = prediction.Rows[0].Features.Single(feature => feature.Name == "customer_tx_count_30d");
        return feature.Status == FeatureStatus.Present ? Status.Present : Status.Unavailable;
    }

    private enum Status
    {
        Present,
        Unavailable,
    }
}

using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A whole server that reads a Redis stream: what it says of it while definitions change and while the stream's key is none.</summary>
public sealed class StreamServerTests
{
    private static readonly Dictionary<string, string> Settings = new() { ["Streams:RetryInterval"] = "10ms", ["Streams:LagInterval"] = "100ms" };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stream_WhoseViewsChange_CountsOnAndMetricsSaySo()
    {
        RedisServerProcess.SkipIfMissing();
        await using var redis = await RedisServerProcess.StartAsync(Cancellation);
        await using var fraud = await FraudServer.StartAsync(redis.Address, Cancellation, Settings);
        using var client = await fraud.ApplyAsync("own.yaml", Definitions("visits_a", "one"), Cancellation);
        await ReadUntilAsync(client, static stream => stream.State == V1.StreamState.Running);
        var idle = await ReadMetricsAsync(fraud, "visits_a");
        var start = UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow().AddMinutes(-1));
        await redis.SendAsync("XADD visits_a * event poison", Cancellation);
        await AddAsync(redis, "visits_a", 1, start + 1);
        await ReadUntilAsync(client, stream => stream.NewestEventTime == start + 1);

        using var changed = await fraud.ApplyAsync("own.yaml", Definitions("visits_a", "one", "two"), Cancellation);

        // The definitions are looked at again within a second: an event of then is in both views.
        var sent = 1;
        do
        {
            sent++;
            await AddAsync(redis, "visits_a", sent, start + sent);
            await ReadUntilAsync(client, stream => stream.NewestEventTime == start + sent);
        }
        while (await redis.SendAsync($"HLEN z1:{{default/card/i{sent}}}:v", Cancellation) != "2");

        var status = await ReadUntilAsync(client, static stream => stream.HasLag && stream.Lag == 0);
        Assert.Equal((sent, 1L, V1.StreamState.Running, ""), ((int)status.Accepted, (long)status.Refused, status.State, status.Fault));
        Assert.Equal(("0", "0"), (idle["events_total accepted"], idle["events_total refused"]));
        var metrics = await ReadMetricsAsync(fraud, "visits_a");
        Assert.Equal((sent.ToString(CultureInfo.InvariantCulture), "1", "0"), (metrics["events_total accepted"], metrics["events_total refused"], metrics["lag"]));
        Assert.InRange(double.Parse(metrics["freshness_seconds"], CultureInfo.InvariantCulture), 59, 3600);
        Assert.InRange(int.Parse(metrics["delay_seconds_count"], CultureInfo.InvariantCulture), 2, sent + 1);
    }

    [Fact]
    public async Task Stream_WhoseKeyIsNoStream_FailsAndGoesOnWhenItIsMended()
    {
        RedisServerProcess.SkipIfMissing();
        await using var redis = await RedisServerProcess.StartAsync(Cancellation);
        await redis.SendAsync("SET visits_b something", Cancellation);
        await using var fraud = await FraudServer.StartAsync(redis.Address, Cancellation, Settings);
        fraud.ExpectError("holds no stream");
        using var client = await fraud.ApplyAsync("own.yaml", Definitions("visits_b", "one"), Cancellation);
        var failed = await ReadUntilAsync(client, static stream => stream.State == V1.StreamState.Failed);

        await redis.SendAsync("DEL visits_b", Cancellation);
        await AddAsync(redis, "visits_b", 1, UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow()));
        var mended = await ReadUntilAsync(client, static stream => stream.Accepted == 1);

        Assert.Contains("The key 'visits_b'", failed.Fault, StringComparison.Ordinal);
        Assert.Contains("holds no stream", failed.Fault, StringComparison.Ordinal);
        Assert.Equal((V1.StreamState.Running, ""), (mended.State, mended.Fault));
    }

    [Fact]
    public async Task Stream_ThatFailsAgainInTheSameWay_IsToldAgain()
    {
        RedisServerProcess.SkipIfMissing();
        await using var redis = await RedisServerProcess.StartAsync(Cancellation);
        await redis.SendAsync("SET visits_c something", Cancellation);
        await using var fraud = await FraudServer.StartAsync(redis.Address, Cancellation, Settings);
        fraud.ExpectError("holds no stream");
        using var client = await fraud.ApplyAsync("own.yaml", Definitions("visits_c", "one"), Cancellation);
        await ReadUntilAsync(client, static stream => stream.State == V1.StreamState.Failed);
        await redis.SendAsync("DEL visits_c", Cancellation);
        await ReadUntilAsync(client, static stream => stream.State == V1.StreamState.Running);

        // Longer than it waits between two tries.
        await Task.Delay(TimeSpan.FromMilliseconds(400), Cancellation);
        await redis.SendAsync("SET visits_c something", Cancellation);
        await ReadUntilAsync(client, static stream => stream.State == V1.StreamState.Failed);

        for (var tries = 0; tries < 3_000 && fraud.ExpectedErrors < 2; tries++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
        }

        Assert.True(fraud.ExpectedErrors >= 2, "The second failure was not told within a minute.");
    }

    [Fact]
    public async Task StopAsync_WithEventsInHand_WaitsForTheArchive()
    {
        RedisServerProcess.SkipIfMissing();
        await using var redis = await RedisServerProcess.StartAsync(Cancellation);
        var archive = new HeldArchive();
        var settings = new Dictionary<string, string>(Settings) { ["Server:ShutdownTimeout"] = "0s", ["Streams:ArchiveInterval"] = "1h" };
        await using var fraud = await FraudServer.StartAsync(redis.Address, Cancellation, settings, services => services.AddSingleton<IEventArchive>(archive));
        using var client = await fraud.ApplyAsync("own.yaml", Definitions("visits_d", "one").Replace("archive: false", "archive: true", StringComparison.Ordinal), Cancellation);
        await AddAsync(redis, "visits_d", 1, UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow()));
        await ReadUntilAsync(client, static stream => stream.Accepted == 1);

        var stopping = fraud.Server.StopAsync();
        await archive.IsAsked.WaitAsync(Cancellation);
        await Task.WhenAny(stopping, Task.Delay(TimeSpan.FromSeconds(1), Cancellation));

        Assert.False(stopping.IsCompleted);
        archive.Release();
        await stopping;
        Assert.Equal("0", await redis.SendAsync("EVAL \"return redis.call('XPENDING', KEYS[1], ARGV[1])[1]\" 1 visits_d zeroworld.default.visits_d", Cancellation));
    }

    private sealed class HeldArchive : IEventArchive
    {
        private readonly TaskCompletionSource _asked = new();
        private readonly TaskCompletionSource _released = new();

        public Task IsAsked => _asked.Task;

        public void Release() => _released.SetResult();

        public Task AppendAsync(string project, string table, IReadOnlyList<EventColumn> columns, CancellationToken cancellationToken)
        {
            _asked.TrySetResult();
            return _released.Task.WaitAsync(cancellationToken);
        }
    }

    private static Task<string> AddAsync(RedisServerProcess redis, string topic, int card, long time) =>
        redis.SendAsync($$"""XADD {{topic}} * event '{"card":{{card}},"at":{{time}}}'""", Cancellation);

    private static async Task<V1.StreamStatus> ReadUntilAsync(Client.ZeroWorldClient client, Func<V1.StreamStatus, bool> condition)
    {
        while (true)
        {
            var answer = await client.Features.ListStreamsAsync(new ListStreamsRequest(), cancellationToken: Cancellation);
            if (condition(answer.Streams[0]))
            {
                return answer.Streams[0];
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
        }
    }

    /// <summary>What a scrape says of one stream, by name and outcome.</summary>
    private static async Task<Dictionary<string, string>> ReadMetricsAsync(FraudServer fraud, string stream)
    {
        const string Prefix = "zeroworld_features_stream_";
        var text = await fraud.Http.GetStringAsync(new Uri(fraud.Server.Addresses.Metrics, "/metrics"), Cancellation);
        return text.Split('\n')
            .Where(line => line.StartsWith(Prefix, StringComparison.Ordinal) && line.Contains($"stream=\"{stream}\"", StringComparison.Ordinal) && !line.Contains("le=", StringComparison.Ordinal))
            .ToDictionary(
                static line => line[Prefix.Length..line.IndexOf('{', StringComparison.Ordinal)]
                    + (line.Contains("outcome=\"accepted\"", StringComparison.Ordinal) ? " accepted" : line.Contains("outcome=\"refused\"", StringComparison.Ordinal) ? " refused" : ""),
                static line => line.Split(' ')[1]);
    }

    private static string Definitions(string table, params string[] views) => $$"""
        version: 1
        entities: [ { name: card, keys: [ { name: card_id, type: int64 } ] } ]
        streams:
          - { name: {{table}}, kind: redis, topic: {{table}}, archive: false, columns: [ { name: CARD, type: int64, field: card }, { name: AT, type: timestamp, field: at } ] }
        feature_views:
        {{string.Join('\n', views.Select(view => $"  - {{ name: {view}, entity: card, source: {{ table: {table}, event_time: AT, keys: {{ card_id: CARD }} }}, features: [ {{ name: {view}_card, type: int64, column: CARD }} ] }}"))}}
        """;
}

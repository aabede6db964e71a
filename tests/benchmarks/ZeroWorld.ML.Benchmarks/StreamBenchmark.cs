using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Redis;
using StreamConsumer = ZeroWorld.ML.Features.StreamConsumer;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>How fast a stream catches up: events from a Redis stream into a last-value view and a windowed view, against reading and acknowledging them alone.</summary>
internal static class StreamBenchmark
{
    private const int Events = 60_000;
    private const int Rounds = 3;

    public static async Task RunAsync(OnlineServer server, CancellationToken cancellationToken)
    {
        var set = DefinitionLoader.Load([new DefinitionFile("a.yaml", """
            version: 1
            entities: [ { name: card, keys: [ { name: card_id, type: int64 } ] } ]
            streams:
              - name: payments
                kind: redis
                topic: tx
                archive: false
                columns: [ { name: CARD, type: int64 }, { name: AT, type: timestamp }, { name: AMOUNT, type: float64 } ]
            feature_views:
              - { name: last_payment, entity: card, source: { table: payments, event_time: AT, keys: { card_id: CARD } }, features: [ { name: last_amount, type: float64, column: AMOUNT } ] }
              - { name: spending, entity: card, source: { table: payments, event_time: AT, keys: { card_id: CARD } }, window: { history: 1d, max_events: 64 }, features: [ { name: spent_1d, aggregate: sum, of: AMOUNT, window: 1d } ] }
            """)]);
        await using var factory = new RedisEventSourceFactory(
            new RedisStreamOptions { Configuration = server.Raw.Multiplexer.Configuration }, new RedisOnlineStoreOptions(), TimeProvider.System, NullLogger<RedisEventSourceFactory>.Instance);
        Console.WriteLine($"{Events} events of 5,000 cards, {server.Name}; best and median of {Rounds} rounds:");
        IReadOnlyList<StorageField> none = [];
        IReadOnlyList<StorageField> all = [.. set.Views.Select(static view => StorageField.Of(view, hasIntegerEventId: false))];
        foreach (var (name, fields) in new[] { ("read, decode, acknowledge", none), ("into both views", all) })
        {
            var rates = new List<double>();
            for (var round = 0; round <= Rounds; round++)
            {
                await server.Raw.ExecuteAsync("FLUSHALL");
                await PublishAsync(server.Raw);
                await using var source = factory.Open(set.Streams[0]);
                var consumer = new StreamConsumer(
                    set.Streams[0], fields, source, server.Store, null, new StreamConsumerOptions { PollInterval = TimeSpan.FromMilliseconds(1) }, TimeProvider.System, NullLogger<StreamConsumer>.Instance);
                var started = Stopwatch.GetTimestamp();
                if (await consumer.DrainAsync(cancellationToken) != Events || consumer.Status.Accepted != Events)
                {
                    throw new InvalidOperationException($"{consumer.Status.Accepted} of {Events} events were taken.");
                }

                rates.Add(Events / Stopwatch.GetElapsedTime(started).TotalSeconds);
            }

            var counted = rates.Skip(1).Order().ToArray();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-34}{counted[^1],10:F0} events/s{counted[counted.Length / 2],10:F0} events/s"));
        }
    }

    private static async Task PublishAsync(IDatabase database)
    {
        var random = new Random(1);
        var now = DateTimeOffset.UnixEpoch.AddDays(20_000).ToUnixTimeMilliseconds() * 1000;
        foreach (var chunk in Enumerable.Range(0, Events).Chunk(1000))
        {
            await Task.WhenAll(chunk.Select(index => database.StreamAddAsync(
                "tx", "event", string.Create(CultureInfo.InvariantCulture, $$"""{"CARD":{{random.Next(5000)}},"AT":{{now + (index * 1000L)}},"AMOUNT":{{random.Next(10_000) / 100.0}}}"""))));
        }
    }
}

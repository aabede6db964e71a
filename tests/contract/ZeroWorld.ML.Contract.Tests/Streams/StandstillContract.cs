using Microsoft.Extensions.Logging.Abstractions;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>What a source keeps whose reader stands still, since its store does, until the group takes it for dead.</summary>
public abstract class StandstillContract(BrokerFeed feed)
{
    private const int BatchEventsMax = 25;

    // Of three views each: two batches are online and not committed, a third is being written, a fourth is read.
    private const int WritesBefore = 6;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("event_id: ID, created_time: KNOWN, ")]
    [InlineData("")]
    public async Task Drain_StoreStandsStillUntilTheGroupForgetsItsMember_ArchiveAndCountHaveEachEventOnce(string ids)
    {
        var (set, now) = (feed.NewTopic(ids), UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow()));
        var stream = set.Streams[0];
        var events = Enumerable.Range(0, 10 * BatchEventsMax).Select(index => StreamDefinitions.Event(index % 5, now - StreamDefinitions.Second, now - StreamDefinitions.Second, $"p{index}", index / 4.0)).ToList();
        await feed.PublishAsync(stream, [.. events, "poison"], Token);
        var (archive, store) = (new IdArchive(), new GatedStore(new MemoryOnlineStore(), WritesBefore));
        await using var source = feed.CreateSilent().Open(stream);
        var consumer = new StreamConsumer(
            stream, StreamDefinitions.FieldsOf(set), source, store, archive,
            new StreamConsumerOptions { BatchEventsMax = BatchEventsMax, PollInterval = TimeSpan.FromMilliseconds(20), RetryInterval = TimeSpan.FromMilliseconds(10), ArchiveInterval = TimeSpan.FromHours(1) },
            TimeProvider.System, NullLogger<StreamConsumer>.Instance);
        var draining = DrainAsync(consumer, source);
        await store.Stopped.WaitAsync(Token);

        await feed.ForgetMembersAsync(stream, Token);
        store.Open();
        await draining;

        Assert.Equal(Enumerable.Range(0, events.Count).Select(static index => $"p{index}").Order(StringComparer.Ordinal), archive.Ids.Order(StringComparer.Ordinal));
        Assert.Equal((events.Count, 1), (consumer.Status.Accepted, consumer.Status.Refused));
        Assert.Equal("poison", Assert.Single(await feed.ReadRefusedAsync(stream, Token)).Event);
    }

    private static async Task DrainAsync(StreamConsumer consumer, IEventSource source)
    {
        do
        {
            await consumer.DrainAsync(Token);
        }
        while (await source.ReadLagAsync(Token) != 0);
    }

    private sealed class IdArchive : IEventArchive
    {
        public List<string> Ids { get; } = [];

        public Task AppendAsync(string project, string table, IReadOnlyList<EventColumn> columns, CancellationToken cancellationToken)
        {
            Ids.AddRange(columns.Single(static column => column.Name == "ID").Values.Select(static value => value.AsString()));
            return Task.CompletedTask;
        }
    }
}

public sealed class RedisStandstillTests(RedisFeed feed) : StandstillContract(feed), IClassFixture<RedisFeed>;

public sealed class KafkaStandstillTests(KafkaFeed feed) : StandstillContract(feed), IClassFixture<KafkaFeed>;

using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Features.Kafka;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>A process that stands still for so long, with its consumer, that its group gives its partitions to another.</summary>
public sealed class KafkaSlowStoreTests(KafkaFeed feed) : IClassFixture<KafkaFeed>
{
    private const int BatchEventsMax = 25;
    private const int Cards = 15;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("event_id: ID, created_time: KNOWN, ")]
    [InlineData("")]
    public async Task Drain_StoreStandsStillUntilAnotherMemberHasDoneAll_NothingIsLostOrCountedTwice(string ids)
    {
        var (set, now) = (feed.NewTopic(ids), UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow()));
        var stream = set.Streams[0];
        var events = Enumerable.Range(0, 16 * Cards).Select(index => StreamDefinitions.Event(index % Cards, now - StreamDefinitions.Second, now - StreamDefinitions.Second, $"p{index}", index / 4.0)).ToList();
        await feed.PublishAsync(stream, events, Token);
        var store = new MemoryOnlineStore();
        var factory = new KafkaEventSourceFactory(new KafkaStreamOptions { Brokers = feed.Brokers, Settings = KafkaFeed.SettingsOfImpatience }, new SilentTime(), NullLogger<KafkaEventSourceFactory>.Instance);
        await using var slowSource = new CountingSource(factory.Open(stream));
        await using var slowStore = new GatedStore(store);
        var slow = DrainAsync(Consumer(set, slowSource, slowStore), slowSource);
        await slowStore.Stopped.WaitAsync(Token);

        // It gets partitions only when the other one has lost them: that one has read, and neither written nor committed.
        await using var otherSource = factory.Open(stream);
        await DrainAsync(Consumer(set, otherSource, store), otherSource);
        var readMeanwhile = slowSource.Events;
        slowStore.Open();
        await slow;

        Assert.InRange(readMeanwhile, 1, 2 * BatchEventsMax);
        Assert.Equal(0, await feed.ReadLagAsync(stream, Token));
        Assert.Empty(await feed.ReadRefusedAsync(stream, Token));
        await AssertCountsAsync(set, store, events.Count);
    }

    private static async Task AssertCountsAsync(DefinitionSet set, MemoryOnlineStore store, int events)
    {
        var field = StreamDefinitions.FieldsOf(set).Single(static field => field.View.Name == "spending");
        var total = 0;
        for (var card = 0; card < Cards; card++)
        {
            var read = new OnlineRead(StreamOracle.CardOf(card), [field]);
            await store.ReadAsync([read], Token);
            total += (read.Payloads[0]!.Value.Length - WindowBlockCodec.HeaderLength) / WindowBlockCodec.RowWidth(field);
        }

        Assert.Equal(events, total);
    }

    private static StreamConsumer Consumer(DefinitionSet set, IEventSource source, IOnlineStore store) => new(
        set.Streams[0], StreamDefinitions.FieldsOf(set), source, store, archive: null,
        new StreamConsumerOptions { BatchEventsMax = BatchEventsMax, PollInterval = TimeSpan.FromMilliseconds(20), RetryInterval = TimeSpan.FromMilliseconds(10) },
        TimeProvider.System, NullLogger<StreamConsumer>.Instance);

    private static async Task DrainAsync(StreamConsumer consumer, IEventSource source)
    {
        do
        {
            await consumer.DrainAsync(Token);
        }
        while (await source.ReadLagAsync(Token) != 0);
    }

    private sealed class CountingSource(IEventSource source) : IEventSource
    {
        private int _events;

        public int Events => Volatile.Read(ref _events);

        public async Task<IReadOnlyList<StreamEvent>> ReadAsync(int eventsMax, TimeSpan wait, CancellationToken cancellationToken)
        {
            var events = await source.ReadAsync(eventsMax, wait, cancellationToken);
            Interlocked.Add(ref _events, events.Count);
            return events;
        }

        public Task CommitAsync(IReadOnlyList<StreamEvent> events, IReadOnlyList<DeadLetter> deadLetters, CancellationToken cancellationToken) =>
            source.CommitAsync(events, deadLetters, cancellationToken);

        public Task<long?> ReadLagAsync(CancellationToken cancellationToken) => source.ReadLagAsync(cancellationToken);

        public ValueTask DisposeAsync() => source.DisposeAsync();
    }
}

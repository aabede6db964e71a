namespace ZeroWorld.ML.Contract.Tests;

/// <summary>What every source of events keeps, whatever is between the producer and the views.</summary>
public abstract class EventSourceContract(EventFeed feed)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static long Now => UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task Drain_Events_GiveEachViewWhatPlainCodeGives()
    {
        var (set, now) = (feed.NewTopic(), Now);
        var events = StreamDefinitions.Events(150, now, seed: 1);

        await feed.PublishAsync(set.Streams[0], events, Token);
        var store = new MemoryOnlineStore();
        await feed.DrainAsync(set, store, null, Token);

        var expected = await StreamOracle.WriteAsync(set, events);
        await StreamOracle.AssertEqualAsync(set, expected, store);
        Assert.Equal(0, await feed.ReadLagAsync(set.Streams[0], Token));
        Assert.Empty(await feed.ReadRefusedAsync(set.Streams[0], Token));
    }

    [Fact]
    public async Task Drain_KilledAnywhereAndStartedAgain_EndsAsIfNothingHadHappened()
    {
        var now = Now;
        var events = StreamDefinitions.Events(60, now, seed: 2);
        var crashes = 0;
        for (var at = 0; ; at += feed.CrashStride)
        {
            var set = feed.NewTopic();
            await feed.PublishAsync(set.Streams[0], events, Token);
            var (store, crash) = (new MemoryOnlineStore(), new StreamCrash(at));
            var failure = await Record.ExceptionAsync(() => feed.DrainAsync(set, store, crash, Token));
            Assert.Equal(crash.Happened, failure is not null);
            await feed.DrainAsync(set, store, null, Token);

            await StreamOracle.AssertEqualAsync(set, await StreamOracle.WriteAsync(set, events), store);
            Assert.Empty(await feed.ReadRefusedAsync(set.Streams[0], Token));
            if (!crash.Happened)
            {
                break;
            }

            crashes++;
        }

        Assert.InRange(crashes, 2, 1000);
    }

    [Fact]
    public async Task Drain_PoisonAndFutureEvents_AreRefusedWithTheirReasonAndHoldUpNothing()
    {
        var (set, now) = (feed.NewTopic(), Now);
        var good = StreamDefinitions.Event(1, now, now, "good", 5);
        var after = StreamDefinitions.Event(1, now + 1, now + 1, "after", 7);
        string[] bad =
        [
            "not json", """{"card":"7","at":1}""", """["card"]""",
            StreamDefinitions.Event(1, now + (3600 * StreamDefinitions.Second), now, "future", 9),
            StreamDefinitions.Event(1, now, now + (3600 * StreamDefinitions.Second), "known in the future", 9),
            $$"""{"card":null,"at":{{now}},"id":"a"}""", $$"""{"card":1,"at":{{now}},"known":{{now}}}""",
        ];

        await feed.PublishAsync(set.Streams[0], [good, .. bad, after], Token);
        var store = new MemoryOnlineStore();
        await feed.DrainAsync(set, store, null, Token);
        await feed.DrainAsync(set, store, null, Token);

        await StreamOracle.AssertEqualAsync(set, await StreamOracle.WriteAsync(set, [good, after]), store);
        var refused = await feed.ReadRefusedAsync(set.Streams[0], Token);
        Assert.Equal(bad.Order(StringComparer.Ordinal), refused.Select(static item => item.Event).Order(StringComparer.Ordinal));
        Assert.All(refused, static item => Assert.NotEmpty(item.Reason));
        Assert.Contains("later than its arrival", refused.Single(item => item.Event == bad[3]).Reason, StringComparison.Ordinal);
        Assert.Contains("CARD is null", refused.Single(item => item.Event == bad[5]).Reason, StringComparison.Ordinal);
        Assert.Contains("ID is null", refused.Single(item => item.Event == bad[6]).Reason, StringComparison.Ordinal);
        Assert.Equal(0, await feed.ReadLagAsync(set.Streams[0], Token));
    }

    [Fact]
    public async Task Drain_NoDeclaredIds_RepeatsOfAReadCountOnce()
    {
        var set = feed.NewTopic(ids: "");
        var events = Enumerable.Range(0, 30).Select(index => StreamDefinitions.Event(index % 3, Now - StreamDefinitions.Second, Now - StreamDefinitions.Second, $"e{index}", index)).ToList();
        await feed.PublishAsync(set.Streams[0], events, Token);
        var store = new MemoryOnlineStore();
        await Record.ExceptionAsync(() => feed.DrainAsync(set, store, new StreamCrash(5), Token));

        await feed.DrainAsync(set, store, null, Token);

        var field = StreamDefinitions.FieldsOf(set).Single(static field => field.View.Name == "spending");
        for (var card = 0; card < 3; card++)
        {
            var read = new OnlineRead(StreamOracle.CardOf(card), [field]);
            await store.ReadAsync([read], Token);
            Assert.Equal(10, (read.Payloads[0]!.Value.Length - WindowBlockCodec.HeaderLength) / WindowBlockCodec.RowWidth(field));
        }
    }
}

public sealed class RedisSourceTests(RedisFeed feed) : EventSourceContract(feed), IClassFixture<RedisFeed>;

public sealed class KafkaSourceTests(KafkaFeed feed) : EventSourceContract(feed), IClassFixture<KafkaFeed>;

public sealed class PushSourceTests(PushFeed feed) : EventSourceContract(feed), IClassFixture<PushFeed>;

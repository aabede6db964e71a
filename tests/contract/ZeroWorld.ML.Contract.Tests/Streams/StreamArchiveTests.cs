using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Features.Parquet;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>An online store that was wiped, and filled again from the archive of its stream.</summary>
public sealed class StreamArchiveTests(RedisFeed feed) : IClassFixture<RedisFeed>
{
    private const int Cards = 5;
    private const long Day = 86_400 * StreamDefinitions.Second;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // Of days: the view's own bound leaves out what is old of all entities, the stream's what is old of each.
    [Theory]
    [InlineData("event_id: ID, created_time: KNOWN, ", 7200)]
    [InlineData("event_id: ID, created_time: KNOWN, ", 10 * 86_400)]
    [InlineData("", 10 * 86_400)]
    public async Task Materialize_ArchiveOfAStream_AnswersAsTheStreamsOwnRows(string ids, int seconds)
    {
        var (set, now) = (feed.NewTopic(ids), UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow()));
        var random = new Random(seconds);
        var events = Enumerable.Range(0, 300).Select(index =>
        {
            var (card, at) = (random.Next(Cards), now - (random.Next(seconds) * StreamDefinitions.Second));
            return StreamDefinitions.Event(card, at - (card * Day), at, $"p{index}", random.Next(1, 1000) / 4.0);
        }).ToList();
        await feed.PublishAsync(set.Streams[0], [.. events, .. ids.Length == 0 ? [] : events[..20]], Token);
        var folder = Directory.CreateTempSubdirectory("zw-archive-");
        try
        {
            var offline = new DuckDbOfflineStore(new ParquetOfflineOptions { DataDirectory = folder.FullName }, TimeProvider.System, NullLogger<DuckDbOfflineStore>.Instance);
            var (streamed, materialized) = (new MemoryOnlineStore(), new MemoryOnlineStore());
            await using (var source = feed.CreateSilent().Open(set.Streams[0]))
            {
                await new StreamConsumer(
                    set.Streams[0], StreamDefinitions.FieldsOf(set), source, streamed, offline, new StreamConsumerOptions { BatchEventsMax = 25 }, TimeProvider.System, NullLogger<StreamConsumer>.Instance)
                    .DrainAsync(Token);
            }

            await new Materializer(offline, materialized, TimeProvider.System).RunAsync(StreamDefinitions.FieldsOf(set), null, Token);

            foreach (var q in (long[])[now + (60 * StreamDefinitions.Second), now + (3600 * StreamDefinitions.Second), now + Day, now + (30 * Day)])
            {
                Assert.Equal(await ReadAsync(set, streamed, q), await ReadAsync(set, materialized, q));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<List<string>> ReadAsync(DefinitionSet set, MemoryOnlineStore store, long q)
    {
        var plan = new FeatureServicePlan(set.Services[0], static _ => false);
        var cells = new List<string>();
        for (var card = 0; card < Cards; card++)
        {
            var payloads = new ViewPayload[plan.Views.Count];
            for (var view = 0; view < payloads.Length; view++)
            {
                var read = new OnlineRead(StreamOracle.CardOf(card), [plan.Views[view].Field]);
                await store.ReadAsync([read], Token);
                payloads[view] = new ViewPayload(ViewPayloadState.Answered, read.Payloads[0] ?? default, (await store.ReadCoverageAsync(plan.Views[view].Field, Token))?.From ?? long.MinValue);
            }

            var row = new FeatureCell[plan.Service.Columns.Count];
            plan.BuildRow(q, [], payloads, row);
            cells.AddRange(row.Select((cell, column) => $"card {card} at {q}, {plan.Service.Columns[column].Name}: {cell}"));
        }

        return cells;
    }
}

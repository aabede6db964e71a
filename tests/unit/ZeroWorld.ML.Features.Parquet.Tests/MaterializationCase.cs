using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>A table of uses of cards with a view of each kind, brought into a store in memory.</summary>
public abstract class MaterializationCase : IDisposable
{
    private protected static readonly DateTimeOffset Start = new(2018, 4, 1, 0, 0, 0, TimeSpan.Zero);
    private protected static readonly DefinitionSet Definitions = DefinitionLoader.Load([new DefinitionFile("a.yaml", """
        version: 1
        entities: [ { name: card, keys: [ { name: card_id, type: int64 } ] } ]
        feature_views:
          - { name: last, entity: card, source: { table: uses, event_time: AT, created_time: KNOWN, keys: { card_id: CARD } }, features: [ { name: last_amount, type: float64, column: AMOUNT } ] }
          - { name: exact, entity: card, source: { table: uses, event_time: AT, created_time: KNOWN, event_id: ID, keys: { card_id: CARD } }, window: { history: 40d }, features: [ { name: sum_1d, aggregate: sum, of: AMOUNT, window: 1d } ] }
          - { name: tiles, entity: card, source: { table: uses, event_time: AT, created_time: KNOWN, event_id: ID, keys: { card_id: CARD } }, window: { precision: hop, history: 1d }, features: [ { name: sum_30d, aggregate: sum, of: AMOUNT, window: 30d } ] }
        feature_services: [ { name: all, features: [ tiles.* ] } ]
        """)]);

    private protected static readonly StorageField[] Fields = [.. Definitions.Views.Select(static view => StorageField.Of(view, hasIntegerEventId: true))];

    private protected static readonly StorageField[] Exact = Fields[..1];
    private protected static readonly StorageField[] Last = Fields[1..2];

    private protected StoreFolder Folder { get; } = new();

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected Task<Materialization> RunAsync(InMemoryOnlineStore online, int shard = 0, int shards = 1, TimeSpan? lateness = null, StorageField[]? fields = null) =>
        new Materializer(Folder.Store, online, TimeProvider.System).RunAsync(
            new MaterializationRequest { Fields = fields ?? Fields, EntitiesPerMark = 0, Shard = shard, Shards = shards, Lateness = lateness ?? TimeSpan.FromMinutes(10) }, Token);

    private protected async Task ImportAsync(string name, int first, int count, bool isAppended = false, string extra = "")
    {
        var random = new Random(first);
        var text = new StringBuilder("ID,CARD,AT,KNOWN,AMOUNT\n");
        for (var id = first; id < first + count; id++)
        {
            var time = Start.AddMinutes(id * 97);
            text.Append(CultureInfo.InvariantCulture, $"{id},{random.Next(150)},{time:yyyy-MM-dd'T'HH:mm:ss}Z,{time.AddSeconds(random.Next(3)):yyyy-MM-dd'T'HH:mm:ss}Z,{random.Next(1, 400) / 4.0}\n");
        }

        await Folder.Store.ImportAsync(
            new TableImport(
                "default", "uses", Folder.WriteText($"{name}.csv", text.Append(extra).ToString()),
                [new("ID", FeatureType.Int64), new("CARD", FeatureType.Int64), new("AT", FeatureType.Timestamp), new("KNOWN", FeatureType.Timestamp), new("AMOUNT", FeatureType.Float64)],
                null) { IsAppended = isAppended },
            Token);
    }

    // Of tiles without the moment until which what arrived was in their history: it is of the run that made them.
    private protected static SortedDictionary<string, string> Texts(InMemoryOnlineStore online) => new(
        online.Bytes.ToDictionary(
            static item => $"{item.Key.Field} {item.Key.Entity.Key}",
            static item => Convert.ToHexString(item.Key.Field == Fields[2].Name ? [.. item.Value[..24], .. item.Value[32..]] : item.Value)),
        StringComparer.Ordinal);

    private protected static void AssertEqual(InMemoryOnlineStore expected, InMemoryOnlineStore actual) => Assert.Equal(Texts(expected), Texts(actual));
}

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>A view with a filter says of a table what it says of a table that holds only the rows that pass.</summary>
public sealed class FilteredViewTests : IDisposable
{
    private const string Filter = "KIND != 'refund' and (FLAG or AMOUNT > 50) and hour(AT) >= 6";

    // The same in the words of the engine, which knows nothing of expressions.
    private const string Condition = "KIND <> 'refund' AND (FLAG OR AMOUNT > 50) AND hour(\"AT\") >= 6";

    private const string Definitions = """
        version: 1
        entities:
          - { name: card, keys: [ { name: card_id, type: int64 } ] }
          - { name: shop, keys: [ { name: shop_id, type: string } ] }
        feature_views:
          - { name: last, entity: card, source: { table: uses, event_time: AT, created_time: KNOWN, keys: { card_id: CARD }, FILTER }, ttl: 2d, features: [ { name: last_amount, type: float64, column: AMOUNT, bounds: { min: 60 } } ] }
          - { name: exact, entity: card, source: { table: uses, event_time: AT, created_time: KNOWN, event_id: ID, keys: { card_id: CARD }, FILTER }, window: { history: 400d }, features: [ { name: sum_1d, aggregate: sum, of: AMOUNT, window: 1d }, { name: n_3d, aggregate: count, window: 3d } ] }
          - { name: tiles, entity: card, source: { table: uses, event_time: AT, event_id: ID, keys: { card_id: CARD }, FILTER }, window: { precision: hop, history: 1d }, features: [ { name: sum_30d, aggregate: sum, of: AMOUNT, window: 30d } ] }
          - { name: shops, entity: shop, source: { table: uses, event_time: AT, keys: { shop_id: SHOP } }, features: [ { name: shop_amount, type: float64, column: AMOUNT } ] }
        feature_services: [ { name: all, features: [ last.*, exact.*, tiles.* ] } ]
        """;

    private const string Rows = """
        SELECT i AS ID, (i * 7919) % 60 AS CARD, 's' || (i % 4) AS SHOP, TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_seconds(i * 613) AS "AT",
            TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_seconds(i * 613 + (i % 7) * 40000) AS KNOWN,
            CASE i % 5 WHEN 0 THEN 'refund' WHEN 1 THEN NULL ELSE 'sale' END AS KIND, CASE i % 3 WHEN 0 THEN true WHEN 1 THEN false END AS FLAG, ((i * 31) % 400) / 4.0::DOUBLE AS AMOUNT
        FROM range(6000) r(i)
        """;

    private readonly StoreFolder _whole = new();
    private readonly StoreFolder _passing = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _whole.Dispose();
        _passing.Dispose();
    }

    [Fact]
    public async Task BuildTrainingSetAsync_FilteredViews_SeeTheRowsThatPass()
    {
        await ImportAsync(_whole, "true");
        await ImportAsync(_passing, Condition);

        var filtered = await BuildAsync(_whole, Load(Filter));
        var passing = await BuildAsync(_passing, Load(Filter));
        var unfiltered = await BuildAsync(_whole, Load(null));
        var plain = await BuildAsync(_passing, Load(null));

        Assert.Equal(passing.Fingerprint, filtered.Fingerprint);
        Assert.NotEqual(plain.Fingerprint, unfiltered.Fingerprint);
        Assert.NotEqual(plain.ServiceFingerprint, passing.ServiceFingerprint);
        Assert.Equal(plain.Statistics, filtered.Statistics);
        Assert.NotEqual(plain.Statistics, unfiltered.Statistics);
    }

    [Fact]
    public async Task RunAsync_FilteredViews_BringTheRowsThatPassOnline()
    {
        var quality = await ImportAsync(_whole, "true");
        await ImportAsync(_passing, Condition);

        var (whole, filtered) = await MaterializeAsync(_whole);
        var (passing, _) = await MaterializeAsync(_passing);

        Assert.Equal(3, passing.Bytes.Keys.Select(static key => key.Field).Distinct().Count());
        Assert.Equal(passing.Bytes.Keys.Order(KeyOrder), whole.Bytes.Keys.Order(KeyOrder));
        Assert.All(passing.Bytes, item => Assert.Equal(Comparable(item.Key.Field, item.Value), Comparable(item.Key.Field, whole.Bytes[item.Key])));

        // What an import counts is what is seen of it.
        var counted = Assert.Single(quality);
        Assert.Equal(Assert.Single(filtered.Views.SelectMany(static view => view.Quality)), counted);
        Assert.InRange(counted.Values, 1, 5000);
    }

    [Fact]
    public async Task PushAsync_RowsOfATable_AreFilteredAsTheTableIs()
    {
        await ImportAsync(_whole, "true");
        var (materialized, _) = await MaterializeAsync(_whole);
        var last = StorageField.Of(Load(Filter).GetView("last"), hasIntegerEventId: false);
        var pushed = new InMemoryOnlineStore();
        (string Name, FeatureType Type)[] columns =
            [("CARD", FeatureType.Int64), ("AT", FeatureType.Timestamp), ("KNOWN", FeatureType.Timestamp), ("KIND", FeatureType.String), ("FLAG", FeatureType.Bool), ("AMOUNT", FeatureType.Float64)];
        using var session = new DuckDbSession(_whole.Options);
        using var rows = session.Query($"SELECT {string.Join(", ", columns.Select(static column => column.Type == FeatureType.Timestamp ? $"epoch_us({Sql.Name(column.Name)})" : Sql.Name(column.Name)))} FROM ({Rows})", Token);
        var values = columns.Select(static _ => new List<FeatureValue>()).ToArray();
        while (rows.Read())
        {
            for (var column = 0; column < columns.Length; column++)
            {
                values[column].Add(rows.GetValue(column, columns[column].Type));
            }
        }

        await new EventPush(pushed, TimeProvider.System).PushAsync([last], [.. columns.Select((column, index) => new EventColumn(column.Name, column.Type, values[index]))], Token);

        var expected = materialized.Bytes.Where(item => item.Key.Field == last.Name).ToDictionary(static item => item.Key.Entity.Key, static item => Convert.ToHexString(item.Value));
        Assert.NotEmpty(expected);
        Assert.Equal(expected, pushed.Bytes.ToDictionary(static item => item.Key.Entity.Key, static item => Convert.ToHexString(item.Value)));
    }

    [Fact]
    public async Task EraseAsync_EntityOfAnotherView_LeavesWhatAFilterReads()
    {
        await ImportAsync(_whole, "true");
        var views = Load(Filter).Views;
        var before = await BuildAsync(_whole, Load(Filter));

        var erased = await _whole.Store.EraseAsync(new TableErasureRequest("default", views, "shop", [FeatureValue.FromString("s1")], long.MaxValue), Token);

        Assert.Equal(1500, erased.Rows);
        Assert.Equal(before.Fingerprint, (await BuildAsync(_whole, Load(Filter))).Fingerprint);
    }

    [Fact]
    public async Task ImportAsync_TableWithoutAColumnOfTheFilter_IsRefused()
    {
        var path = _whole.WriteParquet("in.parquet", $"SELECT * EXCLUDE (FLAG) FROM ({Rows})");

        var refused = await Assert.ThrowsAsync<FeatureException>(() => _whole.Store.ImportAsync(new TableImport("default", "uses", path, [], null) { Views = Load(Filter).Views }, Token));

        Assert.Contains("has no column 'FLAG', which feature view 'exact' of table 'uses' reads as a column of its filter", refused.Message, StringComparison.Ordinal);
    }

    private static DefinitionSet Load(string? filter) => DefinitionLoader.Load([new DefinitionFile("a.yaml", Definitions.Replace(
        "FILTER", filter is null ? "allowed_skew: 5m" : $"where: \"{filter}\", columns: [ {{ name: KIND, type: string }}, {{ name: FLAG, type: bool }} ]", StringComparison.Ordinal))]);

    private static async Task<IReadOnlyList<FeatureQuality>> ImportAsync(StoreFolder folder, string condition)
    {
        // Two files, of which the second is appended.
        var first = await folder.Store.ImportAsync(Import(folder, $"({condition}) AND ID < 4000"), Token);
        var second = await folder.Store.ImportAsync(Import(folder, $"({condition}) AND ID >= 4000") with { IsAppended = true }, Token);
        return [.. first.Quality.Zip(second.Quality, static (one, other) => one with { Values = one.Values + other.Values, OutOfBounds = one.OutOfBounds + other.OutOfBounds })];
    }

    private static TableImport Import(StoreFolder folder, string condition) =>
        new("default", "uses", folder.WriteParquet("in.parquet", $"SELECT * FROM ({Rows}) WHERE {condition}"), [], null) { Views = Load(Filter).Views };

    private static Task<TrainingSet> BuildAsync(StoreFolder folder, DefinitionSet definitions) => folder.Store.BuildTrainingSetAsync(
        new TrainingSetRequest
        {
            Plan = new FeatureServicePlan(definitions.GetService("all"), static _ => true),
            Spine = folder.WriteParquet("spine.parquet", "SELECT (i * 17) % 61 AS card_id, TIMESTAMPTZ '2024-01-03 00:00:00+00' + to_seconds(i * 917) AS q FROM range(4000) r(i)"),
            TimeColumn = "q",
            KeyColumns = new Dictionary<string, string>(),
            RequestColumns = new Dictionary<string, string>(),
            PassThrough = ["card_id"],
            WithStatuses = true,
            OutputPath = folder.PathOf("set.parquet"),
        },
        null, Token);

    private static async Task<(InMemoryOnlineStore Store, Materialization Result)> MaterializeAsync(StoreFolder folder)
    {
        var online = new InMemoryOnlineStore();
        var fields = Load(Filter).Views.Where(static view => view.Name != "shops").Select(static view => StorageField.Of(view, hasIntegerEventId: true)).ToArray();
        var result = await new Materializer(folder.Store, online, TimeProvider.System).RunAsync(new MaterializationRequest { Fields = fields, EntitiesPerMark = 0 }, Token);
        return (online, result);
    }

    private static Comparer<(string Field, EntityId Entity)> KeyOrder => Comparer<(string Field, EntityId Entity)>.Create(
        static (left, right) => string.CompareOrdinal($"{left.Field} {left.Entity.Key}", $"{right.Field} {right.Entity.Key}"));

    // Of tiles without the moment until which what arrived was in their history: it is of the run that made them.
    private static string Comparable(string field, byte[] bytes) =>
        Convert.ToHexString(field == StorageField.Of(Load(Filter).GetView("tiles"), hasIntegerEventId: true).Name ? [.. bytes[..24], .. bytes[32..]] : bytes);
}

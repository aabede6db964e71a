namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>What is grouped in memory is what a sort by the engine would give.</summary>
public sealed class GroupedRowsTests : IDisposable
{
    private const int Rows = 6000;

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private const string Numbers = "{ name: m, aggregate: max, of: id, window: 1d }";
    private const string Texts = "{ name: l, aggregate: last_k, k: 3, of: text, type: string, window: 1d }";

    [Theory]
    [InlineData("{ name: k, type: int64 }", ", event_id: id", Texts, true)]
    [InlineData("{ name: k, type: int64 }", ", event_id: id", Numbers, true)]
    [InlineData("{ name: k, type: int64 }", ", event_id: id, created_time: created", Numbers, true)]
    [InlineData("{ name: t, type: string }", ", event_id: word, created_time: created", Texts, false)]
    [InlineData("{ name: t, type: string }, { name: k, type: int64 }, { name: b, type: bool }", ", created_time: created", Texts, false)]
    public async Task ReadEventsAsync_GroupedOrSorted_GivesTheSameBlocks(string keys, string source, string feature, bool hasIntegerEventId)
    {
        await ImportAsync();
        var field = Field(keys, source, $"window: {{ history: 3650d }}, features: [ {{ name: s, aggregate: sum, of: c, window: 1d }}, {feature} ]", hasIntegerEventId);
        var range = new MaterializationRange(long.MinValue, long.MaxValue, 40);

        var grouped = await ReadAsync(_folder.Store.ReadEventsAsync(field, range, Token), static append => (append.Entity, append.Block));
        var sliced = await ReadAsync(Slicing().ReadEventsAsync(field, range, Token), static append => (append.Entity, append.Block));
        var sorted = await ReadAsync(Sorting().ReadEventsAsync(field, range, Token), static append => (append.Entity, append.Block));

        Assert.InRange(grouped.Count, 100, Rows);
        Assert.Equal(sorted, grouped);
        Assert.Equal(sorted, sliced);
    }

    [Theory]
    [InlineData("{ name: k, type: int64 }")]
    [InlineData("{ name: t, type: string }, { name: b, type: bool }")]
    [InlineData("{ name: x, type: bytes }")]
    public async Task ReadRowsAsync_GroupedOrSorted_GivesTheSameRows(string keys)
    {
        await ImportAsync();
        var field = Field(keys, ", created_time: created", """
            features: [ { name: f1, type: float64, column: c }, { name: f2, type: float32, column: f }, { name: f3, type: bool, column: flag }, { name: f4, type: string, column: text },
              { name: f5, type: bytes, column: raw }, { name: f6, type: float64_list, column: list }, { name: f7, type: string_list, column: texts }, { name: f8, type: timestamp, column: created } ]
            """);
        var range = new MaterializationRange(long.MinValue, long.MaxValue, long.MinValue) { Partitions = [.. Enumerable.Range(0, 64).Where(static partition => partition % 3 != 1)] };

        var grouped = await ReadRowsAsync(field, _folder.Store.ReadRowsAsync(field, range, Token));
        var sliced = await ReadRowsAsync(field, Slicing().ReadRowsAsync(field, range, Token));
        var sorted = await ReadRowsAsync(field, Sorting().ReadRowsAsync(field, range, Token));

        Assert.InRange(grouped.Count, 5, Rows);
        Assert.Equal(sorted, grouped);
        Assert.Equal(sorted, sliced);
    }

    [Fact]
    public async Task ReadRowsAsync_NothingArrivedYet_GivesNothing()
    {
        await ImportAsync();

        var rows = await ReadAsync(
            _folder.Store.ReadRowsAsync(Field("{ name: k, type: int64 }", ", created_time: created", "features: [ { name: f1, type: float64, column: c } ]"), new MaterializationRange(long.MinValue, -1, long.MinValue), Token),
            static write => (write.Entity, write.Row));

        Assert.Empty(rows);
    }

    [Theory]
    [InlineData("{ name: k, type: int64 }", Rows, 0)]
    [InlineData("{ name: t, type: string }", Rows - (Rows / 11) - 1, (Rows / 11) + 1)]
    public async Task OpenHistoryAsync_WithOrWithoutStatistics_TellsTheSameExtent(string keys, long rows, long nullKeys)
    {
        await ImportAsync();
        var byStatistics = await _folder.Store.OpenHistoryAsync(Field(keys, "", "features: [ { name: f1, type: float64, column: c } ]"), Token);
        await using var first = byStatistics;

        // Bounds are counted value by value.
        await using var byRows = await _folder.Store.OpenHistoryAsync(Field(keys, "", "features: [ { name: f1, type: float64, column: c, bounds: { min: 0 } } ]"), Token);

        Assert.Equal((rows, nullKeys), (byStatistics.Extent.Rows, byStatistics.Extent.NullKeys));
        Assert.Equal(byRows.Extent with { Quality = [], Files = [] }, byStatistics.Extent with { Quality = [], Files = [] });
        Assert.Single(byRows.Extent.Quality);
    }

    private static async Task<SortedDictionary<string, string>> ReadAsync<T>(IAsyncEnumerable<HistoryBatch<T>> batches, Func<T, (EntityId Entity, ReadOnlyMemory<byte> Bytes)> of)
    {
        var (items, last) = (new SortedDictionary<string, string>(StringComparer.Ordinal), -1);
        await foreach (var batch in batches)
        {
            Assert.True(batch.Partition >= last, $"Partition {batch.Partition} comes behind {last}.");
            last = batch.Partition.Value;
            foreach (var item in batch.Items)
            {
                var (entity, bytes) = of(item);
                items.Add(entity.Key, $"{batch.Partition} {Convert.ToHexString(bytes.Span)}");
            }

            // The next batches may lie where this one did.
            batch.Memory?.Dispose();
        }

        return items;
    }

    /// <summary>What a store has that takes these: of an entity that came twice the greatest row.</summary>
    private static async Task<SortedDictionary<string, string>> ReadRowsAsync(StorageField field, IAsyncEnumerable<HistoryBatch<OnlineRowWrite>> batches)
    {
        var (items, last) = (new SortedDictionary<string, string>(StringComparer.Ordinal), -1);
        var (written, repeated) = (0, 0);
        await foreach (var batch in batches)
        {
            Assert.True(batch.Partition is null ? last < 0 : batch.Partition >= last, $"Partition {batch.Partition} comes behind {last}.");
            last = batch.Partition ?? last;
            (written, repeated) = (written + batch.Items.Count, repeated + batch.Repeated);
            foreach (var item in batch.Items)
            {
                if (!items.TryGetValue(item.Entity.Key, out var old) || IsGreater(field, item.Row.Span, Convert.FromHexString(old)))
                {
                    items[item.Entity.Key] = Convert.ToHexString(item.Row.Span);
                }
            }
        }

        Assert.Equal(items.Count, written - repeated);
        return items;
    }

    private static bool IsGreater(StorageField field, ReadOnlySpan<byte> row, ReadOnlySpan<byte> old)
    {
        Assert.True(OnlineRowCodec.TryReadHeader(field, row, out var eventTime, out var createdTime, out var body));
        Assert.True(OnlineRowCodec.TryReadHeader(field, old, out var oldEvent, out var oldCreated, out var oldBody));
        return (eventTime, createdTime).CompareTo((oldEvent, oldCreated)) is var order and not 0
            ? order > 0
            : string.CompareOrdinal(OnlineRowCodec.HashBody(row[body..]), OnlineRowCodec.HashBody(old[oldBody..])) > 0;
    }

    private DuckDbOfflineStore Slicing()
    {
        _folder.Options.SliceRows = 700;
        return _folder.StoreWith(3);
    }

    private DuckDbOfflineStore Sorting()
    {
        _folder.Options.CellBytesMax = 0;
        return _folder.StoreWith(2);
    }

    private static StorageField Field(string keys, string source, string rest, bool hasIntegerEventId = false)
    {
        var set = DefinitionLoader.Load([new DefinitionFile("a.yaml", $$"""
            version: 1
            entities: [ { name: thing, keys: [ {{keys}} ] } ]
            feature_views: [ { name: view, entity: thing, source: { table: facts, event_time: at{{source}} }, {{rest}} } ]
            """)]);
        return StorageField.Of(set.Views[0], hasIntegerEventId);
    }

    // Ids and rows are repeated, in one file and in two; some arrive in another order than they happened.
    private async Task ImportAsync()
    {
        foreach (var (part, from) in new[] { ("one", 0), ("two", Rows / 2) })
        {
            var path = _folder.WriteParquet($"{part}.parquet", $"""
                SELECT i % 701 AS k, CASE WHEN i % 11 = 0 THEN NULL ELSE repeat('t', (i % 40)::INTEGER) || (i % 97) END AS t, i % 2 = 0 AS b, encode('x' || (i % 53)) AS x,
                    (i * 7) % 2500 AS id, 'w' || ((i * 7) % 2500) AS word, make_timestamptz(((i * 13) % 500)::BIGINT) AS at,
                    make_timestamptz((((i * 13) % 500) + i % 3)::BIGINT) AS created, CASE WHEN i % 5 = 0 THEN NULL ELSE i / 7.0::DOUBLE END AS c, (i / 3)::FLOAT AS f,
                    CASE WHEN i % 9 = 0 THEN NULL ELSE i % 4 = 1 END AS flag, repeat('é', (i % 15)::INTEGER) AS text, CASE WHEN i % 6 = 0 THEN NULL ELSE encode('raw' || i) END AS raw,
                    CASE WHEN i % 8 = 0 THEN NULL ELSE [i::DOUBLE, 0.5] END AS list, ['a', 'b' || i] AS texts
                FROM range({from}, {from + (Rows / 2)}) r(i)
                """);
            OfflineColumn[] columns =
            [
                new("k", FeatureType.Int64), new("t", FeatureType.String), new("b", FeatureType.Bool), new("x", FeatureType.Bytes), new("id", FeatureType.Int64), new("word", FeatureType.String),
                new("at", FeatureType.Timestamp), new("created", FeatureType.Timestamp), new("c", FeatureType.Float64), new("f", FeatureType.Float32), new("flag", FeatureType.Bool),
                new("text", FeatureType.String), new("raw", FeatureType.Bytes), new("list", FeatureType.Float64List), new("texts", FeatureType.StringList),
            ];
            await _folder.Store.ImportAsync(new TableImport("default", "facts", path, columns, "UTC") { IsAppended = from > 0 }, Token);
        }
    }
}

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>Rows that are written while the rest of their table is still read.</summary>
public sealed class EarlyRowsTests : IDisposable
{
    private const int Rows = 20_000;

    private readonly StoreFolder _folder = new();
    private readonly InMemoryOnlineStore _online = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static StorageField Field { get; } = StorageField.Of(
        DefinitionLoader.Load([new DefinitionFile("a.yaml", """
            version: 1
            entities: [ { name: thing, keys: [ { name: k, type: int64 } ] } ]
            feature_views: [ { name: view, entity: thing, source: { table: facts, event_time: at }, features: [ { name: f, type: int64, column: c } ] } ]
            """)]).Views[0],
        hasIntegerEventId: false);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ReadRowsAsync_KeysThatDoNotRepeat_GivesTheFirstRowsAheadOfTheirPartitions()
    {
        await ImportAsync(entities: Rows);

        var ahead = 0;
        await foreach (var batch in _folder.Store.ReadRowsAsync(Field, new MaterializationRange(long.MinValue, long.MaxValue, long.MinValue), Token))
        {
            ahead += batch.Partition is null ? batch.Items.Count : 0;
            Assert.Equal(0, batch.Repeated);
        }

        Assert.InRange(ahead, DuckDbVectors.RowsMax, Rows);
    }

    // The last of 20,000 rows are newer ones of the first entities, which went ahead with their old ones.
    [Theory]
    [InlineData(19_000)]
    [InlineData(11_000)]
    [InlineData(3)]
    public async Task RunAsync_NewerRowsOfEntitiesThatWentAhead_TheNewestStandAndEntitiesCountOnce(int entities)
    {
        await ImportAsync(entities);

        var view = Assert.Single((await new Materializer(_folder.Store, _online, TimeProvider.System).RunAsync([Field], null, Token)).Views);

        Assert.Equal((entities, entities), (view.Entities, view.Rows));
        Assert.Equal(entities, _online.Bytes.Count);
        foreach (var ((_, entity), row) in _online.Bytes)
        {
            var key = int.Parse(entity.Key.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(OnlineRowCodec.TryReadHeader(Field, row, out var eventTime, out _, out _));
            Assert.Equal(key + ((Rows - 1 - key) / entities * entities), eventTime);
        }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(50, true)]
    public void Enter_RowsDrawnFromATable_IsOverWhereEntitiesHaveSeveral(int rowsPerEntity, bool isOver)
    {
        var drawn = Enumerable.Range(0, Rows).Select(row => (ulong)(row / rowsPerEntity)).ToArray();
        new Random(1).Shuffle(drawn);
        var entities = new EarlyEntities(Rows, entitiesMax: Rows);
        var isFirst = new bool[2000];

        for (var from = 0; from < Rows / 2; from += isFirst.Length)
        {
            entities.Enter(drawn.AsSpan(from, isFirst.Length), isFirst);
        }

        Assert.Equal(isOver, entities.IsOver);
    }

    [Fact]
    public void Enter_OneEntityInTwentyHasTwoRows_GoesOn()
    {
        var drawn = Enumerable.Range(0, Rows).Select(static row => (ulong)(row % (Rows * 19 / 20))).ToArray();
        new Random(1).Shuffle(drawn);
        var entities = new EarlyEntities(Rows, entitiesMax: Rows);
        var isFirst = new bool[2000];

        for (var from = 0; from < Rows; from += isFirst.Length)
        {
            entities.Enter(drawn.AsSpan(from, isFirst.Length), isFirst);
        }

        Assert.False(entities.IsOver);
    }

    [Fact]
    public void Enter_AsManyAsMayGoAhead_TheRestIsNotFirst()
    {
        var entities = new EarlyEntities(Rows, entitiesMax: 3);
        var isFirst = new bool[5];

        entities.Enter([1, 2, 3, 4, 5], isFirst);

        Assert.Equal([true, true, true, false, false], isFirst);
        Assert.True(entities.IsOver);
    }

    private async Task ImportAsync(int entities)
    {
        var path = _folder.WriteParquet("facts.parquet", $"SELECT i % {entities} AS k, make_timestamptz(i::BIGINT) AS at, i AS c FROM range({Rows}) r(i)");
        OfflineColumn[] columns = [new("k", FeatureType.Int64), new("at", FeatureType.Timestamp), new("c", FeatureType.Int64)];
        await _folder.Store.ImportAsync(new TableImport("default", "facts", path, columns, "UTC"), Token);
    }
}

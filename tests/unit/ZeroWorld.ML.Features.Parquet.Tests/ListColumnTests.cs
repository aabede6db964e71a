namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>Columns of lists from files to training sets.</summary>
public sealed class ListColumnTests : IDisposable
{
    private const string Facts = """
        SELECT k, make_timestamptz(10) AS happened, CASE k WHEN 1 THEN [1.5, -2.0]::FLOAT[] WHEN 2 THEN []::FLOAT[] END AS vector,
            CASE k WHEN 1 THEN [k, 7]::INTEGER[] WHEN 3 THEN [0, 0]::INTEGER[] END AS ids, CASE k WHEN 2 THEN ['a', '', 'a longer text than twelve bytes'] WHEN 3 THEN []::VARCHAR[] END AS tags
        FROM (SELECT unnest([1, 2, 3])::BIGINT AS k)
        """;

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task BuildTrainingSetAsync_ListsOfEveryKind_AreThoseOfTheFile()
    {
        await ImportAsync(Facts);
        var spine = _folder.WriteParquet("spine.parquet", "SELECT k, make_timestamptz(20) AS q, [k, k + 1] AS given, [[k::VARCHAR]] IS NULL AS no, ['p'] AS passed FROM (SELECT unnest([3, 1, 2, 9, 1])::BIGINT AS k)");

        var set = await _folder.Store.BuildTrainingSetAsync(Request(spine), null, Token);

        var frame = await _folder.Store.LoadAsync(set.Path, ["passed", "given", "vector", "ids", "tags"], null, Token);
        Assert.Equal<double[]?>([null, [1.5, -2], [], null, [1.5, -2]], frame.Get<double[]>("vector"));
        Assert.Equal<long[]?>([[0, 0], [1, 7], null, null, [1, 7]], frame.Get<long[]>("ids"));
        Assert.Equal<string[]?>([[], null, ["a", "", "a longer text than twelve bytes"], null, null], frame.Get<string[]>("tags"));
        Assert.Equal<long[]?>([[3, 4], [1, 2], [2, 3], [9, 10], [1, 2]], frame.Get<long[]>("given"));
        Assert.Equal<string[]?>([["p"], ["p"], ["p"], ["p"], ["p"]], frame.Get<string[]>("passed"));
        Assert.Equal((5L, 2L), (set.Statistics.Single(static column => column.Name == "vector").Rows, set.Statistics.Single(static column => column.Name == "vector").Nulls));
        Assert.Null(set.Statistics.Single(static column => column.Name == "ids").Minimum);
    }

    [Fact]
    public async Task ReadRowsAsync_Lists_AreInTheOnlineRow()
    {
        await ImportAsync(Facts);
        var field = Plan().Views[0].Field;
        var rows = new Dictionary<string, FeatureValue[]>();

        await foreach (var batch in _folder.Store.ReadRowsAsync(field, new MaterializationRange(long.MinValue, 100, long.MinValue), Token))
        {
            foreach (var write in batch.Items)
            {
                var values = new FeatureValue[3];
                Assert.True(OnlineRowCodec.TryReadHeader(field, write.Row.Span, out _, out _, out var body) && OnlineRowCodec.TryReadValues(field.View.StoredColumns, write.Row.Span, body, values));
                rows.Add(write.Entity.Key, values);
            }
        }

        Assert.Equal([FeatureValue.FromFloat64List([1.5, -2]), FeatureValue.FromInt64List([1, 7]), FeatureValue.Null(FeatureType.StringList)], rows["i1"]);
        Assert.Equal([FeatureValue.FromFloat64List([]), FeatureValue.Null(FeatureType.Int64List), FeatureValue.FromStringList(["a", "", "a longer text than twelve bytes"])], rows["i2"]);
    }

    [Fact]
    public async Task ImportAsync_NullInAList_NamesFileRowAndColumn()
    {
        var exception = await Assert.ThrowsAsync<FeatureException>(() => ImportAsync(Facts.Replace("[1.5, -2.0]", "[1.5, NULL]", StringComparison.Ordinal)));

        Assert.Contains("facts.parquet', row 1, column 'vector': the list has a null among its elements", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BuildTrainingSetAsync_NullInAListOfTheSpine_NamesRowAndColumn()
    {
        await ImportAsync(Facts);
        var spine = _folder.WriteParquet("spine.parquet", "SELECT 1::BIGINT AS k, make_timestamptz(20) AS q, CASE m WHEN 1 THEN [1, NULL] ELSE [2] END AS given, ['p'] AS passed FROM (SELECT unnest([0, 0, 1]) AS m)");

        var exception = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.BuildTrainingSetAsync(Request(spine), null, Token));

        Assert.Contains("column 'given' holds a list with a null element in row 3", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[1, 2.5]", "a JSON array of integers")]
    [InlineData("[1, null]", "a JSON array of integers")]
    [InlineData("[1", "a JSON array of integers")]
    [InlineData("[1] 2", "a JSON array of integers")]
    [InlineData("1", "a JSON array of integers")]
    public async Task ImportAsync_CsvTextThatIsNoList_NamesLineAndColumn(string text, string expected)
    {
        var csv = _folder.WriteText("lists.csv", $"AT,IDS\n2024-01-01T00:00:00Z,\"{text}\"\n");

        var exception = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.ImportAsync(new TableImport("default", "lists", csv, [new("AT", FeatureType.Timestamp), new("IDS", FeatureType.Int64List)], null), Token));

        Assert.Contains("line 2, column 'IDS'", exception.Message, StringComparison.Ordinal);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    private Task<TableSummary> ImportAsync(string query) => _folder.Store.ImportAsync(
        new TableImport(
            "default",
            "facts",
            _folder.WriteParquet("facts.parquet", query),
            [new("k", FeatureType.Int64), new("happened", FeatureType.Timestamp), new("vector", FeatureType.Float64List), new("ids", FeatureType.Int64List), new("tags", FeatureType.StringList)],
            null),
        Token);

    private static FeatureServicePlan Plan() => new(
        TestDefinitions.Service(
            "lists",
            [new RequestValue("given", FeatureType.Int64List, FeatureValue.Null(FeatureType.Int64List))],
            new LastValueView
            {
                Project = "default",
                Name = "facts",
                Entity = TestDefinitions.Entity("one", ("k", FeatureType.Int64)),
                Source = new ViewSource { Table = "facts", EventTimeColumn = "happened", KeyColumns = ["k"] },
                Features =
                [
                    new LastValueFeature(TestDefinitions.Field("vector", FeatureType.Float64List), "vector"),
                    new LastValueFeature(TestDefinitions.Field("ids", FeatureType.Int64List), "ids"),
                    new LastValueFeature(TestDefinitions.Field("tags", FeatureType.StringList), "tags"),
                ],
            }),
        static _ => true);

    private TrainingSetRequest Request(string spine) => new()
    {
        Plan = Plan(),
        Spine = spine,
        TimeColumn = "q",
        KeyColumns = new Dictionary<string, string> { ["k"] = "k" },
        RequestColumns = new Dictionary<string, string> { ["given"] = "given" },
        PassThrough = ["passed"],
        OutputPath = _folder.PathOf("set.parquet"),
    };
}

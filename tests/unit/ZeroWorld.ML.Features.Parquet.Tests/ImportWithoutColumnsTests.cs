namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class ImportWithoutColumnsTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("1;2;-3", FeatureType.Int64)]
    [InlineData("1;;3", FeatureType.Int64)]
    [InlineData("1;2.5;3", FeatureType.Float64)]
    [InlineData("1e3;NaN;-inf", FeatureType.Float64)]
    [InlineData("1;2;x", FeatureType.String)]
    [InlineData("1;2.5;x", FeatureType.String)]
    [InlineData("007;008;9", FeatureType.String)]
    [InlineData("9;008;7", FeatureType.String)]
    [InlineData("1.5;008;7", FeatureType.String)]
    [InlineData("0;1;0", FeatureType.Int64)]
    [InlineData("4929123456789012345678;1;2", FeatureType.String)]
    [InlineData("true;False;TRUE", FeatureType.Bool)]
    [InlineData("true;1;0", FeatureType.String)]
    [InlineData("2024-01-01T00:00:00Z;2024-01-02T00:00:00+02:00;", FeatureType.Timestamp)]
    [InlineData("2024-01-01T00:00:00Z;2024-01-02;", FeatureType.String)]
    [InlineData("2024-01-01;2024-01-02;2024-01-03", FeatureType.String)]
    [InlineData(";;", FeatureType.String)]
    public async Task ImportAsync_CsvColumn_HasTheNarrowestTypeThatTakesAllOfItsValues(string values, FeatureType expected)
    {
        var path = _folder.WriteText("in.csv", "first,column\n" + string.Concat(values.Split(';').Select(static value => $"a,{value}\n")));

        var summary = await _folder.Store.ImportAsync(Import(path), Token);

        Assert.Equal([new OfflineColumn("first", FeatureType.String), new OfflineColumn("column", expected)], summary.Columns);
        Assert.Equal(summary.Columns, await _folder.Store.DescribeTableAsync("default", "events", Token));
    }

    [Fact]
    public async Task ImportAsync_CsvWithADeclaredZone_TakesTimesWithoutOne()
    {
        var path = _folder.WriteText("in.csv", "at\n2024-01-01\n2024-01-02 00:00:01\n");

        var summary = await _folder.Store.ImportAsync(Import(path) with { TimeZone = "UTC" }, Token);

        Assert.Equal([new OfflineColumn("at", FeatureType.Timestamp)], summary.Columns);
        Assert.Equal(1_704_067_200_000_000, summary.FirstTime);
    }

    [Fact]
    public async Task ImportAsync_ColumnsOfViews_HaveTheirTypesAndSayWhatDoesNotFit()
    {
        var header = "code,at,n,flag,free\n";
        var import = Import(_folder.WriteText("in.csv", header + "7,2024-01-01T00:00:00Z,1,true,5\n")) with { Views = [View()] };

        var summary = await _folder.Store.ImportAsync(import, Token);
        var zone = await RefusedAsync(import with { Path = _folder.WriteText("zone.csv", header + "7,2024-01-01,1,true,5\n") });
        var missing = await RefusedAsync(import with { Path = _folder.WriteText("null.csv", header + "7,,1,true,5\n") });
        var number = await RefusedAsync(import with { Path = _folder.WriteText("number.csv", header + "7,2024-01-01T00:00:00Z,one,true,5\n") });

        Assert.Equal(
            [
                new OfflineColumn("code", FeatureType.String), new OfflineColumn("at", FeatureType.Timestamp), new OfflineColumn("n", FeatureType.Float64),
                new OfflineColumn("flag", FeatureType.Bool), new OfflineColumn("free", FeatureType.Int64),
            ],
            summary.Columns);
        Assert.Equal(1, (await _folder.Store.ReadExtentAsync(View(), Token)).Rows);
        Assert.Contains("line 2, column 'at': the value is '2024-01-01'; expected a time with a zone", zone, StringComparison.Ordinal);
        Assert.Contains("line 2, column 'at': there is no value (null)", missing, StringComparison.Ordinal);
        Assert.Contains("line 2, column 'n': the value is 'one'; expected a float64 number", number, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImportAsync_ParquetFile_HasItsOwnTypesAndLeavesOutWhatFeaturesDoNotHave()
    {
        var path = _folder.WriteParquet(
            "in.parquet", "SELECT 1::SMALLINT AS id, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, 2.5::FLOAT AS f, [1, 2] AS l, {'x': 1} AS s, DATE '2024-01-01' AS d");

        var summary = await _folder.Store.ImportAsync(Import(path), Token);
        var zoned = await _folder.Store.ImportAsync(Import(path) with { TimeZone = "UTC" }, Token);

        Assert.Equal(
            [
                new OfflineColumn("id", FeatureType.Int64), new OfflineColumn("at", FeatureType.Timestamp), new OfflineColumn("f", FeatureType.Float32),
                new OfflineColumn("l", FeatureType.Int64List),
            ],
            summary.Columns);
        Assert.Equal(2, summary.LeftOut.Count);
        Assert.StartsWith("s (STRUCT", summary.LeftOut[0], StringComparison.Ordinal);
        Assert.Equal("d (DATE: times without a zone; --time-zone declares one)", summary.LeftOut[1]);
        Assert.Equal(new OfflineColumn("d", FeatureType.Timestamp), zoned.Columns[^1]);
    }

    [Fact]
    public async Task ImportAsync_ParquetColumnThatItsViewCannotRead_IsRefused()
    {
        var path = _folder.WriteParquet("in.parquet", "SELECT 7 AS code, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, 1 AS n, true AS flag");

        var message = await RefusedAsync(Import(path) with { Views = [View()] });

        Assert.Contains("column 'code' is INTEGER; expected string", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("code,flag,n\nx,true,1\n", "has no column 'at', which feature view 'view' of table 'events' reads as its event time. Its columns: code, flag, n")]
    [InlineData("at,code,flag\n2024-01-01T00:00:00Z,x,true\n", "has no column 'n', which feature view 'view' of table 'events' reads as the source of n_sum. Its columns: at, code, flag")]
    [InlineData("at,flag,n\n2024-01-01T00:00:00Z,true,1\n", "has no column 'code', which feature view 'view' of table 'events' reads as a key. Its columns: at, flag, n")]
    public async Task ImportAsync_FileWithoutWhatItsViewNeeds_IsRefusedAndTheTableStays(string text, string expected)
    {
        await _folder.Store.ImportAsync(Import(_folder.WriteText("first.csv", "code,at\nx1,2024-01-01T00:00:00Z\n")), Token);

        var refused = await RefusedAsync(Import(_folder.WriteText("second.csv", text)) with { Views = [View()] });

        Assert.Contains($"second.csv' {expected}. With '--column", refused, StringComparison.Ordinal);
        Assert.Equal(["code", "at"], (await _folder.Store.DescribeTableAsync("default", "events", Token)).Select(static column => column.Name));
    }

    [Fact]
    public async Task ImportAsync_NamedColumnsThatDoNotFitAView_AreTakenAndToldAsTheJoinWould()
    {
        var path = _folder.WriteText("whole.csv", "code,at,flag,n\nx,2024-01-01T00:00:00Z,true,1\n");
        OfflineColumn[] columns = [new("code", FeatureType.Int64), new("at", FeatureType.Timestamp), new("flag", FeatureType.Bool)];
        var pushed = View() with { Name = "pushed", Source = View().Source with { IsPushOnly = true } };

        var summary = await _folder.Store.ImportAsync(Import(_folder.WriteText("in.csv", "code,at,flag\n7,2024-01-01T00:00:00Z,true\n")) with { Columns = columns, Views = [View(), pushed] }, Token);
        var whole = await _folder.Store.ImportAsync(Import(path) with { Views = [View(), pushed] }, Token);

        var misfit = Assert.Single(summary.Misfits);
        Assert.Equal("Table 'events' does not fit feature view 'view': column 'code' of file 'in.csv' is BIGINT; expected string.", misfit);
        Assert.Empty(whole.Misfits);
    }

    [Fact]
    public async Task FindMisfitsAsync_TablesThatAreThere_AreJudgedAsTheJoinWould()
    {
        await _folder.Store.ImportAsync(Import(_folder.WriteText("in.csv", "code,at,flag\nx,2024-01-01T00:00:00Z,true\n")), Token);
        var absent = View() with { Name = "absent", Source = View().Source with { Table = "others" } };
        var flags = View() with { Name = "flags", Features = [View().Features[1]] };

        var misfits = await _folder.Store.FindMisfitsAsync([View(), absent, flags], Token);

        Assert.Equal("Table 'events' does not fit feature view 'view': there is no column 'n'; its columns are code, at, flag.", Assert.Single(misfits));
    }

    [Fact]
    public async Task ImportAsync_Appended_HasTheColumnsOfTheTable()
    {
        await _folder.Store.ImportAsync(Import(_folder.WriteText("first.csv", "id,amount\nx1,1.5\n")), Token);

        var summary = await _folder.Store.ImportAsync(Import(_folder.WriteText("second.csv", "amount,more,id\n2,y,3\n")) with { IsAppended = true }, Token);
        var refused = await RefusedAsync(Import(_folder.WriteText("third.csv", "id\n3\n")) with { IsAppended = true });

        Assert.Equal([new OfflineColumn("id", FeatureType.String), new OfflineColumn("amount", FeatureType.Float64)], summary.Columns);
        Assert.Contains("third.csv' has no column 'amount'", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImportAsync_AppendedFileWithoutRows_ChangesNothing()
    {
        await _folder.Store.ImportAsync(Import(_folder.WriteText("first.csv", "id,amount\nx1,1.5\n")), Token);
        var empty = Import(_folder.WriteText("second.csv", "amount,id\n")) with { IsAppended = true };

        var summary = await _folder.Store.ImportAsync(empty, Token);
        var other = await RefusedAsync(Import(_folder.WriteText("third.csv", "id\n")) with { IsAppended = true });
        var first = await RefusedAsync(empty with { Table = "others" });

        Assert.Equal((0, 0, null), (summary.Rows, summary.Bytes, summary.FirstTime));
        Assert.Contains("third.csv' has no column 'amount'", other, StringComparison.Ordinal);
        Assert.Contains("second.csv' has no rows; expected at least one", first, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_folder.PathOf("data/offline/default/events"), "*.parquet"));
    }

    [Fact]
    public async Task ImportAsync_CsvWithOddHeader_TakesNamedColumnsOnceOrRefuses()
    {
        var summary = await _folder.Store.ImportAsync(Import(_folder.WriteText("index.csv", ",a\n0,1\n1,2\n")), Token);
        var twice = await RefusedAsync(Import(_folder.WriteText("twice.csv", "a,b,a\n1,2,3\n")));
        var empty = await RefusedAsync(Import(_folder.WriteText("empty.csv", "")));
        var none = await RefusedAsync(Import(_folder.WriteText("none.csv", "\"\"\n1\n")));

        Assert.Equal([new OfflineColumn("a", FeatureType.Int64)], summary.Columns);
        Assert.Equal(["column 1 (it has no name)"], summary.LeftOut);
        Assert.Contains("has the column 'a' more than once in its header", twice, StringComparison.Ordinal);
        Assert.Contains("is empty; expected a header line.", empty, StringComparison.Ordinal);
        Assert.Contains("has no column that can be taken: column 1 (it has no name).", none, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImportAsync_TextsThatStandForNoValue_AreNullInEveryColumn()
    {
        var path = _folder.WriteText("in.csv", "code,at,n,flag,note\na,2024-01-01T00:00:00Z,n/a,true, n/a\nn/a,2024-01-01T00:00:00Z,2,-,\"n/a\"\n");
        var import = Import(path) with { NullTexts = ["n/a", "-"], Views = [View()] };

        var summary = await _folder.Store.ImportAsync(import, Token);
        var own = await _folder.Store.ImportAsync(import with { Views = [] }, Token);
        var named = await _folder.Store.ImportAsync(import with { Views = [], Columns = [new OfflineColumn("n", FeatureType.Int64)] }, Token);
        var parquet = await RefusedAsync(Import(_folder.WriteParquet("in.parquet", "SELECT 1 AS id")) with { NullTexts = ["n/a"] });

        Assert.Equal([FeatureType.String, FeatureType.Timestamp, FeatureType.Float64, FeatureType.Bool, FeatureType.String], summary.Columns.Select(static column => column.Type));
        Assert.Equal([FeatureType.String, FeatureType.Timestamp, FeatureType.Int64, FeatureType.Bool, FeatureType.String], own.Columns.Select(static column => column.Type));
        var keys = Assert.Single(summary.NullKeys);
        Assert.Equal((1, 2), (keys.Rows, keys.First));
        Assert.Empty(own.Texts);
        Assert.Equal(2, named.Rows);
        Assert.Contains("has nulls of its own", parquet, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true, n/a ,\"n/a\",n/a", 2)]
    [InlineData("x,y,z", 0)]
    public async Task ImportAsync_NullTextsInATextColumn_CountWithoutQuotesOnly(string values, long expected)
    {
        var path = _folder.WriteText("in.csv", "code,at,n,flag\n" + string.Concat(values.Split(',').Select(static value => $"{value},2024-01-01T00:00:00Z,1,true\n")));

        var summary = await _folder.Store.ImportAsync(Import(path) with { NullTexts = ["n/a"], Views = [View()] }, Token);

        Assert.Equal(expected, summary.NullKeys.Sum(static keys => keys.Rows));
    }

    [Theory]
    [InlineData("1;n/a;3", 3L, "n/a", FeatureType.Int64)]
    [InlineData("1;2.5;x", 4L, "x", FeatureType.Float64)]
    [InlineData("true;maybe;x", 3L, "maybe", FeatureType.Bool)]
    [InlineData("2024-01-01;2024-01-02;2024-01-03", 2L, "2024-01-01", null)]
    [InlineData("2024-01-01T00:00:00Z;2024-01-02;x", 3L, "2024-01-02", null)]
    [InlineData("2024-01-01T00:00:00Z;soon;x", 3L, "soon", FeatureType.Timestamp)]
    public async Task ImportAsync_ColumnThatOneValueMakesAText_IsToldWithLineAndValue(string values, long line, string value, FeatureType? before)
    {
        var path = _folder.WriteText("in.csv", "first,column\n" + string.Concat(values.Split(';').Select(static value => $"a,{value}\n")));

        var summary = await _folder.Store.ImportAsync(Import(path), Token);

        Assert.Equal([new TextColumn("column", line, value, before)], summary.Texts);
    }

    [Theory]
    [InlineData("x;1;2")]
    [InlineData("1;2.5;3")]
    [InlineData("1;;3")]
    public async Task ImportAsync_ColumnThatIsATextFromTheFirstValueOnOrNone_IsNotTold(string values)
    {
        var path = _folder.WriteText("in.csv", "first,column\n" + string.Concat(values.Split(';').Select(static value => $"a,{value}\n")));

        var summary = await _folder.Store.ImportAsync(Import(path), Token);

        Assert.Empty(summary.Texts);
    }

    private static WindowedView View() => new()
    {
        Project = "default",
        Name = "view",
        Entity = TestDefinitions.Entity("thing", ("thing_id", FeatureType.String)),
        Source = new ViewSource { Table = "events", EventTimeColumn = "at", KeyColumns = ["code"] },
        Features =
        [
            TestDefinitions.Window("n_sum", AggregateFunction.Sum, "n", TimeSpan.FromDays(1)), TestDefinitions.Window("risk", AggregateFunction.Mean, "flag", TimeSpan.FromDays(1)),
        ],
    };

    private static TableImport Import(string path) => new("default", "events", path, [], null);

    [Theory]
    [InlineData("1;2;-", "line 4, column 'column': the value is '-'; expected int64 as in all lines before it")]
    [InlineData("1;2.5;3e", "line 4, column 'column': the value is '3e'; expected float64")]
    [InlineData("true;false;tru", "line 4, column 'column': the value is 'tru'; expected bool")]
    [InlineData("2024-01-01T00:00:00Z;2024-01-02T00:00:00Z;2024-01-0", "line 4, column 'column': the value is '2024-01-0'; expected timestamp")]
    public async Task ImportAsync_CsvThatEndsAmidItsLastValue_IsToldByLineAndColumn(string values, string expected)
    {
        string Text(string row) => "first,column\n" + string.Join('\n', values.Split(';').Select(value => string.Format(null, row, value)));

        var refused = await RefusedAsync(Import(_folder.WriteText("cut.csv", Text("a,{0}"))));
        var ended = await _folder.Store.ImportAsync(Import(_folder.WriteText("ended.csv", Text("a,{0}") + "\n")), Token);
        var quoted = await _folder.Store.ImportAsync(Import(_folder.WriteText("quoted.csv", Text("a,\"{0}\""))), Token);
        var texts = await _folder.Store.ImportAsync(Import(_folder.WriteText("texts.csv", Text("a,x{0}"))), Token);

        Assert.Contains(expected, refused, StringComparison.Ordinal);
        Assert.Contains("may be cut off there", refused, StringComparison.Ordinal);
        Assert.All([ended, quoted, texts], summary => Assert.Equal(FeatureType.String, summary.Columns[1].Type));
    }

    private async Task<string> RefusedAsync(TableImport import)
    {
        var exception = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.ImportAsync(import, Token));
        Assert.Equal(FeatureError.InvalidInput, exception.Error);
        return exception.Message;
    }
}

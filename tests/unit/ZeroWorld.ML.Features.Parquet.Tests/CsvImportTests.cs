using System.Text;

namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class CsvImportTests : IDisposable
{
    private const string Header = "ID,AT,KEY,AMOUNT,NOTE,EXTRA\n";
    private const string Good = "1,2018-04-01 00:00:31,7,57.16,hello,x\n";

    private static readonly IReadOnlyList<OfflineColumn> Columns =
    [
        new("ID", FeatureType.Int64),
        new("AT", FeatureType.Timestamp),
        new("KEY", FeatureType.Int64),
        new("AMOUNT", FeatureType.Float64),
        new("NOTE", FeatureType.String),
    ];

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ImportAsync_LongTexts_AreWrittenInRowGroupsThatFitTheMemory()
    {
        // 120 MB of texts, which a group of the usual 122,880 rows would hold at once for each thread.
        const int Rows = 6_000;
        var body = string.Concat(Enumerable.Repeat("a word or two ", 1_430));
        var path = _folder.PathOf("long.csv");
        await File.WriteAllLinesAsync(path, Enumerable.Range(0, Rows).Select(row => $"{row},{body}{row}").Prepend("ID,NOTE"), Token);

        var summary = await _folder.Store.ImportAsync(new TableImport("default", "long", path, [new("ID", FeatureType.Int64), new("NOTE", FeatureType.String)], null), Token);

        Assert.Equal(Rows, summary.Rows);
        using var session = new DuckDbSession(_folder.Options);
        var file = Directory.GetFiles(_folder.Options.DataDirectory, "*.parquet", SearchOption.AllDirectories).Single();
        using var rows = session.Query(
            $"SELECT concat_ws('|', (SELECT count(*) FROM {Sql.Scan([file])} WHERE NOTE = concat({Sql.Text(body)}, ID) AND ID = file_row_number), (SELECT max(row_group_num_rows) <= 2048 FROM parquet_metadata({Sql.Text(file)})))", Token);
        rows.Read();
        Assert.Equal($"{Rows}|true", rows.GetString(0));
    }

    [Theory]
    [InlineData("abc,2018-04-01 00:00:31,7,1,n,x\n", "line 3, column 'ID': the value is 'abc'; expected a whole number")]
    [InlineData("5.7,2018-04-01 00:00:31,7,1,n,x\n", "line 3, column 'ID': the value is '5.7'; expected a whole number")]
    [InlineData("99999999999999999999,2018-04-01 00:00:31,7,1,n,x\n", "column 'ID': the value is '99999999999999999999'; expected a whole number")]
    [InlineData(",2018-04-01 00:00:31,7,1,n,x\n", "line 3, column 'ID': there is no value (null); expected int64")]
    [InlineData("2,2018-13-01 00:00:31,7,1,n,x\n", "line 3, column 'AT': the value is '2018-13-01 00:00:31'; expected a time such as")]
    [InlineData("2,2018-02-29 00:00:31,7,1,n,x\n", "column 'AT': the value is '2018-02-29 00:00:31'; expected a time such as")]
    [InlineData("2,10000-01-01 00:00:00,7,1,n,x\n", "column 'AT': the value is '10000-01-01 00:00:00'; expected a time such as")]
    [InlineData("2,9999-12-31 23:59:59-01:00,7,1,n,x\n", "column 'AT': the value is '9999-12-31 23:59:59-01:00'; expected a time of the years 1 to 9999")]
    [InlineData("2,yesterday,7,1,n,x\n", "column 'AT': the value is 'yesterday'; expected a time such as")]
    [InlineData("2,,7,1,n,x\n", "line 3, column 'AT': there is no value (null); expected timestamp")]
    [InlineData("2,2018-04-01 00:00:31,7,12.x,n,x\n", "line 3, column 'AMOUNT': the value is '12.x'; expected a float64 number")]
    [InlineData("2,2018-04-01 00:00:31,7,1\0,n,x\n", "line 3, column 'AMOUNT': the value is '1")]
    [InlineData("2,2018-04-01 00:00:31,7,1e999,n,x\n", "column 'AMOUNT': the value is '1e999'; expected a number within the range of float64")]
    [InlineData("2,2018-04-01 00:00:31,7\n", "line 3: there are 3 values where the header has 6 columns; column 'AMOUNT' has none")]
    [InlineData("2,2018-04-01 00:00:31,7,1,n,x,y\n", "line 3: there are 7 values where the header has 6 columns; the first too many is 'y'")]
    [InlineData("2,2018-04-01 00:00:31,7,1,\"n,x\n", "line 3: a quote is opened and never closed")]
    [InlineData("2,2018-04-01 00:00:31,7,1,\"n\"m,x\n", "line 3: there is text after a closing quote")]
    public async Task ImportAsync_BadRow_NamesFileLineColumnValueAndExpectation(string row, string expected)
    {
        foreach (var path in new[] { _folder.WriteText("bad.csv", Header + Good + row + Good), _folder.WriteGzip("bad.csv.gz", Header + Good + row + Good) })
        {
            var exception = await RefusedAsync(path);

            Assert.Contains(path, exception.Message, StringComparison.Ordinal);
            Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        }

        Assert.Empty(_folder.Leftovers());
        await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.DescribeTableAsync("default", "events", Token));
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("-inf")]
    public async Task ImportAsync_NoFiniteNumberWhereThereMustBeAValue_IsToldWithItsPlace(string amount)
    {
        var path = _folder.WriteText("bad.csv", $"{Header}{Good}2,2018-04-01 00:00:31,7,{amount},n,x\n{Good}");

        Assert.Equal(3, (await _folder.Store.ImportAsync(Import(path), Token)).Rows);
        var exception = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.ImportAsync(Import(path) with { NotNull = ["AMOUNT"] }, Token));

        Assert.Equal($"File '{path}', line 3, column 'AMOUNT': the value is '{amount}'; expected a finite number.", exception.Message);
    }

    [Fact]
    public async Task ImportAsync_BadRowBehindManyLinesAndQuotedLineBreaks_NamesTheLineOfTheFile()
    {
        var text = new StringBuilder(Header);
        for (var row = 0; row < 20_000; row++)
        {
            text.Append("1,2018-04-01 00:00:31,7,57.16,\"two\nlines, \"\"quoted\"\"\",x\n");
        }

        var path = _folder.WriteGzip("long.csv.gz", text.Append("1,2018-04-01 00:00:31,7,fifty,n,x\n").ToString());

        var exception = await RefusedAsync(path);

        Assert.Contains("line 40002, column 'AMOUNT': the value is 'fifty'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty; expected a header line with the columns ID, AT, KEY, AMOUNT, NOTE")]
    [InlineData("\n\n", "is empty; expected a header line")]
    [InlineData(Header, "has no rows; expected at least one")]
    [InlineData("a,b\n1,2\n", "has no column 'ID'. Its columns: a, b")]
    [InlineData("ID;AT;KEY;AMOUNT;NOTE\n1;2;3;4;5\n", "has no column 'ID'. Its columns: ID;AT;KEY;AMOUNT;NOTE")]
    [InlineData("ID,ID,AT,KEY,AMOUNT,NOTE\n1,1,2,3,4,5\n", "has the column 'ID' more than once in its header")]
    public async Task ImportAsync_NoUsableHeaderOrRows_SaysWhatWasExpected(string text, string expected)
    {
        var exception = await RefusedAsync(_folder.WriteText("odd.csv", text));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Leftovers());
    }

    [Fact]
    public async Task ImportAsync_BinaryFile_SaysThatItIsNoText()
    {
        var bytes = new byte[4096];
        new Random(1).NextBytes(bytes);

        var plain = await RefusedAsync(_folder.WriteBytes("noise.csv", bytes));
        var zipped = await RefusedAsync(_folder.WriteBytes("noise.csv.gz", bytes));

        Assert.Contains("noise.csv' is no text in UTF-8", plain.Message, StringComparison.Ordinal);
        Assert.Contains("noise.csv.gz' is damaged or cut off", zipped.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.99999)]
    public async Task ImportAsync_TruncatedGzip_SaysThatItIsCutOff(double part)
    {
        var random = new Random(2);
        var text = Header + string.Concat(Enumerable.Range(0, 5000).Select(row => $"{row},2018-04-01 00:00:31,{random.Next()},{random.NextDouble()},n,x\n"));
        var bytes = File.ReadAllBytes(_folder.WriteGzip("whole.csv.gz", text));

        var exception = await RefusedAsync(_folder.WriteBytes("cut.csv.gz", bytes[..(int)(bytes.Length * part)]));

        Assert.Contains("cut.csv.gz' is damaged or cut off", exception.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Leftovers());
    }

    [Fact]
    public async Task ImportAsync_GzipOfSeveralMembers_ReadsThemAll()
    {
        var first = File.ReadAllBytes(_folder.WriteGzip("first.csv.gz", Header + Good));
        var second = File.ReadAllBytes(_folder.WriteGzip("second.csv.gz", Good + Good));

        var summary = await _folder.Store.ImportAsync(Import(_folder.WriteBytes("both.csv.gz", [.. first, .. second])), Token);

        Assert.Equal(3, summary.Rows);
    }

    [Fact]
    public async Task ImportAsync_TimeWithoutZone_NeedsADeclaredZone()
    {
        var path = _folder.WriteText("naive.csv", Header + Good);

        var refused = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.ImportAsync(Import(path) with { TimeZone = null }, Token));
        var utc = await _folder.Store.ImportAsync(Import(path), Token);
        var zurich = await _folder.Store.ImportAsync(Import(path) with { TimeZone = "Europe/Zurich" }, Token);
        var fixedOffset = await _folder.Store.ImportAsync(Import(path) with { TimeZone = "-03:30" }, Token);

        Assert.Contains("line 2, column 'AT': the value is '2018-04-01 00:00:31'; expected a time with a zone", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1_522_540_831_000_000, utc.FirstTime);
        Assert.Equal(1_522_540_831_000_000 - 7_200_000_000, zurich.FirstTime);
        Assert.Equal(1_522_540_831_000_000 + 12_600_000_000, fixedOffset.FirstTime);
    }

    [Fact]
    public async Task ImportAsync_ClockChange_RefusesTheHourThatIsNotAndTakesTheSecondOfTwo()
    {
        var gap = _folder.WriteText("gap.csv", Header + "1,2018-03-25 02:30:00,7,1,n,x\n");
        var twice = _folder.WriteText("twice.csv", Header + "1,2018-10-28 02:30:00,7,1,n,x\n");

        var refused = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.ImportAsync(Import(gap) with { TimeZone = "Europe/Zurich" }, Token));
        var second = await _folder.Store.ImportAsync(Import(twice) with { TimeZone = "Europe/Zurich" }, Token);
        var unknown = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.ImportAsync(Import(gap) with { TimeZone = "Mars/Olympus" }, Token));

        Assert.Contains("column 'AT': the value is '2018-03-25 02:30:00'", refused.Message, StringComparison.Ordinal);
        Assert.Equal(UnixMicroseconds.FromDateTimeOffset(new DateTimeOffset(2018, 10, 28, 1, 30, 0, TimeSpan.Zero)), second.FirstTime);
        Assert.Contains("'Mars/Olympus' is not known", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImportAsync_GoodRows_KeepsValuesNullsAndOrderAndDropsExtraColumns()
    {
        var text = "\uFEFFEXTRA,NOTE,AMOUNT,KEY,AT,ID\r\n"
            + "x,\"a, \"\"b\"\"\n c\",1.5,7,2018-04-01T00:00:31.1234569Z,3\r\n"
            + "\r\n"
            + "x,,NaN,,2018-04-01 02:00:31+02:00,1\r\n"
            + "x,\"\",-inf,-9223372036854775808,2018-04-01,2";

        var summary = await _folder.Store.ImportAsync(Import(_folder.WriteText("good.csv", text)), Token);

        Assert.Equal(3, summary.Rows);
        Assert.True(summary.Bytes > 0);
        var columns = await _folder.Store.DescribeTableAsync("default", "events", Token);
        Assert.Equal(Columns, columns);
        var frame = await LoadAsync();
        Assert.Equal([3, 1, 2], frame.Get<long>("ID"));
        Assert.Equal([1_522_540_831_123_456, 1_522_540_831_000_000, 1_522_540_800_000_000], frame.Get<long>("AT"));
        Assert.Equal([7, long.MinValue, long.MinValue], frame.Get<long>("KEY"));
        Assert.Equal([1.5, double.NaN, double.NegativeInfinity], frame.Get<double>("AMOUNT"));
        Assert.Equal(["a, \"b\"\n c", null, string.Empty], frame.Get<string>("NOTE"));
        Assert.Empty(_folder.Leftovers());
    }

    [Fact]
    public async Task ImportAsync_Again_ReplacesTheTableAndAFailureLeavesItAsItWas()
    {
        await _folder.Store.ImportAsync(Import(_folder.WriteText("first.csv", Header + Good + Good)), Token);
        await _folder.Store.ImportAsync(Import(_folder.WriteText("second.csv", Header + Good)), Token);

        await RefusedAsync(_folder.WriteText("bad.csv", Header + Good + Good + "oops\n"));

        Assert.Equal(1, (await LoadAsync()).Rows);
        Assert.Empty(_folder.Leftovers());
    }

    [Fact]
    public async Task ImportAsync_UnknownFileOrKindOrName_IsRefused()
    {
        var missing = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.ImportAsync(Import(_folder.PathOf("none.csv")), Token));
        var kind = await RefusedAsync(_folder.WriteText("table.xls", Header));
        var path = _folder.WriteText("good.csv", Header + Good);
        var table = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.ImportAsync(Import(path) with { Table = "../evil" }, Token));

        Assert.Equal(FeatureError.NotFound, missing.Error);
        Assert.Contains("none.csv", missing.Message, StringComparison.Ordinal);
        Assert.Contains("expected a name ending in .csv, .csv.gz or .parquet", kind.Message, StringComparison.Ordinal);
        Assert.Contains("'../evil' is no table name", table.Message, StringComparison.Ordinal);
    }

    private static TableImport Import(string path) => new("default", "events", path, Columns, "UTC") { NotNull = ["ID", "AT"] };

    private async Task<FeatureException> RefusedAsync(string path)
    {
        var exception = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.ImportAsync(Import(path), Token));
        Assert.Equal(FeatureError.InvalidInput, exception.Error);
        return exception;
    }

    private Task<ColumnFrame> LoadAsync() => _folder.Store.LoadAsync(
        "offline/default/events/part-0.parquet", [.. Columns.Select(static column => column.Name)], null, Token);
}

namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class TableFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("zeroworld-table-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task ReadAsync_CsvWithGaps_FindsTypesAndNulls()
    {
        var content = await TableFile.ReadAsync(
            Write("a.csv", "at,n,x,text,flag,day\n2024-01-02 03:04:05,1,1.5,\"a, \"\"b\"\"\",true,2024-05-06\n2024-01-02 03:04:06,,NA,,false,2024-05-07\n"), Cancellation);

        Assert.Equal(
            [("at", FeatureType.Timestamp), ("n", FeatureType.Int64), ("x", FeatureType.Float64), ("text", FeatureType.String), ("flag", FeatureType.Int64), ("day", FeatureType.Timestamp)],
            content.Columns.Select(static column => (column.Name, column.Type)));
        Assert.Equal([1, long.MinValue], content.Frame.Get<long>("n"));
        Assert.Equal([1.5, double.NaN], content.Frame.Get<double>("x"));
        Assert.Equal(["a, \"b\"", null], content.Frame.Get<string?>("text"));
        Assert.Equal([1, 0], content.Frame.Get<long>("flag"));
        Assert.Equal(1_704_164_645_000_000, content.Frame.Get<long>("at")[0]);
    }

    [Fact]
    public async Task ReadAsync_NumberThatTurnsToTextInALateRow_IsText()
    {
        var lines = string.Join('\n', Enumerable.Range(0, 30_000).Select(static row => row == 29_000 ? "x7" : $"{row}"));

        var content = await TableFile.ReadAsync(Write("b.csv", $"code\n{lines}\n"), Cancellation);

        Assert.Equal("x7", content.Frame.Get<string?>("code")[29_000]);
        Assert.Equal(30_000, content.Frame.Rows);
    }

    [Fact]
    public async Task ReadAsync_NumbersAsPeopleWriteThem_AreNumbers()
    {
        var content = await TableFile.ReadAsync(
            Write("d.csv", "\uFEFFcomma;grouped;percent;money;thousands;code;mixed\r\n1,5;1.234.567,25;13.56%;$1,234.50;12,345;1-2;1,5\r\n-12;-0,5; 7 %;$ 3;7;3-4;ab\r\n;;;;;;\r\n"), Cancellation);

        Assert.Equal(
            [FeatureType.Float64, FeatureType.Float64, FeatureType.Float64, FeatureType.Float64, FeatureType.Float64, FeatureType.String, FeatureType.String],
            content.Columns.Select(static column => column.Type));
        Assert.Equal([1.5, -12, double.NaN], content.Frame.Get<double>("comma"));
        Assert.Equal([1_234_567.25, -0.5, double.NaN], content.Frame.Get<double>("grouped"));
        Assert.Equal([13.56, 7, double.NaN], content.Frame.Get<double>("percent"));
        Assert.Equal([1_234.5, 3, double.NaN], content.Frame.Get<double>("money"));
        Assert.Equal([12_345, 7, double.NaN], content.Frame.Get<double>("thousands"));
        Assert.Equal(["1,5", "ab", null], content.Frame.Get<string?>("mixed"));
    }

    [Fact]
    public async Task ReadAsync_WordsForNoNumber_AreNullsAmongNumbersOnly()
    {
        var content = await TableFile.ReadAsync(Write("e.csv", "income,rate,grade,empty\n1200,?,A,?\nN/A,.5,None,?\nunknown,1e-3,B,?\n-7,nan,?,?\n"), Cancellation);

        Assert.Equal([FeatureType.Float64, FeatureType.Float64, FeatureType.String, FeatureType.String], content.Columns.Select(static column => column.Type));
        Assert.Equal([1_200, double.NaN, double.NaN, -7], content.Frame.Get<double>("income"));
        Assert.Equal([double.NaN, 0.5, 0.001, double.NaN], content.Frame.Get<double>("rate"));
        Assert.Equal(["A", "None", "B", "?"], content.Frame.Get<string?>("grade"));
    }

    [Fact]
    public async Task ReadAsync_YearsOfTwoDigits_StayTextsAndOthersAreTimes()
    {
        var content = await TableFile.ReadAsync(Write("f.csv", "short,n,clock\n01/01/24,1,2024-01-01T10:00:00Z\n13/01/24,2,2024-01-13 11:00:00\n"), Cancellation);
        var whole = await TableFile.ReadAsync(Write("g.csv", "long\n01/01/2024\n13/01/2024\n"), Cancellation);

        Assert.Equal([FeatureType.String, FeatureType.Int64, FeatureType.Timestamp], content.Columns.Select(static column => column.Type));
        Assert.Equal(["01/01/24", "13/01/24"], content.Frame.Get<string?>("short"));
        Assert.Equal([1_704_067_200_000_000, 1_705_104_000_000_000], whole.Frame.Get<long>("long"));
    }

    [Fact]
    public async Task ReadAsync_NoFileOrNoTable_SaysSo()
    {
        var missing = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(Path.Combine(_folder, "none.csv"), Cancellation));
        var wrong = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(Write("c.parquet", "no parquet"), Cancellation));

        Assert.Equal((FeatureError.NotFound, FeatureError.InvalidInput), (missing.Error, wrong.Error));
    }

    [Theory]
    [InlineData("latin.csv", "n;town\n1;Rome\n2;K\u00D6LN\n", "ISO-8859-1", "line 3: column 'town', byte 18 of the text, is 0xD6, which is no UTF-8; expected a CSV file in UTF-8.")]
    [InlineData("head.csv", "n,\u00D6l\n1,2\n", "ISO-8859-1", "line 1: column 2, byte 3 of the text, is 0xD6")]
    [InlineData("utf16.csv", "n,town\n1,Rome\n", "UTF-16LE", "line 1: column 1, byte 2 of the text, is zero")]
    [InlineData("marked.csv", "\uFEFFn,town\n1,Rome\n", "UTF-16LE", "is in UTF-16, as its first bytes say; expected UTF-8. To make that of it: iconv -f UTF-16 -t UTF-8 'marked.csv'")]
    [InlineData("marked.csv", "\uFEFFn,town\n1,Rome\n", "UTF-16BE", "is in UTF-16")]
    [InlineData("zero.csv", "n,town\n1,Ro\0me\n", "ASCII", "line 2: column 'town', byte 12 of the text, is zero")]
    [InlineData("cut.csv", "n,town\n1,K\u00C3", "ISO-8859-1", "line 2: column 'town', byte 11 of the text, is 0xC3")]
    public async Task ReadAsync_FileInAnotherEncoding_SaysWhereAndWhatToDo(string name, string text, string encoding, string expected)
    {
        var bytes = System.Text.Encoding.GetEncoding(encoding).GetBytes(text);
        await File.WriteAllBytesAsync(Path.Combine(_folder, name), bytes, Cancellation);
        await using (var file = File.Create(Path.Combine(_folder, $"{name}.gz")))
        await using (var gzip = new System.IO.Compression.GZipStream(file, System.IO.Compression.CompressionLevel.Fastest))
        {
            await gzip.WriteAsync(bytes, Cancellation);
        }

        var plain = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(Path.Combine(_folder, name), Cancellation));
        var zipped = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(Path.Combine(_folder, $"{name}.gz"), Cancellation));

        Assert.Equal(FeatureError.InvalidInput, plain.Error);
        Assert.Contains(expected, plain.Message, StringComparison.Ordinal);
        Assert.Contains("gzip -dc", zipped.Message, StringComparison.Ordinal);
        Assert.Contains(expected.Split(" To make")[0], zipped.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_WrongByteBehindALongText_IsFoundAtItsPlace()
    {
        // Behind the first chunk, with letters of two and three bytes across its end.
        var rows = string.Concat(Enumerable.Range(0, 200_000).Select(static row => $"{row % 10},\u00E9\u20AC\n"));
        byte[] bytes = [.. System.Text.Encoding.UTF8.GetBytes($"n,sign\n{rows}"), .. "7,"u8, 0xFF, .. "\n"u8];
        var path = Path.Combine(_folder, "long.csv");
        await File.WriteAllBytesAsync(path, bytes, Cancellation);

        var exception = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(path, Cancellation));
        await File.WriteAllBytesAsync(path, [.. bytes[..^4], .. "7,ok\n"u8], Cancellation);
        var content = await TableFile.ReadAsync(path, Cancellation);

        Assert.Contains($"line 200002: column 'sign', byte {bytes.Length - 1} of the text, is 0xFF", exception.Message, StringComparison.Ordinal);
        Assert.Equal((200_001, "ok"), (content.Frame.Rows, content.Frame.Get<string?>("sign")[^1]));
    }

    [Theory]
    [InlineData("1;x;2\n3;y\n", "line 402: there are 2 values where the header has 3 columns; column 'c' has none")]
    [InlineData("1;x;2;4\n", "line 401: there are 4 values where the header has 3 columns; the first too many is '4'")]
    [InlineData("1;\"x;2\n", "line 401: there is text after a closing quote")]
    [InlineData("1;\"x\"y;2\n", "line 401: there is text after a closing quote")]
    public async Task ReadAsync_RowThatDoesNotSuitTheHeader_NamesItsLine(string row, string expected)
    {
        var good = string.Concat(Enumerable.Range(0, 399).Select(static index => $"{index};\"text {index % 7}\";{index / 2.0}\n"));

        var exception = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(Write("ragged.csv", $"a;b;c\n{good}{row}{good}"), Cancellation));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, "1;x;2;4\n", "line 5: there are 4 values where the header has 3 columns; the first too many is '4'")]
    [InlineData(30_000, "1;x;2;4\n", "line 30002: there are 4 values where the header has 3 columns; the first too many is '4'")]
    [InlineData(30_000, "1;x;2;4\n\n\n", "line 30002: there are 4 values where the header has 3 columns; the first too many is '4'")]
    [InlineData(30_000, "1;\"x\ny\";2;4", "line 30002: there are 4 values where the header has 3 columns; the first too many is '4'")]
    [InlineData(30_000, "1;x\n", "line 30002: there are 2 values where the header has 3 columns; column 'c' has none")]
    public async Task ReadAsync_LastRowThatDoesNotSuitTheOthers_IsToldByItsLine(int rows, string last, string expected)
    {
        var good = string.Concat(Enumerable.Range(0, rows).Select(static index => $"{index};text {index % 7};{index / 2.0}\n"));

        var exception = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(Write("last.csv", $"a;b;c\n{good}{last}"), Cancellation));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a;b;c\n1;x;2\n3;y;4", 2)]
    [InlineData("a;b;c\n1;x;2\n\n3;y;4;\n", 2)]
    [InlineData("from the office\na;b;c\n1;x;2\n3;y;4\n5;z;6\n", 3)]
    [InlineData("a\n1\n\n3\n", 3)]
    public async Task ReadAsync_RowsThatAllSuit_AreAllTaken(string text, int rows)
    {
        var content = await TableFile.ReadAsync(Write("whole.csv", text), Cancellation);

        Assert.Equal(rows, content.Frame.Rows);
    }

    [Fact]
    public async Task ReadAsync_RecordLongerThanTheEngineTakes_IsToldByItsLine()
    {
        var path = Write("long.csv", $"a;b\n1;x\n2;{new string('z', 3 << 20)}\n3;y\n");

        var exception = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(path, Cancellation));

        Assert.Contains("line 3: the record is longer than 1 MiB", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_NameTwiceInTheHeader_IsRefusedAndOthersKeepTheirCase()
    {
        var twice = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(Write("twice.csv", "a,b,a\n1,2,3\n"), Cancellation));
        var cased = await TableFile.ReadAsync(Write("cased.csv", "v,V,,v_1\n1,2,3,4\n"), Cancellation);
        using (var session = new DuckDbSession(new ParquetOfflineOptions { DataDirectory = _folder }))
        {
            session.Execute($"COPY (SELECT 1 AS v, {{'x': 1, 'v': 2}} AS s, 2 AS w) TO '{Path.Combine(_folder, "p.parquet")}' (FORMAT parquet)", Cancellation);
        }

        var parquet = await TableFile.ReadAsync(Path.Combine(_folder, "p.parquet"), Cancellation);

        Assert.Contains("twice.csv' has the column 'a' more than once in its header: as column 1 and column 3", twice.Message, StringComparison.Ordinal);
        Assert.Equal(["v", "V", "v_1"], cased.Columns.Select(static column => column.Name).Where(static name => name.StartsWith("v", StringComparison.OrdinalIgnoreCase)));
        Assert.Equal(2, cased.Frame.Get<long>("V")[0]);
        Assert.Equal(["v", "s", "w"], parquet.Columns.Select(static column => column.Name));
    }

    [Theory]
    [InlineData("a,b\n1,2\n", "is no Parquet file: it has 8 bytes and begins with 'a,b")]
    [InlineData("PAR1 and no end", "begins as Parquet but does not end so after its 15 bytes: it is cut off")]
    public async Task ReadAsync_FileThatIsNoWholeParquet_IsToldByItsName(string text, string expected)
    {
        var path = Write("table.parquet", text);

        var file = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(path, Cancellation));
        var folder = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(_folder, Cancellation));

        Assert.All([file, folder], failure => Assert.StartsWith($"File '{path}' {expected}", failure.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1_000_000, 16_000, 614)]
    [InlineData(167_000_000, 16_000, 1_274)]
    [InlineData(1_000_000_000, 8_000, 4_000)]
    public void EngineMemory_OfALongText_GrowsWithItUpToTheHalfOfTheMachine(long letters, long machineMiB, long expectedMiB) =>
        Assert.Equal(expectedMiB, TableFile.EngineMiBOf(letters, machineMiB << 20));

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}

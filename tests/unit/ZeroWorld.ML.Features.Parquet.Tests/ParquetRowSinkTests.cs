namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class ParquetRowSinkTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WriteFileAsync_EveryTypeWithListsAndNulls_IsReadBackByTheEngine()
    {
        var sink = new ParquetRowSink(_folder.PathOf("log"));
        SinkColumn[] columns =
        [
            new("small", new[] { 1, 2, int.MinValue }),
            new("whole", new[] { 1L, long.MinValue, long.MaxValue }),
            new("text", new string?[] { "aä\n", null, string.Empty }),
            new("blob", new byte[]?[] { [1, 255], null, [] }),
            new("numbers", new double?[][] { [1.5, null, double.NaN], [], [-0.0] }),
            new("ids", new long?[][] { [null], [7, 8], [] }),
            new("states", new int[][] { [1, 2], [], [3] }),
            new("flags", new bool[][] { [true, false], [], [true] }),
            new("words", new string?[][] { ["x", null], [], [string.Empty, "y"] }),
        ];

        await sink.WriteFileAsync("2018/04/01.parquet", columns, Token);

        Assert.Equal(
            "{'small': 1, 'whole': 1, 'text': 'aä\n', 'blob': \\x01\\xFF, 'numbers': [1.5, NULL, -nan], 'ids': [NULL], 'states': [1, 2], 'flags': [true, false], 'words': [x, NULL]};"
            + "{'small': 2, 'whole': -9223372036854775808, 'text': NULL, 'blob': NULL, 'numbers': [], 'ids': [7, 8], 'states': [], 'flags': [], 'words': []};"
            + "{'small': -2147483648, 'whole': 9223372036854775807, 'text': '', 'blob': '', 'numbers': [-0.0], 'ids': [], 'states': [3], 'flags': [true], 'words': ['', y]}",
            Read("log/2018/04/01.parquet"));
        Assert.Empty(Directory.GetFiles(_folder.PathOf("log"), "*.tmp", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task WriteFileAsync_FlatColumns_AreTheSameAsListsPerRow()
    {
        var sink = new ParquetRowSink(_folder.PathOf("log"));
        SinkColumn[] perRow =
        [
            new("numbers", new double?[][] { [1.5, null, double.NaN], [], [-0.0], null! }),
            new("ids", new long?[][] { [7], [8, null], [], null! }),
            new("states", new int[][] { [1, 2], [], [3], null! }),
            new("flags", new bool[][] { [true, false], [], [true], null! }),
            new("words", new string?[][] { ["x", null], [], [string.Empty], null! }),
            new("blob", new byte[]?[] { [1, 255], [], [3], null }),
            new("text", new string?[] { "aä", string.Empty, "b", null }),
        ];
        SinkColumn[] flat =
        [
            new SinkLists("numbers", new[] { 1.5, 99, double.NaN, -0.0, 77 }, [3, 0, 1, -1], [false, true, false, false]),
            new SinkLists("ids", new[] { 7L, 8, 0 }, [1, 2, 0, -1], [false, false, true]),
            new SinkLists("states", new[] { 1, 2, 3 }, [2, 0, 1, -1]),
            new SinkLists("flags", new[] { true, false, true, true }, [2, 0, 1, -1]),
            new SinkLists("words", new string?[] { "x", null, string.Empty }, [2, 0, 1, -1]),
            new SinkLists("blob", new byte[] { 1, 255, 3, 9 }, [2, 0, 1, -1]),
            new SinkLists("text", "aäb".ToCharArray(), [2, 0, 1, -1]),
        ];

        await sink.WriteFileAsync("rows.parquet", perRow, Token);
        await sink.WriteFileAsync("flat.parquet", flat, Token);

        Assert.Equal(Read("log/rows.parquet"), Read("log/flat.parquet"));
    }

    [Fact]
    public async Task WriteFileAsync_FewTextsInManyRows_AreTheSameInLessRoom()
    {
        const int Rows = 2000;
        var sink = new ParquetRowSink(_folder.PathOf("log"));

        // Rows of two lists of names in no order that would make long runs, with an empty one, none, and a null among them.
        int[] lengths = [.. Enumerable.Range(0, Rows).Select(static row => (row % 7) switch { 3 => 0, 5 => -1, _ => 2 })];
        string?[] texts = [.. Enumerable.Range(0, lengths.Sum(static length => Math.Max(0, length))).Select(static index => (index * index % 11) switch { 1 => null, var text => $"customer_tx_amount_mean_{text}d" })];

        await sink.WriteFileAsync("plain.parquet", [new SinkLists("names", texts, lengths)], Token);
        await sink.WriteFileAsync("few.parquet", [new SinkLists("names", texts, lengths) { HasFewTexts = true }], Token);

        Assert.Equal(Read("log/plain.parquet"), Read("log/few.parquet"));
        Assert.True(new FileInfo(_folder.PathOf("log/few.parquet")).Length < new FileInfo(_folder.PathOf("log/plain.parquet")).Length);
    }

    [Fact]
    public async Task WriteFileAsync_FlatColumnWithTooFewElements_IsRefused()
    {
        var sink = new ParquetRowSink(_folder.PathOf("log"));

        var exception = await Assert.ThrowsAsync<ArgumentException>(() => sink.WriteFileAsync("a.parquet", [new SinkLists("n", new[] { 1L }, [1, 1])], Token));

        Assert.Equal("Column 'n' has 1 elements; expected 2, as many as its rows have.", exception.Message);
    }

    [Fact]
    public async Task WriteFileAsync_Again_ReplacesTheFile()
    {
        var sink = new ParquetRowSink(_folder.PathOf("log"));

        await sink.WriteFileAsync("a.parquet", [new SinkColumn("n", new[] { 1L, 2 })], Token);
        await sink.WriteFileAsync("a.parquet", [new SinkColumn("n", new[] { 3L })], Token);

        Assert.Equal("{'n': 3}", Read("log/a.parquet"));
    }

    [Fact]
    public async Task WriteFileAsync_WrongArguments_LeavesNothing()
    {
        var sink = new ParquetRowSink(_folder.PathOf("log"));
        SinkColumn fine = new("n", new[] { 1L });

        await Assert.ThrowsAsync<ArgumentException>(() => sink.WriteFileAsync("../out.parquet", [fine], Token));
        await Assert.ThrowsAsync<ArgumentException>(() => sink.WriteFileAsync("a.parquet", [fine, new SinkColumn("m", new[] { 1L, 2 })], Token));
        await Assert.ThrowsAsync<ArgumentException>(() => sink.WriteFileAsync("a.parquet", [fine, new SinkColumn("m", new[] { 1m })], Token));

        Assert.False(Directory.Exists(_folder.PathOf("log")));
        Assert.False(File.Exists(_folder.PathOf("out.parquet")));
    }

    private string Read(string name)
    {
        using var session = new DuckDbSession(_folder.Options);
        using var rows = session.Query($"SELECT string_agg(CAST(rows AS VARCHAR), ';') FROM read_parquet({Sql.Text(_folder.PathOf(name))}) rows", Token);
        Assert.True(rows.Read());
        return rows.GetString(0);
    }
}

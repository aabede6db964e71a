using System.Globalization;

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

        // Arrays may be longer than their columns.
        SinkColumn[] columns =
        [
            new("small", new[] { 1, 2, int.MinValue, 9 }) { Rows = 3 },
            new("whole", new[] { 1L, long.MinValue, long.MaxValue }),
            new("text", new string?[] { "aä\n", null, string.Empty, "z" }) { Rows = 3 },
            new SinkLists("blob", new byte[] { 1, 255, 7 }, [2, -1, 0, 1]) { Rows = 3 },
            new SinkLists("chars", "aäb€".ToCharArray(), [2, 0, -1]),
            new SinkLists("numbers", new[] { 1.5, 99, double.NaN, -0.0, 77 }, [3, 0, 1], [false, true, false, false]),
            new SinkLists("ids", new[] { 5L, 7, 8, 0 }, [1, 2, -1], [true, false, false, false]),
            new SinkLists("states", new[] { 1, 2, 3 }, [2, -1, 1]),
            new SinkLists("flags", new[] { true, false, true, true }, [2, 0, 1]),
            new SinkLists("words", new string?[] { "x", null, string.Empty, "y" }, [2, 0, 2]),
        ];

        await sink.WriteFileAsync("2018/04/01.parquet", columns, Token);

        Assert.Equal(
            "{'small': 1, 'whole': 1, 'text': 'aä\n', 'blob': \\x01\\xFF, 'chars': aä, 'numbers': [1.5, NULL, nan], 'ids': [NULL], 'states': [1, 2], 'flags': [true, false], 'words': [x, NULL]};"
            + "{'small': 2, 'whole': -9223372036854775808, 'text': NULL, 'blob': NULL, 'chars': '', 'numbers': [], 'ids': [7, 8], 'states': NULL, 'flags': [], 'words': []};"
            + "{'small': -2147483648, 'whole': 9223372036854775807, 'text': '', 'blob': '', 'chars': NULL, 'numbers': [-0.0], 'ids': NULL, 'states': [3], 'flags': [true], 'words': ['', y]}",
            Read("log/2018/04/01.parquet").Replace("-nan", "nan", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(_folder.PathOf("log"), "*.tmp", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 3)]
    [InlineData(2048, 3)]
    [InlineData(2049, 1)]
    [InlineData(7000, 200)]
    [InlineData(7000, 5000)]
    public async Task WriteFileAsync_ManyRows_AreReadBackByTheEngine(int rows, int differentTexts)
    {
        var random = new Random(rows + differentTexts);
        var sink = new ParquetRowSink(_folder.PathOf("log"));
        await sink.WriteFileAsync("first.parquet", CreateRandom(random, rows + 100, differentTexts, []), Token);

        // The memory of the file before is used again.
        var expected = new List<string>();
        await sink.WriteFileAsync("second.parquet", CreateRandom(random, rows, differentTexts, expected), Token);

        Assert.Equal(string.Join(';', expected), Read("log/second.parquet"));
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

    /// <param name="expected">Takes the rows as the engine shows them.</param>
    private static SinkColumn[] CreateRandom(Random random, int rows, int differentTexts, List<string> expected)
    {
        var (ids, decisions, keys, keyLengths) = (new long[rows], new string?[rows], new List<char>(), new int[rows]);
        var (values, areNull, flags, names, lengths) = (new List<double>(), new List<bool>(), new List<bool>(), new List<string?>(), new int[rows]);
        for (var row = 0; row < rows; row++)
        {
            ids[row] = random.NextInt64();
            decisions[row] = random.Next(3) == 0 ? null : $"decision {random.Next(differentTexts)}";
            var key = $"key{random.Next(100_000)}";
            keyLengths[row] = random.Next(9) == 0 ? -1 : key.Length;
            keys.AddRange(keyLengths[row] < 0 ? "" : key);
            lengths[row] = random.Next(-1, 6);
            var (shownValues, shownFlags, shownNames) = (new List<string>(), new List<string>(), new List<string>());
            for (var index = 0; index < lengths[row]; index++)
            {
                values.Add(random.Next(1000) + 0.5);
                areNull.Add(random.Next(4) == 0);
                flags.Add(random.Next(2) == 0);
                names.Add(random.Next(20) == 0 ? null : $"n{random.Next(differentTexts)}");
                shownValues.Add(areNull[^1] ? "NULL" : values[^1].ToString(CultureInfo.InvariantCulture));
                shownFlags.Add(flags[^1] ? "true" : "false");
                shownNames.Add(names[^1] ?? "NULL");
            }

            string Show(List<string> elements) => lengths[row] < 0 ? "NULL" : $"[{string.Join(", ", elements)}]";
            expected.Add(
                $"{{'id': {ids[row]}, 'decision': {(decisions[row] ?? "NULL")}, 'key': {(keyLengths[row] < 0 ? "NULL" : key)}, "
                + $"'values': {Show(shownValues)}, 'flags': {Show(shownFlags)}, 'names': {Show(shownNames)}}}");
        }

        return
        [
            new("id", ids),
            new("decision", decisions),
            new SinkLists("key", keys.ToArray(), keyLengths),
            new SinkLists("values", values.ToArray(), lengths, [.. areNull]),
            new SinkLists("flags", flags.ToArray(), lengths),
            new SinkLists("names", names.ToArray(), lengths),
        ];
    }

    private string Read(string name) => ReadText($"SELECT coalesce(string_agg(CAST(rows AS VARCHAR), ';'), '') FROM read_parquet({Sql.Text(_folder.PathOf(name))}) rows");

    private string ReadText(string query)
    {
        using var session = new DuckDbSession(_folder.Options);
        using var rows = session.Query(query, Token);
        Assert.True(rows.Read());
        return rows.GetString(0);
    }
}

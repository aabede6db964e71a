namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class ParquetImportTests : IDisposable
{
    private static readonly IReadOnlyList<OfflineColumn> Columns =
    [
        new("id", FeatureType.Int64),
        new("at", FeatureType.Timestamp),
        new("amount", FeatureType.Float64),
    ];

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("1::INTEGER AS id, '2018-04-01 00:00:31.5+00'::TIMESTAMPTZ AS at, 1.5::FLOAT AS amount", null, 500_000)]
    [InlineData("1::DECIMAL(18,0) AS id, '2018-04-01 00:00:31.5'::TIMESTAMP AS at, 1.5 AS amount", "UTC", 500_000)]
    [InlineData("1::UINTEGER AS id, '2018-04-01 00:00:31.5'::TIMESTAMP AS at, 1.5::DECIMAL(10,2) AS amount", "UTC", 500_000)]
    [InlineData("1::TINYINT AS id, '2018-04-01 00:00:31.000000999'::TIMESTAMP_NS AS at, 1.5 AS amount", "UTC", 0)]
    [InlineData("1::BIGINT AS id, '2018-04-01 00:00:31.5'::TIMESTAMP_MS AS at, 1.5 AS amount, 'dropped' AS other", "UTC", 500_000)]
    [InlineData("1::BIGINT AS id, '2018-04-01 02:00:31'::TIMESTAMP AS at, 1.5 AS amount", "Europe/Zurich", 0)]
    public async Task ImportAsync_NarrowerTypesAndTimesOfAnyUnit_Widen(string select, string? zone, long fraction)
    {
        var path = _folder.WriteParquet("in.parquet", $"SELECT {select}");

        var summary = await _folder.Store.ImportAsync(Import(path, zone), Token);

        Assert.Equal(1_522_540_831_000_000 + fraction, summary.FirstTime);
        var frame = await _folder.Store.LoadAsync("offline/default/events/part-0.parquet", ["id", "at", "amount"], null, Token);
        Assert.Equal([1], frame.Get<long>("id"));
        Assert.Equal([1_522_540_831_000_000 + fraction], frame.Get<long>("at"));
        Assert.Equal([1.5], frame.Get<double>("amount"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ImportAsync_ManyRows_TellsHowFarItIs(bool isParquet)
    {
        const int Rows = 40_000;
        var path = isParquet
            ? _folder.WriteParquet("in.parquet", $"SELECT i AS id, '2018-04-01 00:00:31+00'::TIMESTAMPTZ AS at, 0.5 AS amount FROM range({Rows}) t(i)")
            : _folder.WriteText("in.csv", "id,at,amount\n" + string.Concat(Enumerable.Range(0, Rows).Select(static row => $"{row},2018-04-01T00:00:31Z,0.5\n")));
        var shares = new Shares();

        await _folder.Store.ImportAsync(Import(path, null) with { Share = shares }, Token);

        Assert.True(shares.Seen.Count >= Rows / ColumnBuffer.BlockRows);
        Assert.Equal(shares.Seen.Order(), shares.Seen);
        Assert.InRange(shares.Seen[0], 0.001, 0.5);
        Assert.InRange(shares.Seen[^1], 0.75, 1);
    }

    [Fact]
    public async Task ImportAsync_NanosecondsBeforeTheEpoch_AreFloored()
    {
        var path = _folder.WriteParquet("old.parquet", "SELECT 1 AS id, '1969-12-31 23:59:59.999999999'::TIMESTAMP_NS AS at, 0.5 AS amount");

        var summary = await _folder.Store.ImportAsync(Import(path, "UTC"), Token);

        Assert.Equal(-1, summary.FirstTime);
    }

    [Theory]
    [InlineData("1 AS id, '2018-04-01 00:00:31'::TIMESTAMP AS at, 1.5 AS amount", "column 'at' holds times without a zone (TIMESTAMP)")]
    [InlineData("1 AS id, '2018-04-01'::DATE AS at, 1.5 AS amount", "column 'at' holds times without a zone (DATE)")]
    [InlineData("1 AS id, 1.5 AS amount", "has no column 'at'. Its columns: id, amount")]
    [InlineData("'7' AS id, '2018-04-01 00:00:31+00'::TIMESTAMPTZ AS at, 1.5 AS amount", "column 'id' is VARCHAR; expected int64")]
    [InlineData("1.0::DOUBLE AS id, '2018-04-01 00:00:31+00'::TIMESTAMPTZ AS at, 1.5 AS amount", "column 'id' is DOUBLE; expected int64")]
    [InlineData("1::UBIGINT AS id, '2018-04-01 00:00:31+00'::TIMESTAMPTZ AS at, 1.5 AS amount", "column 'id' is UBIGINT; expected int64")]
    [InlineData("1 AS id, '2018-04-01 00:00:31+00'::TIMESTAMPTZ AS at, 'x' AS amount", "column 'amount' is VARCHAR; expected float64")]
    [InlineData("1 AS id, NULL::TIMESTAMPTZ AS at, 1.5 AS amount", "row 1, column 'at': there is no value (null); expected timestamp")]
    [InlineData("1 AS id, now() AS at, 1.5 AS amount FROM range(0)", "has no rows; expected at least one")]
    public async Task ImportAsync_ColumnsThatDoNotFit_NamesFileColumnAndExpectation(string select, string expected)
    {
        var path = _folder.WriteParquet("in.parquet", $"SELECT {select}");

        var exception = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.ImportAsync(Import(path, null), Token));

        Assert.Equal(FeatureError.InvalidInput, exception.Error);
        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Leftovers());
    }

    [Theory]
    [InlineData("'infinity'::TIMESTAMPTZ", null, "infinity")]
    [InlineData("'-infinity'::TIMESTAMPTZ", null, "-infinity")]
    [InlineData("'10000-01-01 00:00:00+00'::TIMESTAMPTZ", null, "253402300800000000 microseconds since 1970")]
    [InlineData("'infinity'::TIMESTAMP", "UTC", "infinity")]
    [InlineData("'-infinity'::TIMESTAMP_NS", "UTC", "-infinity")]
    [InlineData("'10000-01-01 00:00:00'::TIMESTAMP", "Europe/Zurich", "253402300800000000 microseconds since 1970")]
    [InlineData("'9999-12-31 23:30:00'::TIMESTAMP", "-01:00", "9999-12-31T23:30:00")]
    public async Task ImportAsync_TimeThatIsNone_IsToldWithItsPlace(string time, string? zone, string shown)
    {
        var path = _folder.WriteParquet("in.parquet", $"SELECT 1 AS id, {time} AS at, 1.5 AS amount");

        var required = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.ImportAsync(Import(path, zone), Token));
        var optional = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.ImportAsync(Import(path, zone) with { NotNull = [] }, Token));

        Assert.Equal($"File '{path}', row 1, column 'at': the value is '{shown}'; expected a time of the years 1 to 9999.", required.Message);
        Assert.Equal(required.Message, optional.Message);
    }

    [Theory]
    [InlineData("'nan'::FLOAT", "NaN")]
    [InlineData("'-infinity'::DOUBLE", "-Infinity")]
    public async Task ImportAsync_NoFiniteNumberWhereThereMustBeAValue_IsToldWithItsPlace(string amount, string shown)
    {
        var path = _folder.WriteParquet("in.parquet", $"SELECT 1 AS id, '2018-04-01 00:00:31+00'::TIMESTAMPTZ AS at, {amount} AS amount");

        Assert.Equal(1, (await _folder.Store.ImportAsync(Import(path, null), Token)).Rows);
        var exception = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.ImportAsync(Import(path, null) with { NotNull = ["amount"] }, Token));

        Assert.Equal($"File '{path}', row 1, column 'amount': the value is '{shown}'; expected a finite number.", exception.Message);
    }

    [Fact]
    public async Task ImportAsync_DamagedFile_NamesTheFile()
    {
        var whole = File.ReadAllBytes(_folder.WriteParquet(
            "whole.parquet", "SELECT range AS id, '2018-04-01 00:00:31+00'::TIMESTAMPTZ AS at, random() AS amount FROM range(200000)"));
        var corrupt = (byte[])whole.Clone();
        new Random(3).NextBytes(corrupt.AsSpan(4, corrupt.Length / 2));
        var paths = new[]
        {
            (Path: _folder.WriteBytes("cut.parquet", whole[..(whole.Length / 2)]), Problem: $"begins as Parquet but does not end so after its {whole.Length / 2} bytes: it is cut off"),
            (Path: _folder.WriteBytes("empty.parquet", []), Problem: "is no Parquet file: it has 0 bytes"),
            (Path: _folder.WriteText("text.parquet", "id,at,amount\n1,2,3\n"), Problem: "is no Parquet file: it has 19 bytes and begins with 'id,a'"),
            (Path: _folder.WriteBytes("corrupt.parquet", corrupt), Problem: "begins and ends as Parquet, but cannot be read: it is damaged."),
        };

        foreach (var (path, problem) in paths)
        {
            var exception = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.ImportAsync(Import(path, null), Token));

            Assert.Equal(FeatureError.InvalidInput, exception.Error);
            Assert.StartsWith($"File '{path}' {problem}", exception.Message, StringComparison.Ordinal);
        }

        Assert.Empty(_folder.Leftovers());
    }

    [Fact]
    public async Task ImportAsync_PathWithWildcards_ReadsThatFileOnly()
    {
        _folder.WriteParquet("a1.parquet", "SELECT 1 AS id, now() AS at, 1.5 AS amount");
        var odd = Path.Combine(Path.GetDirectoryName(_folder.PathOf("x"))!, "a[1]'s *.parquet");
        File.Move(_folder.WriteParquet("b.parquet", "SELECT 2 AS id, now() AS at, 1.5 AS amount"), odd);

        await _folder.Store.ImportAsync(Import(odd, null), Token);

        var frame = await _folder.Store.LoadAsync("offline/default/events/part-0.parquet", ["id"], null, Token);
        Assert.Equal([2], frame.Get<long>("id"));
    }

    private static TableImport Import(string path, string? zone) => new("default", "events", path, Columns, zone);

    // Reports come from the thread that reads, one after the other.
    private sealed class Shares : IProgress<double>
    {
        public List<double> Seen { get; } = [];

        public void Report(double value) => Seen.Add(value);
    }
}

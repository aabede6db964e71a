namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>Training sets of hostile shapes: what the file holds is what the engine reads in the input itself.</summary>
public sealed class TrainingSetShapesTests : IDisposable
{
    private const int Plenty = 2048;
    private const string Time = "'2024-01-02 00:00:00+00'::TIMESTAMPTZ AS q";

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("set.parquet")]
    [InlineData("set.arrow")]
    public async Task BuildTrainingSetAsync_TextsBeyondTheMemory_AreWrittenInSmallPieces(string name)
    {
        // 160 MB in the spine and as much of features; the limit leaves some 8 MB for a group.
        const int Rows = 8000;
        WriteFacts($"SELECT i::BIGINT AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, repeat(md5(i::VARCHAR), 625) AS v FROM range({Rows}) t(i)");
        var spine = $"SELECT i::BIGINT AS k, {Time}, repeat(sha256(i::VARCHAR), 312) AS body FROM range({Rows}) t(i)";

        var set = await BuildAsync(spine, name, "k", "body");

        Assert.Equal(Rows, set.Rows);
        if (name.EndsWith(".arrow", StringComparison.Ordinal))
        {
            await using var file = File.OpenRead(set.Path);
            using var reader = new Apache.Arrow.Ipc.ArrowStreamReader(file);
            var longest = 0;
            while (await reader.ReadNextRecordBatchAsync(Token) is { } batch)
            {
                longest = Math.Max(longest, batch.Length);
                batch.Dispose();
            }

            Assert.InRange(longest, 1, (1 << 20) / 19_968);
            return;
        }

        Assert.Equal("0", One($"SELECT count(*) FROM {Sql.Scan([set.Path])} WHERE v <> repeat(md5(k::VARCHAR), 625) OR body <> repeat(sha256(k::VARCHAR), 312) OR k <> file_row_number"));
        Assert.InRange(long.Parse(One($"SELECT max(total_uncompressed_size) FROM parquet_metadata({Sql.Text(set.Path)})"), null), 1 << 20, 12 << 20);
    }

    [Fact]
    public async Task BuildTrainingSetAsync_OneTextOf100MB_IsThere()
    {
        WriteFacts("SELECT i::BIGINT AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, CASE i WHEN 7 THEN repeat('abcdefghij', 10000000) ELSE 'short' END AS v FROM range(20) t(i)");

        _folder.Options.MemoryLimitMiB = Plenty;
        var set = await BuildAsync($"SELECT i::BIGINT AS k, {Time} FROM range(20) t(i)", "set.parquet", "k");

        Assert.Equal("20|19|100000000|1", One($"SELECT concat_ws('|', count(*), count(*) FILTER (v = 'short'), max(strlen(v)), count(*) FILTER (v = repeat('abcdefghij', 10000000))) FROM {Sql.Scan([set.Path])}"));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_RowsOfOneTextPast2GiB_AreAllThere()
    {
        // 230 reads of one text of 10 MB, less than a block.
        WriteFacts("SELECT 1::BIGINT AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, repeat('0123456789', 1000000) AS v");

        _folder.Options.MemoryLimitMiB = Plenty;
        var set = await BuildAsync($"SELECT 1::BIGINT AS k, {Time}, i AS id FROM range(230) t(i)", "set.parquet", "id");

        Assert.Equal("230|10000000|26335", One($"SELECT concat_ws('|', count(*), min(strlen(v)), sum(id)) FROM {Sql.Scan([set.Path])}"));
    }

    [Theory]
    [InlineData("set.parquet")]
    [InlineData("set.arrow")]
    public async Task BuildTrainingSetAsync_EmptySpine_IsAFileOfNoRows(string name)
    {
        WriteFacts("SELECT 1::BIGINT AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, 'x' AS v");

        var set = await BuildAsync($"SELECT i::BIGINT AS k, {Time}, 'x' AS a, [1.5] AS b, ['y'] AS c, true AS d FROM range(0) t(i)", name, "a", "b", "c", "d");

        Assert.Equal(0, set.Rows);
        if (name.EndsWith(".parquet", StringComparison.Ordinal))
        {
            Assert.Equal("0", One($"SELECT count(*) FROM {Sql.Scan([set.Path])}"));
        }
        else
        {
            using var reader = new Apache.Arrow.Ipc.ArrowStreamReader(File.OpenRead(set.Path));
            Assert.Null(await reader.ReadNextRecordBatchAsync(Token));
            Assert.Equal(["a", "b", "c", "d", "time", "v"], reader.Schema.FieldsList.Select(static field => field.Name));
        }
    }

    [Fact]
    public async Task BuildTrainingSetAsync_ValuesAtTheEnds_AreThoseOfTheSpine()
    {
        string[] columns =
        [
            "CASE i % 5 WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN -0.0 WHEN 2 THEN 'inf'::DOUBLE WHEN 3 THEN '-inf'::DOUBLE END AS real",
            "CASE i % 5 WHEN 0 THEN 'nan'::FLOAT WHEN 1 THEN -0.0 WHEN 2 THEN 'inf'::FLOAT WHEN 3 THEN 1e-45::FLOAT END AS small",
            "CASE WHEN i % 3 = 0 THEN 9223372036854775807 WHEN i % 3 = 1 THEN -9223372036854775808 END AS number",
            "CASE WHEN i % 4 > 0 THEN (i - 10000) * 100000000000000 // 7 END AS wide",
            "CASE i % 3 WHEN 0 THEN make_timestamptz(-i * 1000000000) WHEN 1 THEN '0044-03-15 (BC) 00:00:00+00'::TIMESTAMPTZ ELSE '294247-01-10 04:00:54.775806+00'::TIMESTAMPTZ END AS moment",
            "CASE i % 3 WHEN 0 THEN [] WHEN 1 THEN range(i % 50) END::BIGINT[] AS numbers",
            "CASE i % 3 WHEN 0 THEN []::DOUBLE[] WHEN 1 THEN ['nan'::DOUBLE, -0.0] END AS reals",
            "CASE i % 4 WHEN 0 THEN []::VARCHAR[] WHEN 1 THEN ['', '東京', 'x'] WHEN 2 THEN [''] END AS words",
            "CASE i % 3 WHEN 0 THEN '' WHEN 1 THEN 'Zürich' END AS text",
            "CASE i % 3 WHEN 0 THEN ''::BLOB WHEN 1 THEN '\\x00\\xFF'::BLOB END AS bytes",
            "CASE i % 3 WHEN 0 THEN i % 2 = 0 END AS flag",
            "NULL::BOOLEAN AS n0", "NULL::INTEGER AS n1", "NULL::BIGINT AS n2", "NULL::FLOAT AS n3", "NULL::DOUBLE AS n4", "NULL::VARCHAR AS n5", "NULL::BLOB AS n6",
            "NULL::TIMESTAMPTZ AS n7", "NULL::BIGINT[] AS n8", "NULL::DOUBLE[] AS n9", "NULL::VARCHAR[] AS n10",
        ];
        string[] names = [.. columns.Select(static column => column[(column.LastIndexOf(' ') + 1)..])];
        WriteFacts("SELECT 1::BIGINT AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, 'x' AS v");

        var set = await BuildAsync($"SELECT 1::BIGINT AS k, {Time}, {string.Join(", ", columns)} FROM range(20000) t(i)", "set.parquet", names);

        // As texts: neither the sign of a zero nor NaN is lost on the way.
        var differences = string.Join(", ", names.Select(static name => $"count(*) FILTER (s.{name}::VARCHAR IS DISTINCT FROM t.{name}::VARCHAR)"));
        var both = $"FROM {Sql.Scan([_folder.PathOf("spine.parquet")])} s POSITIONAL JOIN {Sql.Scan([set.Path])} t";
        Assert.Equal(string.Join('|', names.Select(static _ => "0")), One($"SELECT concat_ws('|', {differences}) {both}"));
        Assert.Equal("20000", One($"SELECT count(*) {both}"));
        foreach (var condition in new[] { "real = 0", "small = 0", "isnan(real)", "real = 'inf'::DOUBLE", "number = -9223372036854775808", "number > 9223372036854775806", "moment < '1970-01-01 00:00:00+00'", "moment > '9999-01-01 00:00:00+00'", "n2 IS NULL", "number IS NOT NULL" })
        {
            Assert.Equal(One($"SELECT count(*) FROM {Sql.Scan([_folder.PathOf("spine.parquet")])} WHERE {condition}"), One($"SELECT count(*) FROM {Sql.Scan([set.Path])} WHERE {condition}"));
        }
    }

    [Fact]
    public async Task BuildTrainingSetAsync_3000Columns_AreAllThere()
    {
        const int Columns = 3000;
        WriteFacts("SELECT 1::BIGINT AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, 'x' AS v");
        var columns = Enumerable.Range(0, Columns).Select(static index => $"i * {index} AS c{index}");

        var set = await BuildAsync($"SELECT 1::BIGINT AS k, {Time}, {string.Join(", ", columns)} FROM range(300) t(i)", "set.parquet", [.. Enumerable.Range(0, Columns).Select(static index => $"c{index}")]);

        var sums = string.Join(", ", Enumerable.Range(0, Columns).Select(static index => $"sum(c{index})"));
        Assert.Equal(string.Join('|', Enumerable.Range(0, Columns).Select(static index => 44850L * index)), One($"SELECT concat_ws('|', {sums}) FROM {Sql.Scan([set.Path])}"));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_OneTwoAndEightThreadsAndTwoRuns_WriteTheSameBytes()
    {
        WriteFacts("SELECT (i % 900)::BIGINT AS k, make_timestamptz(i * 1000000) AS at, repeat(md5(i::VARCHAR), (i % 40)::INTEGER) AS v FROM range(60000) t(i)");
        var spine = "SELECT (hash(i) % 1000)::BIGINT AS k, make_timestamptz((hash(i * 3) % 60000000000)::BIGINT) AS q, i AS id, repeat(md5(i::VARCHAR), (i % 30)::INTEGER) AS body FROM range(60000) t(i)";
        var files = new List<string>();
        foreach (var (threads, memory) in new[] { (1, 512), (2, 512), (8, 512), (8, 512) })
        {
            var options = new ParquetOfflineOptions { DataDirectory = _folder.Options.DataDirectory, Threads = threads, MemoryLimitMiB = memory };
            var store = new DuckDbOfflineStore(options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<DuckDbOfflineStore>.Instance);
            var set = await store.BuildTrainingSetAsync(Request(WriteParquet("spine.parquet", spine), "set.parquet", "id", "body"), null, Token);
            files.Add(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(set.Path, Token))) + set.Fingerprint);
        }

        Assert.Single(files.Distinct());
    }

    [Fact]
    public async Task BuildTrainingSetAsync_LongTextsAndAnyMemory_HaveOneFingerprint()
    {
        WriteFacts("SELECT (i % 900)::BIGINT AS k, make_timestamptz(i * 1000000) AS at, repeat(md5(i::VARCHAR), (i % 40)::INTEGER) AS v FROM range(40000) t(i)");
        var spine = WriteParquet(
            "spine.parquet", "SELECT (hash(i) % 1000)::BIGINT AS k, make_timestamptz((hash(i * 3) % 60000000000)::BIGINT) AS q, i AS id, repeat(md5(i::VARCHAR), (i % 30)::INTEGER) AS body FROM range(40000) t(i)");
        var whole = await _folder.Store.BuildTrainingSetAsync(Request(spine, "whole.parquet", "id", "body"), null, Token);
        _folder.Options.CellBytesMax = 1;

        var ranges = await _folder.StoreWith(3).BuildTrainingSetAsync(Request(spine, "ranges.parquet", "id", "body"), null, Token);

        Assert.Equal(whole.Fingerprint, ranges.Fingerprint);
        Assert.Equal(whole.Statistics, ranges.Statistics);
    }

    private Task<TrainingSet> BuildAsync(string spine, string name, params string[] passThrough) =>
        Store().BuildTrainingSetAsync(Request(WriteParquet("spine.parquet", spine), name, passThrough), null, Token);

    private DuckDbOfflineStore Store() => new(_folder.Options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<DuckDbOfflineStore>.Instance);

    // What makes and checks files is not short of memory.
    private DuckDbSession Engine() => new(_folder.Options, Plenty, 2);

    private string WriteParquet(string name, string query)
    {
        using var session = Engine();
        session.Execute($"COPY ({query}) TO {Sql.Text(_folder.PathOf(name))} (FORMAT parquet)", Token);
        return _folder.PathOf(name);
    }

    private string One(string statement)
    {
        using var session = Engine();
        using var rows = session.Query(statement.StartsWith("SELECT concat", StringComparison.Ordinal) ? statement : $"SELECT one::VARCHAR FROM ({statement}) t(one)", Token);
        Assert.True(rows.Read());
        return rows.GetString(0);
    }

    private void WriteFacts(string query)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Options.DataDirectory, "offline", "default", "facts")).FullName;
        File.Move(WriteParquet("facts.parquet", query), Path.Combine(folder, "part-0.parquet"));
    }

    private TrainingSetRequest Request(string spine, string name, params string[] passThrough)
    {
        var view = new LastValueView
        {
            Project = "default",
            Name = "facts",
            Entity = TestDefinitions.Entity("one", ("k", FeatureType.Int64)),
            Source = new ViewSource { Table = "facts", EventTimeColumn = "at", KeyColumns = ["k"] },
            Features = [new LastValueFeature(TestDefinitions.Field("v", FeatureType.String), "v")],
        };
        return new TrainingSetRequest
        {
            Plan = new FeatureServicePlan(TestDefinitions.Service("shapes", [], view), static _ => true),
            Spine = spine,
            TimeColumn = "q",
            KeyColumns = new Dictionary<string, string> { ["k"] = "k" },
            RequestColumns = new Dictionary<string, string>(),
            PassThrough = passThrough,
            OutputPath = _folder.PathOf(name),
        };
    }
}

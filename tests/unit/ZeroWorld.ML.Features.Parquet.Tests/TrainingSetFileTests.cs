using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;

namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class TrainingSetFileTests : IDisposable
{
    private const string Definitions = """
        version: 1
        entities:
          - name: account
            keys: [{ name: account_id, type: int64 }]
        feature_views:
          - name: balances
            entity: account
            source: { table: balances, event_time: at, created_time: known, keys: { account_id: account } }
            ttl: 10d
            features:
              - { name: amount, type: float64, bounds: { min: 0, max: 100 } }
              - { name: country, type: string }
        feature_services:
          - name: transfer
            aliases:
              - { name: sender, entity: account, keys: { account_id: sender_id } }
              - { name: receiver, entity: account }
            request: [{ name: money, type: float64 }]
            transforms:
              - { name: is_covered, type: bool, expression: money <= sender_amount }
            features: [money, sender.balances.*, receiver.balances.amount, is_covered]
        """;

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task BuildTrainingSetAsync_OneEntityUnderTwoNames_JoinsEachByItsOwnKey()
    {
        WriteTables();

        var set = await _folder.Store.BuildTrainingSetAsync(Request("set.parquet"), null, Token);

        var frame = await _folder.Store.LoadAsync(
            set.Path, ["sender_amount", "sender_country", "receiver_amount", "is_covered", "sender_amount__status", "receiver_amount__status"], null, Token);
        Assert.Equal([-5, 20, double.NaN], frame.Get<double>("sender_amount"));
        Assert.Equal(["CH", "DE", null], frame.Get<string>("sender_country"));
        Assert.Equal([20, -5, 20], frame.Get<double>("receiver_amount"));
        Assert.Equal([0, 1, double.NaN], frame.Get<double>("is_covered"));
        Assert.Equal([1, 1, 3], frame.Get<long>("sender_amount__status"));
        Assert.Equal([1, 1, 1], frame.Get<long>("receiver_amount__status"));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_File_SaysWhatItWasMadeOf()
    {
        WriteTables();

        var set = await _folder.Store.BuildTrainingSetAsync(Request("set.parquet"), null, Token);

        var beside = await File.ReadAllTextAsync(set.Path + ".json", Token);
        using (var session = new DuckDbSession(_folder.Options))
        using (var rows = session.Query($"SELECT decode(value) FROM parquet_kv_metadata({Sql.Text(set.Path)}) WHERE decode(key) = 'zeroworld.training_set'", Token))
        {
            Assert.True(rows.Read());
            Assert.Equal(beside.TrimEnd('\n'), rows.GetString(0).TrimEnd(' '));
        }

        using var card = JsonDocument.Parse(beside);
        Assert.Equal(set.Fingerprint, card.RootElement.GetProperty("fingerprint").GetString());
        Assert.Equal(Plan().Service.Fingerprint, card.RootElement.GetProperty("service_fingerprint").GetString());
        Assert.Equal(set.SpineHash, card.RootElement.GetProperty("spine").GetProperty("sha256").GetString());
        Assert.Equal(64, set.SpineHash.Length);
        Assert.Equal(3, card.RootElement.GetProperty("rows").GetInt64());
        var amount = set.Statistics.Single(static column => column.Name == "sender_amount");
        Assert.Equal(new ColumnStatistics("sender_amount", FeatureType.Float64, 3, 1, 0, -5, 20, 7.5, 1), amount);
        Assert.Equal(1, card.RootElement.GetProperty("columns").EnumerateArray().Single(static column => column.GetProperty("name").GetString() == "sender_amount").GetProperty("out_of_bounds").GetInt64());
        Assert.Equal(new ColumnStatistics("id", FeatureType.Int64, 3, 0, 0, 1, 3, 2, 0), set.Statistics[0]);
        Assert.DoesNotContain(set.Statistics, static column => column.Name.EndsWith("__status", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReadAsync_TrainingSetAsATable_TellsItsFingerprint()
    {
        WriteTables();
        var set = await _folder.Store.BuildTrainingSetAsync(Request("set.parquet"), null, Token);
        var plain = _folder.WriteParquet("plain.parquet", "SELECT 1 AS a");
        var broken = _folder.PathOf("broken.parquet");
        using (var session = new DuckDbSession(_folder.Options))
        {
            session.Execute($"COPY (SELECT 1 AS a) TO {Sql.Text(broken)} (FORMAT parquet, KV_METADATA {{'zeroworld.training_set': 'no JSON'}})", Token);
        }

        var refused = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(broken, Token));

        Assert.Equal(set.Fingerprint, (await TableFile.ReadAsync(set.Path, Token)).TrainingSet);
        Assert.Null((await TableFile.ReadAsync(plain, Token)).TrainingSet);
        Assert.Contains("says that it is a training set, but not which", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BuildTrainingSetAsync_ArrowName_WritesTheSameRowsAsAnArrowStream()
    {
        WriteTables();

        var parquet = await _folder.Store.BuildTrainingSetAsync(Request("set.parquet"), null, Token);
        var arrow = await _folder.Store.BuildTrainingSetAsync(Request("set.arrow"), null, Token);

        Assert.Equal(parquet.Fingerprint, arrow.Fingerprint);
        using var reader = new ArrowStreamReader(File.OpenRead(arrow.Path));
        var batch = await reader.ReadNextRecordBatchAsync(Token);
        Assert.Equal(await File.ReadAllTextAsync(arrow.Path + ".json", Token), reader.Schema.Metadata["zeroworld.training_set"].TrimEnd(' ') + "\n");
        Assert.Equal(["id", "time", "money"], reader.Schema.FieldsList.Take(3).Select(static field => field.Name));
        var time = Assert.IsType<TimestampType>(reader.Schema.GetFieldByName("time").DataType);
        Assert.Equal((TimeUnit.Microsecond, "Etc/UTC"), (time.Unit, time.Timezone));
        Assert.Equal([1L, 2L, 3L], ((Int64Array)batch.Column("id")).Select(static value => value!.Value));
        Assert.Equal([-5, 20, null], ((DoubleArray)batch.Column("sender_amount")));
        Assert.Equal(["CH", "DE", null], Enumerable.Range(0, 3).Select(row => ((StringArray)batch.Column("sender_country")).GetString(row)));
        Assert.Null(await reader.ReadNextRecordBatchAsync(Token));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_TableReplacedBetweenItsTwoScans_IsBuiltOfTheNewOne()
    {
        WriteTables();
        var replace = new Once(() => WriteBalances(
            """
            SELECT * FROM (VALUES (8, '2024-01-01 00:00:00+00'::TIMESTAMPTZ, '2024-01-01 00:00:00+00'::TIMESTAMPTZ, 2.0::DOUBLE, 'FR'),
                (7::INTEGER, '2024-01-01 00:00:00+00', '2024-01-01 00:00:00+00', 1.0, 'IT')) t(account, "at", known, amount, country)
            """));

        var set = await _folder.Store.BuildTrainingSetAsync(Request("set.parquet") with { Share = replace }, null, Token);

        var frame = await _folder.Store.LoadAsync(set.Path, ["sender_amount", "sender_country"], null, Token);
        Assert.Equal([1, 2, double.NaN], frame.Get<double>("sender_amount"));
        Assert.Equal(["IT", "FR", null], frame.Get<string>("sender_country"));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_TableReplacedAgainAndAgain_IsRefusedAndLeavesNothing()
    {
        WriteTables();
        var replace = new Always(WriteTables);

        var exception = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.BuildTrainingSetAsync(Request("set.parquet") with { Share = replace }, null, Token));

        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        Assert.Contains("was replaced", exception.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Root, "set.parquet*"));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_AsOf_ReproducesWhatWasKnownThen()
    {
        WriteTables();
        var request = Request("set.parquet") with { AsOf = Micro("2024-01-02T00:00:00Z") };

        var set = await _folder.Store.BuildTrainingSetAsync(request, null, Token);

        var frame = await _folder.Store.LoadAsync(set.Path, ["sender_amount"], null, Token);
        Assert.Equal([10, 20, double.NaN], frame.Get<double>("sender_amount"));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_ManyFilesAndManyRanges_GiveTheRowsOfOneFileAndOneRange()
    {
        const int Rows = 30_000;
        WriteBalances("SELECT (i * 7919 % 997)::INTEGER AS account, make_timestamptz(i * 1000) AS at, make_timestamptz(i * 1000 + i % 5000) AS known, i / 3.0 AS amount, 'c' || (i % 5) AS country FROM range(40000) t(i)");
        var spine = $"SELECT i AS id, make_timestamptz((hash(i) % 45000000)::BIGINT) AS at, (hash(i * 3) % 1100)::BIGINT AS a, (hash(i * 5) % 1100)::BIGINT AS b, i / 2.0 AS money FROM range({Rows}) t(i)";
        var request = Request("one.parquet") with { Spine = _folder.WriteParquet("spine.parquet", spine) };
        var whole = await _folder.Store.BuildTrainingSetAsync(request, null, Token);
        var folder = Path.Combine(_folder.Options.DataDirectory, "offline", "default", "balances");
        using (var session = new DuckDbSession(_folder.Options))
        {
            foreach (var part in Enumerable.Range(0, 7))
            {
                session.Execute($"COPY (SELECT * FROM '{folder}/part-0.parquet' WHERE account % 7 = {part}) TO '{folder}/piece-{part}.parquet' (FORMAT parquet)", Token);
            }
        }

        File.Delete(Path.Combine(folder, "part-0.parquet"));
        _folder.Options.CellBytesMax = 1;
        var progress = new List<long>();

        var pieces = await _folder.StoreWith(3).BuildTrainingSetAsync(request with { OutputPath = _folder.PathOf("pieces.parquet") }, new Reports(progress), Token);

        Assert.Equal(whole.Fingerprint, pieces.Fingerprint);
        Assert.Equal(Rows, progress[^1]);
        Assert.True(whole.Statistics.Single(static column => column.Name == "sender_amount").Nulls is > 0 and < Rows / 2);
    }

    [Theory]
    [InlineData(1_000, 1L)]
    [InlineData(SourceSlice.RowsMax, 1L)]
    [InlineData(1_000, null)]
    [InlineData(SourceSlice.RowsMax, null)]
    public async Task BuildTrainingSetAsync_SpineOfManyFiles_IsReadAsItsCopyInTheEngineIs(long sliceRows, long? cellBytesMax)
    {
        WriteBalances("SELECT (i * 7919 % 997)::INTEGER AS account, make_timestamptz(i * 1000) AS at, make_timestamptz(i * 1000 + i % 5000) AS known, i / 3.0 AS amount, 'c' || (i % 5) AS country FROM range(40000) t(i)");
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Options.DataDirectory, "offline", "default", "reads")).FullName;
        int[] ends = [0, 1, 8, 9_000, 9_000, 29_000, 29_300, 30_000];
        for (var part = 1; part < ends.Length; part++)
        {
            var query = $"SELECT i AS id, make_timestamptz((hash(i) % 45000000)::BIGINT) AS at, (hash(i * 3) % 1100)::BIGINT AS a, (hash(i * 5) % 1100)::BIGINT AS b, i / 2.0 AS money FROM range({ends[part - 1]}, {ends[part]}) t(i)";
            File.Move(_folder.WriteParquet("part.parquet", query), Path.Combine(folder, $"part-{part}.parquet"));
        }

        var request = Request("set.parquet") with { Spine = "reads", PassThrough = ["id", "a"] };
        var copied = await _folder.Store.BuildTrainingSetAsync(request with { Filter = new TimeFilter("at", 0, long.MaxValue) }, null, Token);
        _folder.Options.SliceRows = sliceRows;
        _folder.Options.CellBytesMax = cellBytesMax;

        var read = await _folder.StoreWith(3).BuildTrainingSetAsync(request with { OutputPath = _folder.PathOf("read.parquet") }, null, Token);

        Assert.Equal((copied.Rows, copied.Fingerprint), (read.Rows, read.Fingerprint));
        Assert.Equal(30_000, read.Rows);
        Assert.Equal(copied.Statistics, read.Statistics);
        if (cellBytesMax is null)
        {
            Assert.Equal(await File.ReadAllBytesAsync(copied.Path, Token), await File.ReadAllBytesAsync(read.Path, Token));
        }
    }

    [Fact]
    public async Task BuildTrainingSetAsync_ThreeHundredFeaturesOfThreeViews_AreAllThere()
    {
        const int Features = 100;
        const int Rows = 20_000;
        var columns = string.Join(", ", Enumerable.Range(0, Features).Select(static index => $"i * {index} + 0.5 AS f{index}"));
        WriteBalances($"SELECT (i % 500)::BIGINT AS account, make_timestamptz(i * 1000) AS at, {columns} FROM range(5000) t(i)");
        LastValueView[] views = [.. Enumerable.Range(0, 3).Select(view => new LastValueView
        {
            Project = "default",
            Name = $"wide{view}",
            Entity = TestDefinitions.Entity("account", ("account_id", FeatureType.Int64)),
            Source = new ViewSource { Table = "balances", EventTimeColumn = "at", KeyColumns = ["account"] },
            Features = [.. Enumerable.Range(0, Features).Select(index => new LastValueFeature(TestDefinitions.Field($"w{view}_{index}", FeatureType.Float64), $"f{index}"))],
        })];
        var request = new TrainingSetRequest
        {
            Plan = new FeatureServicePlan(TestDefinitions.Service("wide", [], views), static _ => true),
            Spine = _folder.WriteParquet("wide-spine.parquet", $"SELECT i AS id, make_timestamptz(5000 * 1000) AS at, (i % 500)::BIGINT AS a FROM range({Rows}) t(i)"),
            TimeColumn = "at",
            KeyColumns = new Dictionary<string, string> { ["account_id"] = "a" },
            RequestColumns = new Dictionary<string, string>(),
            PassThrough = ["id"],
            OutputPath = _folder.PathOf("wide.parquet"),
        };

        var set = await _folder.Store.BuildTrainingSetAsync(request, null, Token);

        var frame = await _folder.Store.LoadAsync(set.Path, ["w0_7", "w1_99", "w2_0"], null, Token);
        Assert.Equal(302, set.Statistics.Count);
        Assert.All(set.Statistics, static column => Assert.Equal(0, column.Nulls));
        for (var row = 0; row < Rows; row++)
        {
            // The newest row of account a is number 4500 + a.
            var newest = 4500 + (row % 500);
            Assert.Equal((newest * 7.0) + 0.5, frame.Get<double>("w0_7")[row]);
            Assert.Equal((newest * 99.0) + 0.5, frame.Get<double>("w1_99")[row]);
            Assert.Equal(0.5, frame.Get<double>("w2_0")[row]);
        }
    }

    private static FeatureServicePlan Plan() => new(DefinitionLoader.Load([new DefinitionFile("transfer.yaml", Definitions)]).GetService("transfer"), static _ => true);

    private static long Micro(string text) => UnixMicroseconds.TryParse(text, out var moment) ? moment : throw new FormatException(text);

    private void WriteTables()
    {
        WriteBalances(
            """
            SELECT * FROM (VALUES (7::INTEGER, '2024-01-01 00:00:00+00'::TIMESTAMPTZ, '2024-01-01 00:00:00+00'::TIMESTAMPTZ, 10.0::DOUBLE, 'CH'),
                (7, '2024-01-01 00:00:00+00', '2024-01-03 00:00:00+00', -5.0, 'CH'), (8, '2024-01-01 00:00:00+00', '2024-01-01 00:00:00+00', 20.0, 'DE')) t(account, "at", known, amount, country)
            """);
        _folder.WriteParquet(
            "spine.parquet",
            """
            SELECT * FROM (VALUES (1, '2024-01-04 00:00:00+00'::TIMESTAMPTZ, 7::BIGINT, 8::SMALLINT, 5.0::DOUBLE), (2, '2024-01-04 00:00:00+00', 8, 7, 6.0), (3, '2024-01-04 00:00:00+00', NULL, 8, 7.0))
                t(id, "at", a, b, money)
            """);
    }

    private void WriteBalances(string query)
    {
        Directory.CreateDirectory(Path.Combine(_folder.Options.DataDirectory, "offline", "default", "balances"));
        File.Move(_folder.WriteParquet("balances.parquet", query), Path.Combine(_folder.Options.DataDirectory, "offline", "default", "balances", "part-0.parquet"), overwrite: true);
    }

    private TrainingSetRequest Request(string name) => new()
    {
        Plan = Plan(),
        Spine = _folder.PathOf("spine.parquet"),
        TimeColumn = "at",
        KeyColumns = new Dictionary<string, string> { ["sender_id"] = "a", ["receiver_account_id"] = "b" },
        RequestColumns = new Dictionary<string, string> { ["money"] = "money" },
        PassThrough = ["id"],
        WithStatuses = true,
        OutputPath = _folder.PathOf(name),
    };

    private sealed class Once(Action action) : IProgress<double>
    {
        private Action? _action = action;

        public void Report(double value) => Interlocked.Exchange(ref _action, null)?.Invoke();
    }

    private sealed class Always(Action action) : IProgress<double>
    {
        private readonly Lock _one = new();

        public void Report(double value)
        {
            lock (_one)
            {
                action();
            }
        }
    }

    private sealed class Reports(List<long> reports) : IProgress<long>
    {
        public void Report(long value) => reports.Add(value);
    }
}

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>A deleted entity is in no file of its tables, and what other entities' views read of them stays.</summary>
public sealed class TableErasureTests : IDisposable
{
    private static readonly DateTime Old = new(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    // Customers as int32, as many files have them; each with a row at 10 and one at 30.
    private const string Uses = """
        SELECT c::INTEGER AS customer, t AS terminal, make_timestamptz(m) AS happened, (c * 100 + m)::DOUBLE AS amount, 'note of ' || c AS note, [c, m] AS seen, c * 1000 + m AS id
        FROM (SELECT unnest([6, 7, 8])::BIGINT AS c), (SELECT unnest(['a', 'b']) AS t), (SELECT unnest([10, 30])::BIGINT AS m) ORDER BY c, t, m
        """;

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task EraseAsync_EntityOfSeveralFiles_LeavesItsRowsWithoutWhoseTheyWere()
    {
        string[] files = [Write("part-0.parquet"), Write("stream-00000000000000000001-x.parquet")];
        var before = await CountsAsync();

        var erased = await _folder.Store.EraseAsync(Request(7, until: 10), Token);
        var again = await _folder.Store.EraseAsync(Request(7, until: 10), Token);

        Assert.Equal((4L, 2L, 0L, 0L), (erased.Rows, erased.Files, again.Rows, again.Files));
        Assert.Equal(before, await CountsAsync());
        foreach (var file in files)
        {
            Assert.Equal(Old, File.GetLastWriteTimeUtc(file));
            Assert.Equal(["6 a 10", "6 a 30", "6 b 10", "6 b 30", "- a 10", "7 a 30", "- b 10", "7 b 30", "8 a 10", "8 a 30", "8 b 10", "8 b 30"], Read(file, "coalesce(customer::VARCHAR, '-') || ' ' || terminal || ' ' || epoch_us(happened)"));
            Assert.Equal(["710", "710"], Read(file, "amount::BIGINT::VARCHAR", "customer IS NULL"));
            Assert.Equal(["note and list are gone", "note and list are gone"], Read(file, "CASE WHEN note IS NULL AND seen IS NULL THEN 'note and list are gone' END", "customer IS NULL"));
            Assert.Equal(["INTEGER"], Read(file, "any_value(typeof(customer))"));
        }

        Assert.Empty(_folder.Leftovers());
    }

    [Fact]
    public async Task EraseAsync_KeyThatIsAnEventId_TakesTheRowsOut()
    {
        var file = Write("part-0.parquet");
        var views = Views().Select(static view => view is WindowedView ? view with { Source = view.Source with { EventIdColumn = "customer" } } : view).ToList();

        var erased = await _folder.Store.EraseAsync(Request(7, until: 40) with { Views = views }, Token);

        Assert.Equal((4L, 1L), (erased.Rows, erased.Files));
        Assert.Equal(["6", "6", "6", "6", "8", "8", "8", "8"], Read(file, "customer::VARCHAR"));
    }

    [Fact]
    public async Task EraseAsync_TableThatWasNeverImportedOrHasOthersOnly_TouchesNothing()
    {
        var never = await _folder.Store.EraseAsync(Request(7, until: 40), Token);
        var file = Write("part-0.parquet");
        var bytes = await File.ReadAllBytesAsync(file, Token);

        var nobody = await _folder.Store.EraseAsync(Request(99, until: 40), Token);
        var early = await _folder.Store.EraseAsync(Request(7, until: 9), Token);

        Assert.Equal((0L, 0L, 0L), (never.Rows, nobody.Rows, early.Rows));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(file, Token));
    }

    [Fact]
    public void TryReplace_FileThatWasImportedMeanwhile_KeepsTheNewOne()
    {
        var (tables, file) = (new TableFolder(_folder.Options.DataDirectory), Write("part-0.parquet"));
        var stamp = TableFolder.StampOf(file);
        var erased = _folder.WriteText("erased.tmp", "of the old file");
        File.WriteAllText(file, "a new import");

        Assert.False(tables.TryReplace(file, erased, stamp));

        Assert.Equal("a new import", File.ReadAllText(file));
        Assert.False(File.Exists(erased));
    }

    private string Write(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Options.DataDirectory, "offline", "default", "uses")).FullName;
        var file = Path.Combine(folder, name);
        File.Move(_folder.WriteParquet(name, Uses), file);
        File.SetLastWriteTimeUtc(file, Old);
        return file;
    }

    private List<string> Read(string file, string expression, string where = "true")
    {
        var values = new List<string>();
        using var session = new DuckDbSession(_folder.Options);
        using var rows = session.Query($"SELECT {expression} FROM {Sql.Scan([file])} WHERE {where}", Token);
        while (rows.Read())
        {
            values.Add(rows.GetString(0));
        }

        return values;
    }

    /// <summary>What the terminals' windows count, which an erased customer does not change.</summary>
    private async Task<double[]> CountsAsync()
    {
        var spine = _folder.WriteParquet($"spine-{Guid.NewGuid():N}.parquet", "SELECT t, make_timestamptz(40) AS q FROM (SELECT unnest(['a', 'b']) AS t)");
        var set = await _folder.Store.BuildTrainingSetAsync(
            new TrainingSetRequest
            {
                Plan = new FeatureServicePlan(TestDefinitions.Service("terminals", [], Views()[1]), static _ => true),
                Spine = spine,
                TimeColumn = "q",
                KeyColumns = new Dictionary<string, string> { ["terminal"] = "t" },
                RequestColumns = new Dictionary<string, string>(),
                PassThrough = [],
                OutputPath = _folder.PathOf("set.parquet"),
            },
            null,
            Token);
        var frame = await _folder.Store.LoadAsync(set.Path, ["sum"], null, Token);
        return frame.Get<double>("sum");
    }

    private static TableErasureRequest Request(long customer, long until) => new("default", Views(), "customer", [FeatureValue.FromInt64(customer)], until);

    private static FeatureView[] Views()
    {
        var source = new ViewSource { Table = "uses", EventTimeColumn = "happened", KeyColumns = ["customer"] };
        return
        [
            new LastValueView
            {
                Project = "default",
                Name = "profile",
                Entity = TestDefinitions.Entity("customer", ("customer", FeatureType.Int64)),
                Source = source,
                Features = [new LastValueFeature(TestDefinitions.Field("note", FeatureType.String), "note")],
            },
            new WindowedView
            {
                Project = "default",
                Name = "terminal_uses",
                Entity = TestDefinitions.Entity("terminal", ("terminal", FeatureType.String)),
                Source = source with { KeyColumns = ["terminal"] },
                Features = [TestDefinitions.Window("sum", AggregateFunction.Sum, "amount", TimeSpan.FromMicroseconds(50))],
            },
        ];
    }
}

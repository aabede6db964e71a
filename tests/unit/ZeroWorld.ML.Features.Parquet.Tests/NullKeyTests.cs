using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>Rows without a key stay in their table, since another view may read them by other keys; that nobody sees them is told.</summary>
public sealed class NullKeyTests : IDisposable
{
    private const string Time = "'2024-01-01 00:00:00+00'::TIMESTAMPTZ";

    private readonly StoreFolder _folder = new();
    private readonly Lines _lines = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, "k", "3 rows have no value in their key (k)", "row 2 of file 'part-1.parquet'")]
    [InlineData(true, "k", "3 rows have no value in their key (k)", "row 2 of file 'part-1.parquet'")]
    [InlineData(false, "k,s", "4 rows have no value in their key (k, s)", "row 1 of file 'part-1.parquet'")]
    [InlineData(true, "k,s", "4 rows have no value in their key (k, s)", "row 1 of file 'part-1.parquet'")]
    public async Task BuildTrainingSetAsync_NullKeysInATable_AreCountedAndTold(bool isWindow, string keys, string count, string place)
    {
        WriteAll();
        var names = keys.Split(',');

        var set = await Store().BuildTrainingSetAsync(Request(View(isWindow, names), names), null, Token);

        var line = Assert.Single(_lines.Warnings, static line => line.Contains("no value in their key", StringComparison.Ordinal));
        Assert.Contains($"Table facts: {count}", line, StringComparison.Ordinal);
        Assert.Contains(place, line, StringComparison.Ordinal);
        Assert.Equal(1, set.Rows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OpenHistoryAsync_NullKeysInATable_AreCountedAndTold(bool isWindow)
    {
        WriteAll();
        var view = View(isWindow, ["k"]);

        await using var history = await Store().OpenHistoryAsync(StorageField.Of(view, hasIntegerEventId: false), Token);

        Assert.Equal(3, history.Extent.NullKeys);
        Assert.Contains("Table facts: 3 rows have no value in their key (k), so that no entity ever sees them; the first is row 2 of file 'part-1.parquet'", Assert.Single(_lines.Warnings, static line => line.Contains("their key", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenHistoryAsync_ViewsOfTheSameKeys_AreToldOfOnce()
    {
        WriteAll();
        var store = Store();

        foreach (var view in (FeatureView[])[View(false, ["k"]), View(true, ["k"]), View(true, ["k", "s"])])
        {
            await using var history = await store.OpenHistoryAsync(StorageField.Of(view, hasIntegerEventId: false), Token);
        }

        Assert.Equal(
            ["Table facts: 3 rows have no value in their key (k)", "Table facts: 4 rows have no value in their key (k, s)"],
            _lines.Warnings.Where(static line => line.Contains("their key", StringComparison.Ordinal)).Select(static line => line[..line.IndexOf(", so that", StringComparison.Ordinal)]));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_TwoTablesWithNullsInAKeyOfOneName_AreBothTold()
    {
        WriteAll();
        Write("part-0.parquet", $"SELECT * FROM (VALUES (NULL::BIGINT, {Time}, 2.5::DOUBLE), (7, {Time}, 1.5)) t(k, \"at\", w)", "others");
        var first = (LastValueView)View(false, ["k"]);
        var other = first with
        {
            Name = "others", Source = first.Source with { Table = "others" }, Features = [new LastValueFeature(TestDefinitions.Field("w", FeatureType.Float64), "w")],
        };
        var again = first with { Name = "again", TimeToLive = TimeSpan.FromDays(1), Features = [new LastValueFeature(TestDefinitions.Field("x", FeatureType.Float64), "v")] };

        await Store().BuildTrainingSetAsync(Request([first, other, again], ["k"]), null, Token);

        Assert.Equal(
            ["Table facts: 3 rows have no value", "Table others: 1 rows have no value"],
            _lines.Warnings.Where(static line => line.Contains("their key", StringComparison.Ordinal)).Select(static line => line[..(line.IndexOf("value", StringComparison.Ordinal) + 5)]));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_NoNullKeys_IsSilent()
    {
        WriteAll("WHERE k IS NOT NULL");

        await Store().BuildTrainingSetAsync(Request(View(false, ["k"]), ["k"]), null, Token);

        Assert.DoesNotContain(_lines.Warnings, static line => line.Contains("their key", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("k", "2 rows have no value in their key (k)", "row 2 of file", 2, 2)]
    [InlineData("k,s", "3 rows have no value in their key (k, s)", "row 1 of file", 3, 1)]
    [InlineData("v", "", "", 0, 0)]
    public async Task ImportAsync_NullKeys_AreCountedAndToldAndStay(string keys, string count, string place, long expected, long first)
    {
        var path = _folder.WriteText("facts.csv", "k,s,at,v\n7,,2024-01-01T00:00:00Z,2.5\n,,2024-01-01T00:00:00Z,4.5\n,a,2024-01-01T00:00:00Z,3.5\n7,a,2024-01-01T00:00:00Z,1.5\n");
        var names = keys.Split(',');

        // Views of one key are told of once, and views of columns that are not imported say so where they are read.
        OfflineColumn[] columns = [new("k", FeatureType.Int64), new("s", FeatureType.String), new("at", FeatureType.Timestamp), new("v", FeatureType.Float64)];
        var summary = await Store().ImportAsync(
            new TableImport("default", "facts", path, columns, null) { Views = [View(false, names), View(true, names), View(false, ["absent"])] }, Token);

        var told = _lines.Warnings.Where(static line => line.Contains("no value in their key", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, summary.Rows);
        Assert.Equal(expected == 0 ? [] : [(keys, expected, first)], summary.NullKeys.Select(static found => (string.Join(',', found.Columns), found.Rows, found.First)));
        Assert.Equal(expected == 0 ? 0 : 1, told.Count);
        Assert.All(told, line => Assert.Contains($"Table facts: {count}", line, StringComparison.Ordinal));
        Assert.All(told, line => Assert.Contains($"the first is {place} '{path}'", line, StringComparison.Ordinal));
    }

    // Of the second file row 1 has a number and no text, row 2 neither, row 3 a text alone; so has the third file's.
    private void WriteAll(string where = "")
    {
        Write("part-0.parquet", $"SELECT 8::BIGINT AS k, 'b' AS s, {Time} AS at, 0.5::DOUBLE AS v");
        Write("part-1.parquet", $"SELECT * FROM (VALUES (7::BIGINT, NULL, {Time}, 2.5::DOUBLE), (NULL, NULL, {Time}, 4.5), (NULL, 'a', {Time}, 3.5), (7, 'a', {Time}, 1.5)) t(k, s, \"at\", v) {where}");
        Write("part-2.parquet", $"SELECT * FROM (VALUES (NULL::BIGINT, 'c', {Time}, 5.5::DOUBLE)) t(k, s, \"at\", v) {where}");
    }

    private void Write(string name, string query, string table = "facts")
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Options.DataDirectory, "offline", "default", table)).FullName;
        File.Move(_folder.WriteParquet(name, query), Path.Combine(folder, name));
    }

    private DuckDbOfflineStore Store() => new(_folder.Options, TimeProvider.System, _lines);

    private static FeatureView View(bool isWindow, string[] keys)
    {
        var entity = TestDefinitions.Entity("one", [.. keys.Select(static key => (key, key == "k" ? FeatureType.Int64 : FeatureType.String))]);
        var source = new ViewSource { Table = "facts", EventTimeColumn = "at", KeyColumns = keys };
        return isWindow
            ? new WindowedView { Project = "default", Name = "sums", Entity = entity, Source = source, Features = [TestDefinitions.Window("sum", AggregateFunction.Sum, "v", TimeSpan.FromDays(7))] }
            : new LastValueView { Project = "default", Name = "lasts", Entity = entity, Source = source, Features = [new LastValueFeature(TestDefinitions.Field("v", FeatureType.Float64), "v")] };
    }

    private TrainingSetRequest Request(FeatureView view, string[] keys) => Request([view], keys);

    private TrainingSetRequest Request(FeatureView[] views, string[] keys) => new()
    {
        Plan = new FeatureServicePlan(TestDefinitions.Service("nulls", [], views), static _ => true),
        Spine = _folder.WriteParquet("spine.parquet", "SELECT 7::BIGINT AS k, 'a' AS s, '2024-01-02 00:00:00+00'::TIMESTAMPTZ AS q"),
        TimeColumn = "q",
        KeyColumns = keys.ToDictionary(static key => key),
        RequestColumns = new Dictionary<string, string>(),
        PassThrough = [],
        OutputPath = _folder.PathOf("set.parquet"),
    };

    private sealed class Lines : ILogger<DuckDbOfflineStore>
    {
        public List<string> Warnings { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Warning)
            {
                Warnings.Add(formatter(state, exception));
            }
        }
    }
}

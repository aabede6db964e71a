using System.Text;

namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class JoinOracleTests : IDisposable
{
    private const int Keys = 1500;
    private const int Events = 9000;
    private const int Reads = 12_000;
    private const int Moments = 14;

    private readonly StoreFolder _folder = new();
    private readonly List<OracleEvent> _events = [];
    private readonly List<OracleRead> _reads = [];

    public JoinOracleTests()
    {
        var random = new Random(20180401);
        for (var row = 0; row < Events; row++)
        {
            var (key, text) = NextKey(random);
            double? value = random.Next(12) switch { 0 => null, 1 => double.NaN, var number => number - 6 };
            _events.Add(new OracleEvent(
                row, key, text, random.Next(Moments), random.Next(Moments), random.Next(6), $"id{random.Next(5)}", value,
                random.Next(4) == 0 ? null : $"s{random.Next(3)}", random.Next(5) == 0 ? null : random.Next(3)));
        }

        for (var row = 0; row < Reads; row++)
        {
            var (key, text) = NextKey(random);
            _reads.Add(new OracleRead(key, text, random.Next(Moments + 2), random.Next(8) == 0 ? null : random.Next(-3, 4), NextKey(random).Key));
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null, 1, false)]
    [InlineData(7L, 3, false)]
    [InlineData(null, 4, true)]
    public async Task BuildTrainingSetAsync_RandomTieHeavyHistories_EqualsTheQuadraticOracle(long? asOf, int threads, bool isCut)
    {
        CutIf(isCut);
        await ImportAsync();

        var set = await _folder.StoreWith(threads).BuildTrainingSetAsync(Request() with { AsOf = asOf }, null, Token);

        Assert.Equal(Reads, set.Rows);
        Assert.Equal(ExpectedQuarantined(), set.Quarantined);
        var frame = await LoadAsync(set.Path);
        Assert.Equal(_reads.Select(static read => read.Q), frame.Get<long>("time"));
        Assert.Equal(_reads.Select(static read => read.Text), frame.Get<string>("TEXT"));
        var byKey = _events.Where(static row => row.Key is not null).ToLookup(static row => row.Key);
        var compared = 0;
        foreach (var view in OracleViews.LastValues.Concat<FeatureView>(OracleViews.Windows))
        {
            foreach (var field in view.Fields)
            {
                compared += CompareColumn(frame, view, field, byKey, asOf ?? long.MaxValue);
            }
        }

        Assert.True(compared >= 100_000, $"{compared} cells compared");
    }

    [Fact]
    public async Task BuildTrainingSetAsync_Filter_KeepsTheOrderOfTheRowsItKeeps()
    {
        await ImportAsync();

        var whole = await _folder.Store.BuildTrainingSetAsync(Request(), null, Token);
        var part = await _folder.Store.BuildTrainingSetAsync(
            Request() with { Filter = new TimeFilter("Q", 3, 9), OutputPath = _folder.PathOf("part.parquet") }, null, Token);

        var expected = await _folder.Store.LoadAsync(whole.Path, ColumnNames(), new TimeFilter("time", 3, 9), Token);
        var actual = await _folder.Store.LoadAsync(part.Path, ColumnNames(), null, Token);
        Assert.Equal(_reads.Count(static read => read.Q is >= 3 and < 9), part.Rows);
        FrameAssert.Equal(expected, actual);
    }

    [Fact]
    public async Task BuildTrainingSetAsync_OneAndFourThreadsAndTwoRuns_AreBitIdentical()
    {
        await ImportAsync();

        var sets = new List<TrainingSet>();
        foreach (var (threads, isCut) in new[] { (1, false), (4, false), (4, true), (3, true) })
        {
            CutIf(isCut);
            sets.Add(await _folder.StoreWith(threads).BuildTrainingSetAsync(
                Request() with { OutputPath = _folder.PathOf($"set{sets.Count}.parquet") }, null, Token));
        }

        Assert.Single(sets.Select(static set => set.Fingerprint).Distinct());
        var first = await LoadAsync(sets[0].Path);
        FrameAssert.Equal(first, await LoadAsync(sets[1].Path));
        FrameAssert.Equal(first, await LoadAsync(sets[2].Path));
        FrameAssert.Equal(first, await LoadAsync(sets[3].Path));
    }

    // Many threads meet at one entity, and the spine is joined in ranges.
    private void CutIf(bool isCut)
    {
        _folder.Options.SliceRows = isCut ? 113 : SourceSlice.RowsMax;
        _folder.Options.CellBytesMax = isCut ? 1 : null;
    }

    private static (long? Key, string? Text) NextKey(Random random)
    {
        var key = random.Next(Keys);
        var text = key % 3 == 0 ? $"{key}" : $"ä|{key}\"'";
        return random.Next(50) == 0 ? (null, null) : (key, text);
    }

    private static IReadOnlyList<string> ColumnNames() =>
    [
        "TEXT", "time", .. OracleViews.Plan.Service.Columns.SelectMany(static column => new[] { column.Name, $"{column.Name}__status" }),
    ];

    private int CompareColumn(ColumnFrame frame, FeatureView view, FeatureField field, ILookup<long?, OracleEvent> byKey, long asOf)
    {
        var statuses = frame.Get<long>($"{field.Name}__status");
        for (var row = 0; row < Reads; row++)
        {
            var read = _reads[row];
            var (status, value) = (FeatureStatus.NotFound, (object?)null);
            var key = view.Entity.Alias is null ? read.Key : read.Other;
            if (key is not null)
            {
                // One key has one text, so that every entity of these views has the same history.
                (status, value) = view switch
                {
                    LastValueView last => JoinOracle.LastValue(
                        byKey[key], read.Q, asOf, last.Source.CreatedTimeColumn is not null, (long?)last.TimeToLive?.TotalMicroseconds,
                        string.Concat(last.StoredColumns.Select(static column => column.Name)),
                        winner => field.Name[^1] switch { 'v' => winner.V, 's' => winner.S, _ => winner.N }),
                    WindowedView window => JoinOracle.Window(
                        byKey[key], read.Q, asOf, window, window.Features.First(feature => feature.Field.Name == field.Name), read),
                    _ => throw new InvalidOperationException(),
                };
            }

            if ((FeatureStatus)statuses[row] != status || !IsValue(frame, field, row, value))
            {
                Assert.Fail($"{field.Name} in row {row}, {read}: {(FeatureStatus)statuses[row]} instead of {status} with {value ?? "null"}");
            }
        }

        return Reads;
    }

    private static bool IsValue(ColumnFrame frame, FeatureField field, int row, object? expected) => field.Type switch
    {
        FeatureType.Int64 => frame.Get<long>(field.Name)[row] == (expected is long whole ? whole : long.MinValue),
        FeatureType.String => frame.Get<string>(field.Name)[row] == (string?)expected,
        _ => AreClose(frame.Get<double>(field.Name)[row], expected is double number ? number : double.NaN, field.Name),
    };

    private static bool AreClose(double actual, double expected, string name) => name.EndsWith("variance", StringComparison.Ordinal) || name.EndsWith("deviation", StringComparison.Ordinal)
        ? (double.IsNaN(actual) && double.IsNaN(expected)) || Math.Abs(actual - expected) <= 1e-12 * Math.Max(1, Math.Abs(expected))
        : actual.Equals(expected);

    private long ExpectedQuarantined() => _events.Count(static row => row.Event - row.Created > 2);

    private async Task ImportAsync()
    {
        var events = new StringBuilder("KEY,TEXT,EVENT,CREATED,ID,NAME,V,S,N\n").AppendJoin('\n', _events.Select(static row => row.ToCsv()));
        var reads = new StringBuilder("KEY,TEXT,Q,AMOUNT,OTHER\n").AppendJoin('\n', _reads.Select(static row => row.ToCsv()));
        await _folder.Store.ImportAsync(
            new TableImport("default", "events", _folder.WriteText("events.csv", events.ToString()), OracleViews.EventColumns, null), Token);
        await _folder.Store.ImportAsync(
            new TableImport("default", "reads", _folder.WriteText("reads.csv", reads.ToString()), OracleViews.ReadColumns, null), Token);
    }

    private TrainingSetRequest Request() => new()
    {
        Plan = OracleViews.Plan,
        Spine = "reads",
        TimeColumn = "Q",
        KeyColumns = new Dictionary<string, string> { ["key"] = "KEY", ["text"] = "TEXT", ["other_key"] = "OTHER" },
        RequestColumns = new Dictionary<string, string> { ["amount"] = "AMOUNT" },
        PassThrough = ["TEXT"],
        WithStatuses = true,
        OutputPath = _folder.PathOf("set.parquet"),
    };

    private Task<ColumnFrame> LoadAsync(string path) => _folder.Store.LoadAsync(path, ColumnNames(), null, Token);
}

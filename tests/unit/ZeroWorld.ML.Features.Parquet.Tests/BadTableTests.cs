using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class BadTableTests : IDisposable
{
    private const string Facts = "SELECT 7::BIGINT AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, 1.5::DOUBLE AS v";
    private const string Spine = "SELECT 7::BIGINT AS k, '2024-01-02 00:00:00+00'::TIMESTAMPTZ AS q";

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("SELECT '7' AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, 1.5::DOUBLE AS v", "has column 'k' as VARCHAR, 'part-0.parquet' of the same table as BIGINT")]
    [InlineData("SELECT 7::DOUBLE AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, 1.5::DOUBLE AS v", "has column 'k' as DOUBLE, 'part-0.parquet' of the same table as BIGINT")]
    [InlineData("SELECT '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, 1.5::DOUBLE AS v", "has no column 'k'")]
    [InlineData("SELECT 7::BIGINT AS k, 1.5::DOUBLE AS v", "has no column 'at'")]
    [InlineData("SELECT 7::BIGINT AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, '1.5' AS v", "has column 'v' as VARCHAR")]
    [InlineData("SELECT 7::BIGINT AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, 3::BIGINT AS v", "has column 'v' as BIGINT")]
    [InlineData("SELECT 7::BIGINT AS k, '2024-01-01 00:00:00'::TIMESTAMP AS at, 1.5::DOUBLE AS v", "has column 'at' as TIMESTAMP, 'part-0.parquet' of the same table as TIMESTAMP WITH TIME ZONE")]
    public async Task BuildTrainingSetAsync_NewFileOfAnotherSchema_IsRefusedByItsName(string query, string expected)
    {
        Write("part-0.parquet", Facts);
        Write("part-1.parquet", query);

        var message = await RefusedAsync(Spine, FeatureError.InvalidInput);

        Assert.Contains("part-1.parquet", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(long.MaxValue)]
    public async Task BuildTrainingSetAsync_FilesOfOtherWidthsOrWithoutAValue_AreOneTable(long sliceRows)
    {
        // Widths of the key, of the value, and of both; a file that has no value; one whose unit of time is another.
        Write("part-0.parquet", "SELECT 7::INTEGER AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, 1.5::FLOAT AS v UNION ALL SELECT 6, '2024-01-01 00:00:00+00'::TIMESTAMPTZ, 0.5::FLOAT");
        Write("part-1.parquet", "SELECT 8::BIGINT AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, 0.1::DOUBLE AS v UNION ALL SELECT 5000000000, '2024-01-01 00:00:00+00'::TIMESTAMPTZ, 2.5");
        Write("part-2.parquet", "SELECT 9::UTINYINT AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at");
        _folder.Options.SliceRows = sliceRows;
        var spine = _folder.WriteParquet(
            "spine.parquet", "SELECT unnest([7, 6, 8, 5000000000, 9, 10])::BIGINT AS k, '2024-01-02 00:00:00+00'::TIMESTAMPTZ AS q");

        var set = await _folder.StoreWith(2).BuildTrainingSetAsync(Request(spine) with { WithStatuses = true }, null, Token);

        var frame = await _folder.Store.LoadAsync(set.Path, ["v", "v__status"], null, Token);
        Assert.Equal<double[]>([1.5, 0.5, 0.1, 2.5, double.NaN, double.NaN], frame.Get<double>("v"));
        Assert.Equal<FeatureStatus[]>(
            [FeatureStatus.Present, FeatureStatus.Present, FeatureStatus.Present, FeatureStatus.Present, FeatureStatus.Null, FeatureStatus.NotFound],
            [.. frame.Get<long>("v__status").Select(static status => (FeatureStatus)status)]);
    }

    [Fact]
    public async Task BuildTrainingSetAsync_SpineOfTwoWidths_IsOneSpine()
    {
        Write("part-0.parquet", Facts);
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Options.DataDirectory, "offline", "default", "reads")).FullName;
        File.Move(_folder.WriteParquet("a.parquet", "SELECT 7::INTEGER AS k, '2024-01-02 00:00:00+00'::TIMESTAMPTZ AS q"), Path.Combine(folder, "a.parquet"));
        File.Move(_folder.WriteParquet("b.parquet", "SELECT 7::BIGINT AS k, '2024-01-03 00:00:00+00'::TIMESTAMPTZ AS q"), Path.Combine(folder, "b.parquet"));

        var set = await _folder.Store.BuildTrainingSetAsync(Request("reads"), null, Token);

        Assert.Equal<double[]>([1.5, 1.5], (await _folder.Store.LoadAsync(set.Path, ["v"], null, Token)).Get<double>("v"));
    }

    [Theory]
    [InlineData("infinity", "'infinity'")]
    [InlineData("-infinity", "'-infinity'")]
    [InlineData("10000-01-01 00:00:00+00", "'253402300800000000 microseconds since 1970'")]
    public async Task BuildTrainingSetAsync_TimeThatIsNone_NamesFileRowAndValue(string time, string shown)
    {
        Write("part-0.parquet", Facts);
        Write("part-1.parquet", $"{Facts} UNION ALL SELECT 7, '{time}'::TIMESTAMPTZ, 1");
        var spine = _folder.WriteParquet("reads.parquet", $"{Spine} UNION ALL SELECT 7, '{time}'::TIMESTAMPTZ");

        var table = await RefusedAsync(Spine, FeatureError.InvalidInput);
        File.Delete(Path.Combine(_folder.Options.DataDirectory, "offline", "default", "facts", "part-1.parquet"));
        var read = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.BuildTrainingSetAsync(Request(spine), null, Token));

        Assert.Contains($"column 'at' is {shown} in row 2 of file 'part-1.parquet'", table, StringComparison.Ordinal);
        Assert.Contains($"column 'q' is {shown} in row 2; expected a time of the years 1 to 9999", read.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BuildTrainingSetAsync_NullEventTime_NamesFileAndRow()
    {
        Write("part-0.parquet", Facts);
        Write("part-1.parquet", $"{Facts} UNION ALL SELECT 7, NULL, 1");

        var message = await RefusedAsync(Spine, FeatureError.InvalidInput);

        Assert.Contains("column 'at' is null in 1 rows; the first is row 2 of file 'part-1.parquet'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BuildTrainingSetAsync_DiskFull_SaysSoAndLeavesNothingBehind()
    {
        using var disk = SmallDisk.Mount(_folder.PathOf("disk"), "1m");
        Write("part-0.parquet", "SELECT i AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, hash(i)::DOUBLE AS v FROM range(400000) t(i)");
        var spine = _folder.WriteParquet("spine.parquet", "SELECT i AS k, '2024-01-02 00:00:00+00'::TIMESTAMPTZ AS q FROM range(400000) t(i)");
        var output = Path.Combine(disk.Path, "set.parquet");
        await File.WriteAllTextAsync(output, "what was there", Token);

        var refused = await Assert.ThrowsAsync<FeatureException>(
            () => _folder.Store.BuildTrainingSetAsync(Request(spine) with { OutputPath = output }, null, Token));

        Assert.Equal(FeatureError.StoreUnavailable, refused.Error);
        Assert.Contains("No space left on device", refused.Message, StringComparison.Ordinal);
        Assert.Equal("what was there", await File.ReadAllTextAsync(output, Token));
        Assert.Equal([output], Directory.GetFiles(disk.Path));
    }

    [Fact]
    public async Task ImportAsync_DiskFull_LeavesTheTableAsItWas()
    {
        using var disk = SmallDisk.Mount(_folder.PathOf("disk"), "4m");
        var options = new ParquetOfflineOptions { DataDirectory = disk.Path, Threads = 1, MemoryLimitMiB = 512, TempDirectory = _folder.PathOf("tmp") };
        var store = new DuckDbOfflineStore(options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<DuckDbOfflineStore>.Instance);
        var small = _folder.WriteText("small.csv", "k,v\n1,2.5\n");
        var large = _folder.WriteParquet("large.parquet", "SELECT i AS k, hash(i)::DOUBLE AS v FROM range(1000000) t(i)");
        TableImport Of(string path) => new("default", "facts", path, [new OfflineColumn("k", FeatureType.Int64), new OfflineColumn("v", FeatureType.Float64)], null);
        await store.ImportAsync(Of(small), Token);
        var before = Directory.GetFiles(disk.Path, "*", SearchOption.AllDirectories).Order().ToArray();

        var refused = await Assert.ThrowsAsync<FeatureException>(() => store.ImportAsync(Of(large), Token));

        Assert.Equal(FeatureError.StoreUnavailable, refused.Error);
        Assert.Equal(before, Directory.GetFiles(disk.Path, "*", SearchOption.AllDirectories).Order());
        Assert.Equal<double[]>([2.5], (await store.LoadAsync(Path.Combine(disk.Path, "offline", "default", "facts", "part-0.parquet"), ["v"], null, Token)).Get<double>("v"));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_NewFileWithMoreColumnsInAnotherOrder_IsRead()
    {
        Write("part-0.parquet", Facts);
        Write("part-1.parquet", "SELECT 'new' AS extra, 2.5::DOUBLE AS v, '2024-01-01 12:00:00+00'::TIMESTAMPTZ AS at, 7::BIGINT AS k");

        var set = await BuildAsync(Spine);

        Assert.Equal<double[]>([2.5], (await _folder.Store.LoadAsync(set.Path, ["v"], null, Token)).Get<double>("v"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BuildTrainingSetAsync_TruncatedFile_IsRefusedByItsName(bool isSpine)
    {
        Write("part-0.parquet", Facts);
        var spine = _folder.WriteParquet("spine.parquet", Spine);
        var victim = isSpine ? spine : Path.Combine(Folder(), "part-0.parquet");
        await File.WriteAllBytesAsync(victim, (await File.ReadAllBytesAsync(victim, Token))[..^20], Token);

        var refused = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.BuildTrainingSetAsync(Request(spine), null, Token));

        Assert.Equal(FeatureError.InvalidInput, refused.Error);
        Assert.Contains($"'{victim}' begins as Parquet but does not end so", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.PathOf("set.parquet")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BuildTrainingSetAsync_FileThatIsDamagedInside_IsRefusedByItsName(bool isSpine)
    {
        Write("part-0.parquet", Facts);
        Write("part-1.parquet", "SELECT i::BIGINT AS k, '2024-01-01 00:00:00+00'::TIMESTAMPTZ AS at, hash(i)::DOUBLE AS v FROM range(20000) t(i)");
        var spine = _folder.WriteParquet("spine.parquet", "SELECT (hash(i) % 20000)::BIGINT AS k, '2024-01-02 00:00:00+00'::TIMESTAMPTZ AS q FROM range(20000) t(i)");
        var victim = isSpine ? spine : Path.Combine(Folder(), "part-1.parquet");
        var bytes = await File.ReadAllBytesAsync(victim, Token);
        bytes.AsSpan(4, 60_000).Fill(0x5A);
        await File.WriteAllBytesAsync(victim, bytes, Token);

        var refused = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.BuildTrainingSetAsync(Request(spine), null, Token));
        var load = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.LoadAsync(victim, ["k"], null, Token));
        var table = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(victim, Token));

        Assert.All([refused, load, table], failure => Assert.StartsWith($"File '{victim}' begins and ends as Parquet, but cannot be read: it is damaged.", failure.Message, StringComparison.Ordinal));
        Assert.False(File.Exists(_folder.PathOf("set.parquet")));
    }

    [Theory]
    [InlineData("k,q\n7,2024-01-02T00:00:00Z\n", "is no Parquet file: it has 27 bytes and begins with 'k,q\uFFFD'")]
    [InlineData("", "is no Parquet file: it has 0 bytes and begins with ''")]
    [InlineData("PAR1", "begins as Parquet but does not end so after its 4 bytes")]
    [InlineData("PAR1\u0000\u0000\u0000\u007FPAR1", "is a damaged Parquet file: its end says that its footer has 2130706432 bytes of 12")]
    public async Task BuildTrainingSetAsync_SpineThatIsNoParquet_SaysWhatItIs(string text, string expected)
    {
        Write("part-0.parquet", Facts);

        var refused = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.BuildTrainingSetAsync(Request(_folder.WriteText("spine.csv", text)), null, Token));

        Assert.Equal(FeatureError.InvalidInput, refused.Error);
        Assert.Contains($"spine.csv' {expected}", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT '7' AS k, '2024-01-02 00:00:00+00'::TIMESTAMPTZ AS q", "column 'k' is VARCHAR; expected int64")]
    [InlineData("SELECT 7.0::DOUBLE AS k, '2024-01-02 00:00:00+00'::TIMESTAMPTZ AS q", "column 'k' is DOUBLE; expected int64")]
    [InlineData("SELECT 7 AS k, '2024-01-02'::DATE AS q", "column 'q' holds times without a zone (DATE)")]
    [InlineData("SELECT 7 AS k, 1704153600 AS q", "column 'q' is INTEGER; expected timestamp")]
    [InlineData("SELECT 7 AS k, '2024-01-02 00:00:00' AS q", "column 'q' holds texts; expected times (of a CSV file, times without a zone")]
    [InlineData("SELECT 7 AS k", "there is no column 'q'; its columns are k")]
    public async Task BuildTrainingSetAsync_SpineThatDoesNotFit_SaysColumnAndExpectation(string spine, string expected)
    {
        Write("part-0.parquet", Facts);

        Assert.Contains(expected, await RefusedAsync(spine, FeatureError.InvalidInput), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BuildTrainingSetAsync_NarrowKeysAndNanoseconds_AreTheSameKeyAndFloored()
    {
        Write("part-0.parquet", "SELECT 7::SMALLINT AS k, '2024-01-01 00:00:00.000001+00'::TIMESTAMPTZ AS at, 1.5::FLOAT AS v");

        var set = await BuildAsync("SELECT 7::INTEGER AS k, '2024-01-01 00:00:00.000001+00'::TIMESTAMPTZ AS q UNION ALL SELECT 7, '2024-01-01 00:00:00+00'::TIMESTAMPTZ");

        Assert.Equal<double[]>([1.5, double.NaN], (await _folder.Store.LoadAsync(set.Path, ["v"], null, Token)).Get<double>("v"));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_OneViewNameInTwoProjects_ReadsEachOnesOwnTable()
    {
        Write("part-0.parquet", Facts);
        Write("part-0.parquet", Facts.Replace("1.5", "9.5", StringComparison.Ordinal), "other");

        var mine = await BuildAsync(Spine);
        var theirs = await _folder.Store.BuildTrainingSetAsync(
            Request(_folder.PathOf("spine.parquet"), "other") with { OutputPath = _folder.PathOf("theirs.parquet") }, null, Token);

        Assert.Equal<double[]>([1.5], (await _folder.Store.LoadAsync(mine.Path, ["v"], null, Token)).Get<double>("v"));
        Assert.Equal<double[]>([9.5], (await _folder.Store.LoadAsync(theirs.Path, ["v"], null, Token)).Get<double>("v"));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_FoldersOfKilledProcesses_AreSweptAndThoseInUseAreNot()
    {
        Write("part-0.parquet", Facts);
        var parent = _folder.Options.SpillParent;
        var killed = Directory.CreateDirectory(Path.Combine(parent, "duckdb-killed")).FullName;
        await File.WriteAllTextAsync(Path.Combine(killed, "in-use.lock"), "", Token);
        using var used = SpillFolder.Create(parent);
        var young = Directory.CreateDirectory(Path.Combine(parent, "duckdb-young")).FullName;

        await _folder.StoreWith(1).BuildTrainingSetAsync(Request(_folder.WriteParquet("spine.parquet", Spine)), null, Token);

        Assert.False(Directory.Exists(killed));
        Assert.True(Directory.Exists(used.Path));
        Assert.True(Directory.Exists(young));
    }

    [Fact]
    public void Dispose_FolderThatAnotherStoreSweptMeanwhile_IsDone()
    {
        var used = SpillFolder.Create(_folder.Options.SpillParent);
        Directory.Delete(used.Path, recursive: true);

        used.Dispose();

        Assert.False(Directory.Exists(used.Path));
    }

    private string Folder(string project = "default") => Directory.CreateDirectory(Path.Combine(_folder.Options.DataDirectory, "offline", project, "facts")).FullName;

    private void Write(string name, string query, string project = "default") => File.Move(_folder.WriteParquet(name, query), Path.Combine(Folder(project), name));

    private Task<TrainingSet> BuildAsync(string spine) => _folder.Store.BuildTrainingSetAsync(Request(_folder.WriteParquet("spine.parquet", spine)), null, Token);

    private async Task<string> RefusedAsync(string spine, FeatureError error)
    {
        var refused = await Assert.ThrowsAsync<FeatureException>(() => BuildAsync(spine));
        Assert.Equal(error, refused.Error);
        Assert.False(File.Exists(_folder.PathOf("set.parquet")));
        return refused.Message;
    }

    private TrainingSetRequest Request(string spine, string project = "default")
    {
        var view = new LastValueView
        {
            Project = project,
            Name = "facts",
            Entity = TestDefinitions.Entity("one", ("k", FeatureType.Int64)),
            Source = new ViewSource { Table = "facts", EventTimeColumn = "at", KeyColumns = ["k"] },
            Features = [new LastValueFeature(TestDefinitions.Field("v", FeatureType.Float64), "v")],
        };
        return new TrainingSetRequest
        {
            Plan = new FeatureServicePlan(TestDefinitions.Service("bad", [], view) with { Project = project }, static _ => true),
            Spine = spine,
            TimeColumn = "q",
            KeyColumns = new Dictionary<string, string> { ["k"] = "k" },
            RequestColumns = new Dictionary<string, string>(),
            PassThrough = [],
            OutputPath = _folder.PathOf("set.parquet"),
        };
    }
}

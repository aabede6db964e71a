using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>Appending to tables in a bucket, by imports and by streams, and erasing from them, against each server of S3.</summary>
public abstract partial class S3AppendContract : IAsyncLifetime
{
    private readonly StoreFolder _folder = new();
    private StoreBucket? _bucket;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected S3OfflineStore Store { get; private set; } = null!;

    /// <value>Of this test's names in the bucket.</value>
    protected virtual string Prefix => "";

    /// <summary>Starts the server.</summary>
    /// <returns>Its address.</returns>
    protected abstract Task<string> StartAsync();

    protected abstract ValueTask StopAsync();

    public async ValueTask InitializeAsync()
    {
        _bucket = new StoreBucket(_folder, await StartAsync(), Prefix);
        Store = NewStore();
    }

    public async ValueTask DisposeAsync()
    {
        _bucket?.Dispose();
        await StopAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task ImportAsync_AppendedWithoutRows_ChangesNothing()
    {
        await Store.ImportAsync(Import(0, 10), Token);
        var before = await ExtentAsync();

        var summary = await Store.ImportAsync(Import(10, 0) with { IsAppended = true }, Token);

        Assert.Equal(0, summary.Rows);
        var after = await ExtentAsync();
        Assert.Equal((before.Rows, before.Generation), (after.Rows, after.Generation));
        Assert.Equal(before.Files, after.Files);
    }

    [Fact]
    public async Task ImportAsync_Appended_IsOneMoreFileOfTheSameGeneration()
    {
        await Store.ImportAsync(Import(0, 10), Token);
        var before = await ExtentAsync();

        await Store.ImportAsync(Import(10, 5) with { IsAppended = true }, Token);
        await Store.ImportAsync(Import(15, 5) with { IsAppended = true }, Token);

        var after = await ExtentAsync();
        Assert.Equal((10, 20), (before.Rows, after.Rows));
        Assert.Equal(before.Generation, after.Generation);
        Assert.Equal(before.Files, after.Files.Where(file => before.Files.Contains(file)));
        Assert.Equal(3, after.Files.Count);
        Assert.Equal(after.Files.Select(static file => file.Stored).Order(), after.Files.Select(static file => file.Stored));
    }

    [Fact]
    public async Task ImportAsync_AppendedToNothing_IsATable()
    {
        await Store.ImportAsync(Import(0, 10) with { IsAppended = true }, Token);
        await Store.ImportAsync(Import(10, 10) with { IsAppended = true }, Token);

        Assert.Equal(20, (await ExtentAsync()).Rows);
    }

    [Fact]
    public async Task ImportAsync_AppendedByManyAtOnce_LosesNone()
    {
        await Store.ImportAsync(Import(0, 10), Token);

        await Task.WhenAll(Enumerable.Range(1, 6).Select(async number => await NewStore().ImportAsync(Import(number * 10, 10) with { IsAppended = true }, Token)));

        Assert.Equal(70, (await ExtentAsync()).Rows);
    }

    [Fact]
    public async Task ImportAsync_AppendedWithAnotherType_IsRefusedByFileAndNothingIsThere()
    {
        await Store.ImportAsync(Import(0, 10), Token);
        var text = _folder.WriteText("other.csv", "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD\n1,2018-04-01 00:00:00,c,2,3.5,0\n");
        var import = new TableImport(
            "default", "transactions", text, [.. FraudDefinitions.Columns.Select(static column => column.Name == "CUSTOMER_ID" ? column with { Type = FeatureType.String } : column)], "UTC") { IsAppended = true };

        var exception = await Assert.ThrowsAsync<FeatureException>(() => Store.ImportAsync(import, Token));

        Assert.Equal(FeatureError.InvalidInput, exception.Error);
        Assert.Contains("CUSTOMER_ID", exception.Message, StringComparison.Ordinal);
        Assert.Equal(10, (await ExtentAsync()).Rows);
    }

    [Fact]
    public async Task ImportAsync_Whole_ReplacesWhatWasAppended()
    {
        await Store.ImportAsync(Import(0, 10), Token);
        await Store.ImportAsync(Import(10, 10) with { IsAppended = true }, Token);
        await Store.ImportAsync(Import(100, 7), Token);
        Assert.Equal(7, (await ExtentAsync()).Rows);

        await Store.ImportAsync(Import(200, 3), Token);
        await Store.ImportAsync(Import(210, 3) with { IsAppended = true }, Token);

        Assert.Equal(6, (await ExtentAsync()).Rows);
        Assert.Equal(3, (await ListAsync("offline/")).Count(static key => key.EndsWith(".parquet", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AppendAsync_EventsOfAStream_AreRowsOfTheTableWhateverItsContent()
    {
        await Store.AppendAsync("default", "transactions", Events(0, 10), Token);
        Assert.Equal((10, ""), ((await ExtentAsync()).Rows, (await ExtentAsync()).Generation));
        await Store.AppendAsync("default", "transactions", Events(10, 10), Token);
        await Store.ImportAsync(Import(20, 10) with { IsAppended = true }, Token);

        var extent = await ExtentAsync();

        Assert.Equal(30, extent.Rows);
        Assert.Equal(3, extent.Files.Count);
    }

    [Fact]
    public async Task ImportAsync_OverEventsOfAStream_IsRefusedAndTheyStay()
    {
        await Store.ImportAsync(Import(0, 10), Token);
        await Store.AppendAsync("default", "transactions", Events(10, 10), Token);

        var exception = await Assert.ThrowsAsync<FeatureException>(() => Store.ImportAsync(Import(20, 10), Token));

        Assert.Equal(FeatureError.InvalidInput, exception.Error);
        Assert.Contains("holds events of a stream", exception.Message, StringComparison.Ordinal);
        Assert.Equal(20, (await ExtentAsync()).Rows);
    }

    [Fact]
    public async Task RunAsync_OfATableThatGrew_BringsOnlyWhatIsNew()
    {
        await Store.ImportAsync(Import(0, 50), Token);
        var online = new InMemoryOnlineStore();
        var materializer = new Materializer(Store, online, TimeProvider.System);
        StorageField[] fields = [FraudDefinitions.Plan.Views[0].Field];
        var first = await materializer.RunAsync(new MaterializationRequest { Fields = fields, Lateness = TimeSpan.Zero }, Token);
        var again = await materializer.RunAsync(new MaterializationRequest { Fields = fields, Lateness = TimeSpan.Zero }, Token);
        await Store.AppendAsync("default", "transactions", Events(50, 3), Token);

        var grown = await materializer.RunAsync(new MaterializationRequest { Fields = fields, Lateness = TimeSpan.Zero }, Token);

        Assert.Equal(50, first.Rows);
        Assert.Equal(0, again.Rows);
        Assert.InRange(grown.Rows, 3, 49);
        var whole = new InMemoryOnlineStore();
        await new Materializer(Store, whole, TimeProvider.System).RunAsync(fields, null, Token);
        Assert.Equal(whole.Bytes.Select(Text).Order(StringComparer.Ordinal), online.Bytes.Select(Text).Order(StringComparer.Ordinal));

        static string Text(KeyValuePair<(string Field, EntityId Entity), byte[]> item) => $"{item.Key.Entity.Key} {Convert.ToHexString(item.Value)}";
    }

    protected static IReadOnlyList<EventColumn> Events(int first, int count)
    {
        var ids = Enumerable.Range(first, count).ToList();
        return
        [
            new("TRANSACTION_ID", FeatureType.Int64, [.. ids.Select(static id => FeatureValue.FromInt64(id))]),
            new("TX_DATETIME", FeatureType.Timestamp, [.. ids.Select(static id => FeatureValue.FromTimestamp(UnixMicroseconds.FromDateTimeOffset(TimeOf(id))))]),
            new("CUSTOMER_ID", FeatureType.Int64, [.. ids.Select(static id => FeatureValue.FromInt64(id % 5))]),
            new("TERMINAL_ID", FeatureType.Int64, [.. ids.Select(static id => FeatureValue.FromInt64(id % 7))]),
            new("TX_AMOUNT", FeatureType.Float64, [.. ids.Select(static id => FeatureValue.FromFloat64(id / 4.0))]),
            new("TX_FRAUD", FeatureType.Int64, [.. ids.Select(static id => FeatureValue.FromInt64(id % 3 == 0 ? 1 : 0))]),
        ];
    }

    protected TableImport Import(int first, int count)
    {
        var text = new StringBuilder("TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD\n");
        foreach (var id in Enumerable.Range(first, count))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{id},{TimeOf(id):yyyy-MM-dd HH:mm:ss},{id % 5},{id % 7},{id / 4.0},{(id % 3 == 0 ? 1 : 0)}");
        }

        return FraudDefinitions.Import(_folder.WriteText($"{first}-{count}.csv", text.ToString()));
    }

    protected Task<SourceExtent> ExtentAsync() => Store.ReadExtentAsync(FraudDefinitions.CustomerSpending, Token);

    private static DateTimeOffset TimeOf(int id) => DateTimeOffset.UnixEpoch.AddDays(17_600).AddMinutes(id);

    private S3OfflineStore NewStore() => new(_folder.Options, _bucket!.Objects, _bucket!.Cache, TimeProvider.System, NullLogger<DuckDbOfflineStore>.Instance);

    private async Task<List<string>> ListAsync(string prefix)
    {
        var keys = new List<string>();
        await foreach (var item in _bucket!.Objects.ListAsync(prefix, Token))
        {
            keys.Add(item.Key);
        }

        return keys;
    }
}

public sealed class TestServerS3AppendTests : S3AppendContract
{
    private S3TestServer? _server;

    protected override async Task<string> StartAsync()
    {
        _server = await S3TestServer.StartAsync(Token);
        return _server.Address;
    }

    protected override ValueTask StopAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task AppendAsync_WhileTheBucketIsAway_FailsWholeAndSucceedsLater()
    {
        await Store.ImportAsync(Import(0, 10), Token);
        _server!.Fault = static (method, _, _) => method == "PUT" ? 503 : null;

        var exception = await Assert.ThrowsAsync<FeatureException>(() => Store.AppendAsync("default", "transactions", Events(10, 10), Token));
        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        _server.Fault = null;
        Assert.Equal(10, (await ExtentAsync()).Rows);

        await Store.AppendAsync("default", "transactions", Events(10, 10), Token);
        Assert.Equal(20, (await ExtentAsync()).Rows);
    }

    [Fact]
    public async Task EraseAsync_WhileTheBucketStopsTakingFiles_LeavesWholeFilesAndIsRepeated()
    {
        await Store.ImportAsync(Import(0, 20), Token);
        await Store.AppendAsync("default", "transactions", Events(20, 20), Token);
        var puts = 0;
        _server!.Fault = (method, _, _) => method == "PUT" && Interlocked.Increment(ref puts) > 1 ? 503 : null;

        var exception = await Assert.ThrowsAsync<FeatureException>(() => Store.EraseAsync(Customer(3), Token));

        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        _server.Fault = null;
        Assert.Equal((4L, 4L, 40L), (await CountAsync("CUSTOMER_ID = 3"), await CountAsync("CUSTOMER_ID IS NULL"), await CountAsync("true")));
        await Store.EraseAsync(Customer(3), Token);
        Assert.Equal((0L, 8L), (await CountAsync("CUSTOMER_ID = 3"), await CountAsync("CUSTOMER_ID IS NULL")));
    }

    // Somebody else writes the file between the moment when it is read and that when it is written.
    [Fact]
    public async Task EraseAsync_OfAFileThatIsWrittenMeanwhile_LooksAtTheNewOne()
    {
        await Store.ImportAsync(Import(0, 20), Token);
        var other = _server!.Read(_server.Keys.Single(static key => key.EndsWith(".parquet", StringComparison.Ordinal)));
        await Store.ImportAsync(Import(20, 5), Token);
        _server.Forget(_server.Keys.First(static key => key.EndsWith(".parquet", StringComparison.Ordinal)));
        var written = 0;
        _server.Fault = (method, key, _) =>
        {
            if (method == "PUT" && Interlocked.Exchange(ref written, 1) == 0)
            {
                _server.Write(key, other);
            }

            return null;
        };

        var erased = await Store.EraseAsync(Customer(3), Token);

        Assert.Equal((4L, 1L), (erased.Rows, erased.Files));
        Assert.Equal((0L, 20L), (await CountAsync("CUSTOMER_ID = 3"), await CountAsync("true")));
    }

    // The import ends between the put of the appended file and the second look at the manifest.
    [Fact]
    public async Task ImportAsync_AppendedWhileTheTableIsReplaced_IsInTheNewOne()
    {
        await Store.ImportAsync(Import(0, 10), Token);
        var replaced = 0;
        _server!.Fault = (method, key, _) =>
        {
            if (method == "PUT" && key.Contains("/append/", StringComparison.Ordinal) && Interlocked.Exchange(ref replaced, 1) == 0)
            {
                _server.Write("offline/default/transactions/part-0-other.parquet", _server.Read(_server.Keys.First(static name => name.Contains("/part-", StringComparison.Ordinal))));
                _server.Write("offline/default/transactions/table.json", Encoding.UTF8.GetBytes("""{"format":1,"generation":"other","files":["part-0-other.parquet"],"previous":[]}"""));
            }

            return null;
        };

        await Store.ImportAsync(Import(10, 5) with { IsAppended = true }, Token);

        var extent = await ExtentAsync();
        Assert.Equal((15, "other"), (extent.Rows, extent.Generation));
    }
}

public sealed class MotoS3AppendTests(MotoBucket moto) : S3AppendContract, IClassFixture<MotoBucket>
{
    protected override string Prefix { get; } = Guid.NewGuid().ToString("N");

    protected override Task<string> StartAsync() => moto.StartAsync(Token);

    protected override ValueTask StopAsync() => ValueTask.CompletedTask;
}

/// <summary>One server for the tests of a class.</summary>
public sealed class MotoBucket : IAsyncDisposable
{
    private MotoProcess? _moto;

    public async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        MotoProcess.SkipIfMissing();
        if (_moto is null)
        {
            _moto = await MotoProcess.StartAsync(cancellationToken);
            using var client = new HttpClient();
            using var made = await client.PutAsync(new Uri($"{_moto.Address}/{S3TestServer.Bucket}"), null, cancellationToken);
            made.EnsureSuccessStatusCode();
        }

        return _moto.Address;
    }

    public ValueTask DisposeAsync() => _moto?.DisposeAsync() ?? ValueTask.CompletedTask;
}

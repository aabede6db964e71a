using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>The offline store and the row sink on a bucket give what they give on a folder.</summary>
public sealed class S3OfflineStoreTests : IAsyncLifetime
{
    private readonly StoreFolder _folder = new();
    private S3TestServer _server = null!;
    private StoreBucket _bucket = null!;
    private S3OfflineStore _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await S3TestServer.StartAsync(Token);
        _bucket = new StoreBucket(_folder, _server.Address);
        _store = new S3OfflineStore(_folder.Options, _bucket.Objects, _bucket.Cache, TimeProvider.System, NullLogger<DuckDbOfflineStore>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        _bucket.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task BuildTrainingSetAsync_FromABucket_IsThatOfAFolder()
    {
        var import = FraudDefinitions.Import(Transactions("t.csv", 5000));
        var expectedSummary = await _folder.Store.ImportAsync(import, Token);
        var expected = await _folder.Store.BuildTrainingSetAsync(FraudDefinitions.Request(_folder.PathOf("folder.parquet")), null, Token);

        var summary = await _store.ImportAsync(import, Token);
        var set = await _store.BuildTrainingSetAsync(FraudDefinitions.Request(_folder.PathOf("bucket.parquet")), null, Token);

        Assert.Equal(expectedSummary with { Quality = [], Misfits = [] }, summary with { Quality = [], Misfits = [] });
        Assert.Equal(expectedSummary.Misfits, summary.Misfits);
        Assert.Equal(expectedSummary.Quality, summary.Quality);
        Assert.Equal((expected.Rows, expected.Fingerprint, expected.SpineHash), (set.Rows, set.Fingerprint, set.SpineHash));
        Assert.Equal(
            await _folder.Store.DescribeTableAsync("default", "transactions", Token), await _store.DescribeTableAsync("default", "transactions", Token));
        var extent = await _store.ReadExtentAsync(FraudDefinitions.CustomerSpending, Token);
        Assert.Equal(await _folder.Store.ReadExtentAsync(FraudDefinitions.CustomerSpending, Token) with { Generation = "", Quality = [], Files = [] }, extent with { Generation = "", Quality = [], Files = [] });
        Assert.NotEmpty(extent.Generation);
        Assert.Single(_server.Requests, static request => request.StartsWith("GET offline/", StringComparison.Ordinal) && request.EndsWith(".parquet", StringComparison.Ordinal));
        Assert.Empty(Directory.GetDirectories(_folder.PathOf("data/tmp")));
    }

    [Fact]
    public async Task ReadEventsAsync_FromABucket_AreThoseOfAFolder()
    {
        var import = FraudDefinitions.Import(Transactions("t.csv", 2000));
        await _folder.Store.ImportAsync(import, Token);
        await _store.ImportAsync(import, Token);
        var field = FraudDefinitions.Plan.Views[0].Field;
        var range = new MaterializationRange(long.MinValue, long.MaxValue, long.MinValue);

        Assert.Equal(await HistoryReading.TextsAsync(_folder.Store.ReadEventsAsync(field, range, Token)), await HistoryReading.TextsAsync(_store.ReadEventsAsync(field, range, Token)));
    }

    [Fact]
    public async Task ImportAsync_Again_ReplacesTheTableAndKeepsOnlyOnePredecessor()
    {
        var generations = new HashSet<string>();
        for (var rows = 10; rows <= 50; rows += 10)
        {
            await _store.ImportAsync(FraudDefinitions.Import(Transactions("t.csv", rows)), Token);
            var extent = await _store.ReadExtentAsync(FraudDefinitions.CustomerSpending, Token);

            Assert.Equal(rows, extent.Rows);
            Assert.True(generations.Add(extent.Generation));
        }

        Assert.Equal(2, _server.Keys.Count(static key => key.EndsWith(".parquet", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(".parquet")]
    [InlineData("table.json")]
    public async Task ImportAsync_InterruptedUpload_LeavesTheOldTable(string failing)
    {
        await _store.ImportAsync(FraudDefinitions.Import(Transactions("t.csv", 10)), Token);
        var before = await _store.ReadExtentAsync(FraudDefinitions.CustomerSpending, Token);
        _server.Fault = (method, key, _) => method == "PUT" && key.EndsWith(failing, StringComparison.Ordinal) ? 503 : null;

        var exception = await Assert.ThrowsAsync<FeatureException>(() => _store.ImportAsync(FraudDefinitions.Import(Transactions("t.csv", 20)), Token));

        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        Assert.Contains("it answers 503 SlowDown", exception.Message, StringComparison.Ordinal);
        _server.Fault = null;
        var after = await _store.ReadExtentAsync(FraudDefinitions.CustomerSpending, Token);
        Assert.Equal(before with { Quality = [], Files = [] }, after with { Quality = [], Files = [] });
        await _store.ImportAsync(FraudDefinitions.Import(Transactions("t.csv", 20)), Token);
        Assert.Equal(20, (await _store.ReadExtentAsync(FraudDefinitions.CustomerSpending, Token)).Rows);
    }

    [Fact]
    public async Task ReadExtentAsync_FilesThatAnotherToolPutThere_AreATable()
    {
        await _folder.Store.ImportAsync(FraudDefinitions.Import(Transactions("a.csv", 10)), Token);
        var bytes = await File.ReadAllBytesAsync(Directory.GetFiles(_folder.Options.DataDirectory, "*.parquet", SearchOption.AllDirectories).Single(), Token);
        _server.Write("offline/default/transactions/one.parquet", bytes);
        var first = await _store.ReadExtentAsync(FraudDefinitions.CustomerSpending, Token);
        _server.Write("offline/default/transactions/two.parquet", bytes);
        _server.Write("offline/default/transactions/old/three.parquet", bytes);

        var second = await _store.ReadExtentAsync(FraudDefinitions.CustomerSpending, Token);

        Assert.Equal((10, 20), (first.Rows, second.Rows));
        Assert.NotEqual(first.Generation, second.Generation);
    }

    [Fact]
    public async Task DescribeTableAsync_AFileThatIsGone_IsCorruptByName()
    {
        await _store.ImportAsync(FraudDefinitions.Import(Transactions("t.csv", 10)), Token);
        _server.Forget(_server.Keys.Single(static key => key.EndsWith(".parquet", StringComparison.Ordinal)));

        var exception = await Assert.ThrowsAsync<FeatureException>(() => _store.DescribeTableAsync("default", "transactions", Token));

        Assert.Equal(FeatureError.CorruptData, exception.Error);
        Assert.Contains("lacks files that its table.json names", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DescribeTableAsync_OfNothing_NamesTheTablesThereAre()
    {
        await _store.ImportAsync(FraudDefinitions.Import(Transactions("t.csv", 10)), Token);

        var exception = await Assert.ThrowsAsync<FeatureException>(() => _store.DescribeTableAsync("default", "transaction", Token));

        Assert.Equal(FeatureError.NotFound, exception.Error);
        Assert.Contains("Tables: transactions", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FindAsync_RowsThatTheSinkSent_AreFound()
    {
        var sink = new S3RowSink(_bucket.Objects, "log", _folder.PathOf("staging"));
        var source = new S3RowSource(_bucket.Objects, _bucket.Cache, "log", _folder.Options);
        await sink.WriteFileAsync("project=p/model=m/date=2018-08-08/part-1.parquet", [new SinkColumn("id", new string?[] { "a", "b" }), new SinkColumn("row", new[] { 0L, 1 })], Token);
        await sink.WriteFileAsync("project=p/model=n/date=2018-08-08/part-2.parquet", [new SinkColumn("id", new string?[] { "b" }), new SinkColumn("row", new[] { 0L })], Token);

        var folders = await source.ListFoldersAsync("project=p", Token);
        var found = await source.FindAsync([.. folders.Select(static folder => $"{folder}/date=2018-08-08"), "project=p/model=x"], "id", "b", "row", Token);

        Assert.Equal(["project=p/model=m", "project=p/model=n"], folders);
        Assert.Equal([0L, 1L], found.Select(static row => row.GetInt64("row")));
        Assert.Empty(await source.FindAsync(["project=p/model=m/date=2018-08-08"], "id", "c", "row", Token));
        Assert.Empty(Directory.GetFiles(_folder.PathOf("staging"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task WriteFileAsync_WhileTheBucketIsAway_FailsWholeAndSucceedsLater()
    {
        var sink = new S3RowSink(_bucket.Objects, "log", _folder.PathOf("staging"));
        SinkColumn[] columns = [new("id", new string?[] { "a" }), new("row", new[] { 0L })];
        _server.Fault = static (_, _, _) => 503;

        var exception = await Assert.ThrowsAsync<FeatureException>(() => sink.WriteFileAsync("f/part.parquet", columns, Token));
        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        Assert.Empty(_server.Keys);
        _server.Fault = null;
        await sink.WriteFileAsync("f/part.parquet", columns, Token);

        Assert.Equal(["log/f/part.parquet"], _server.Keys);
    }

    private string Transactions(string name, int rows)
    {
        var random = new Random(rows);
        var text = new StringBuilder("TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD\n");
        for (var row = 0; row < rows; row++)
        {
            var time = DateTimeOffset.UnixEpoch.AddDays(17_600).AddSeconds(random.Next(60 * 86_400));
            text.AppendLine(CultureInfo.InvariantCulture, $"{row},{time:yyyy-MM-dd HH:mm:ss},{random.Next(100)},{random.Next(200)},{random.Next(1, 20_000) / 100.0},{random.Next(2)}");
        }

        return _folder.WriteText(name, text.ToString());
    }
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class TrainingSetRequestTests : IDisposable
{
    private const string Header = "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD\n";

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task BuildTrainingSetAsync_ParquetSpineWithDuplicatesAndNullKeys_KeepsEveryRowInOrder()
    {
        await ImportAsync("1,2018-04-01 00:00:00,7,3,10,0\n2,2018-04-01 01:00:00,7,3,30,1\n");
        var spine = _folder.WriteParquet(
            "spine.parquet",
            """
            SELECT * FROM (VALUES (5, '2018-04-01 02:00:00+00'::TIMESTAMPTZ, 7::INTEGER, 3::SMALLINT, 50::INTEGER, 'b'), (5, '2018-04-01 02:00:00+00', 7, 3, 50, 'b'),
                (4, '2018-04-01 00:30:00+00', NULL, 99, NULL, NULL), (3, '2018-03-01 00:00:00+00', 7, 3, 50, 'a')) t(id, "at", customer, terminal, money, note)
            """);
        var request = Request() with
        {
            Spine = spine,
            TimeColumn = "at",
            KeyColumns = new Dictionary<string, string> { ["customer_id"] = "customer", ["terminal_id"] = "terminal" },
            RequestColumns = new Dictionary<string, string> { ["amount"] = "money" },
            PassThrough = ["id", "note"],
            WithStatuses = true,
        };
        var progress = new List<long>();

        var set = await _folder.Store.BuildTrainingSetAsync(request, new Reports(progress), Token);

        var frame = await _folder.Store.LoadAsync(
            set.Path, ["id", "note", "customer_tx_count_1d", "customer_amount_mean_1d", "customer_tx_count_1d__status", "terminal_fraud_risk_1d", "terminal_fraud_risk_1d__status"], null, Token);
        Assert.Equal([4L], progress);
        Assert.Equal([5, 5, 4, 3], frame.Get<long>("id"));
        Assert.Equal(["b", "b", null, "a"], frame.Get<string>("note"));
        Assert.Equal([3, 3, long.MinValue, 1], frame.Get<long>("customer_tx_count_1d"));
        Assert.Equal([30, 30, double.NaN, 50], frame.Get<double>("customer_amount_mean_1d"));
        Assert.Equal([1, 1, 3, 1], frame.Get<long>("customer_tx_count_1d__status"));
        Assert.Equal([0, 0, 0, 0], frame.Get<double>("terminal_fraud_risk_1d"));
        Assert.Equal([2, 2, 2, 2], frame.Get<long>("terminal_fraud_risk_1d__status"));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_SpineWithTheNamesOfKeysAndRequestValues_NeedsNoMapping()
    {
        await ImportAsync("1,2018-04-01 00:00:00,7,3,10,0\n2,2018-04-01 01:00:00,7,3,30,1\n");
        var spine = _folder.WriteParquet("spine.parquet", "SELECT '2018-04-01 02:00:00+00'::TIMESTAMPTZ AS time, 7 AS customer_id, 3 AS terminal_id, 50.0 AS amount");
        var request = Request() with
        {
            Spine = spine,
            TimeColumn = "time",
            KeyColumns = new Dictionary<string, string>(),
            RequestColumns = new Dictionary<string, string>(),
            PassThrough = [],
        };

        var set = await _folder.Store.BuildTrainingSetAsync(request, null, Token);

        var frame = await _folder.Store.LoadAsync(set.Path, ["amount", "customer_tx_count_1d", "customer_amount_mean_1d"], null, Token);
        Assert.Equal([50.0], frame.Get<double>("amount"));
        Assert.Equal([3], frame.Get<long>("customer_tx_count_1d"));
        Assert.Equal([30.0], frame.Get<double>("customer_amount_mean_1d"));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_RequestValueThatIsNullOrAbsent_IsItsDefaultWithStatusNull()
    {
        var service = DefinitionLoader.Load([new DefinitionFile("a.yaml", """
            version: 1
            feature_services:
              - name: s
                request: [ { name: given, type: float64, default: 5 }, { name: absent, type: string, default: web } ]
                transforms: [ { name: twice, type: float64, expression: "given * 2" }, { name: long, type: int64, expression: "length(absent)" } ]
                features: [ given, absent, twice, long ]
            """)]).GetService("s");
        var request = new TrainingSetRequest
        {
            Plan = new FeatureServicePlan(service, static _ => true),
            Spine = _folder.WriteParquet("spine.parquet", "SELECT * FROM (VALUES ('2018-04-01 02:00:00+00'::TIMESTAMPTZ, 1.0::DOUBLE), ('2018-04-01 02:00:00+00', NULL)) t(time, given)"),
            TimeColumn = "time",
            KeyColumns = new Dictionary<string, string>(),
            RequestColumns = new Dictionary<string, string>(),
            PassThrough = [],
            OutputPath = _folder.PathOf("set.parquet"),
            WithStatuses = true,
        };

        var set = await _folder.Store.BuildTrainingSetAsync(request, null, Token);

        var frame = await _folder.Store.LoadAsync(set.Path, ["given", "given__status", "absent", "absent__status", "twice", "twice__status", "long"], null, Token);
        Assert.Equal([1, 5], frame.Get<double>("given"));
        Assert.Equal([(long)FeatureStatus.Present, (long)FeatureStatus.Null], frame.Get<long>("given__status"));
        Assert.Equal(["web", "web"], frame.Get<string>("absent"));
        Assert.Equal([(long)FeatureStatus.Null, (long)FeatureStatus.Null], frame.Get<long>("absent__status"));
        Assert.Equal([2, 10], frame.Get<double>("twice"));
        Assert.Equal([(long)FeatureStatus.Present, (long)FeatureStatus.Present], frame.Get<long>("twice__status"));
        Assert.Equal([3, 3], frame.Get<long>("long"));
    }

    [Fact]
    public async Task BuildTrainingSetAsync_FilterThatKeepsNothing_WritesAnEmptyFile()
    {
        await ImportAsync("1,2018-04-01 00:00:00,7,3,10,0\n");

        var set = await _folder.Store.BuildTrainingSetAsync(Request() with { Filter = new TimeFilter("TX_DATETIME", 0, 1) }, null, Token);

        Assert.Equal(0, set.Rows);
        Assert.Equal(0, (await _folder.Store.LoadAsync(set.Path, ["time", "amount"], null, Token)).Rows);
    }

    [Fact]
    public async Task BuildTrainingSetAsync_AnotherValue_ChangesTheFingerprint()
    {
        await ImportAsync("1,2018-04-01 00:00:00,7,3,10,0\n2,2018-04-01 01:00:00,7,3,30,1\n");
        var first = await _folder.Store.BuildTrainingSetAsync(Request(), null, Token);
        await ImportAsync("1,2018-04-01 00:00:00,7,3,10,0\n2,2018-04-01 01:00:00,7,3,31,1\n");

        var second = await _folder.Store.BuildTrainingSetAsync(Request(), null, Token);

        Assert.NotEqual(first.Fingerprint, second.Fingerprint);
        Assert.Equal(first.ServiceFingerprint, second.ServiceFingerprint);
    }

    [Fact]
    public async Task BuildTrainingSetAsync_RequestThatDoesNotFit_SaysWhatWasExpected()
    {
        await ImportAsync("1,2018-04-01 00:00:00,7,3,10,0\n");
        var request = Request();

        await RefusedAsync(request with { Spine = "nothing" }, FeatureError.NotFound, "The spine 'nothing' is neither a table of project 'default' nor a file. Tables: transactions.");
        await RefusedAsync(request with { TimeColumn = "WHEN" }, FeatureError.InvalidInput, "there is no column 'WHEN'; its columns are TRANSACTION_ID");
        await RefusedAsync(request with { TimeColumn = "TX_AMOUNT" }, FeatureError.InvalidInput, "column 'TX_AMOUNT' is DOUBLE; expected timestamp");
        await RefusedAsync(request with { PassThrough = ["nope"] }, FeatureError.InvalidInput, "there is no column 'nope'");
        await RefusedAsync(request with { PassThrough = ["TX_FRAUD", "TX_FRAUD"] }, FeatureError.InvalidInput, "two columns 'TX_FRAUD'");
        await RefusedAsync(
            request with { KeyColumns = new Dictionary<string, string> { ["customer_id"] = "CUSTOMER_ID" } }, FeatureError.InvalidInput, "no spine column is given for the key 'terminal_id'");
        await RefusedAsync(
            request with { RequestColumns = new Dictionary<string, string>() }, FeatureError.InvalidInput, "the request value 'amount', which has no default, and there is none of that name");
        var text = _folder.WriteParquet("text.parquet", "SELECT now() AS TX_DATETIME, '7' AS CUSTOMER_ID, 3 AS TERMINAL_ID, 1.0 AS TX_AMOUNT, 1 AS TRANSACTION_ID, 0 AS TX_FRAUD");
        await RefusedAsync(request with { Spine = text }, FeatureError.InvalidInput, "column 'CUSTOMER_ID' is VARCHAR; expected int64");
        var naive = _folder.WriteParquet("naive.parquet", "SELECT now()::TIMESTAMP AS TX_DATETIME, 7 AS CUSTOMER_ID, 3 AS TERMINAL_ID, 1.0 AS TX_AMOUNT, 1 AS TRANSACTION_ID, 0 AS TX_FRAUD");
        await RefusedAsync(request with { Spine = naive }, FeatureError.InvalidInput, "column 'TX_DATETIME' holds times without a zone");
        var empty = _folder.WriteParquet("null.parquet", "SELECT NULL::TIMESTAMPTZ AS TX_DATETIME, 7 AS CUSTOMER_ID, 3 AS TERMINAL_ID, 1.0 AS TX_AMOUNT, 1 AS TRANSACTION_ID, 0 AS TX_FRAUD");
        await RefusedAsync(request with { Spine = empty }, FeatureError.InvalidInput, "column 'TX_DATETIME' is null in row 1");

        Assert.False(File.Exists(request.OutputPath));
        Assert.Empty(_folder.Leftovers());
    }

    [Fact]
    public async Task BuildTrainingSetAsync_SourceWithoutEventIds_IsRefused()
    {
        await _folder.Store.ImportAsync(
            FraudDefinitions.Import(_folder.WriteText("t.csv", Header + ",2018-04-01 00:00:00,7,3,10,0\n")), Token);

        await RefusedAsync(Request(), FeatureError.InvalidInput, "Table 'transactions' does not fit feature view 'customer_spending': column 'TRANSACTION_ID' is null in 1 rows");
    }

    [Fact]
    public async Task BuildTrainingSetAsync_Cancelled_LeavesNothing()
    {
        await ImportAsync("1,2018-04-01 00:00:00,7,3,10,0\n");
        using var cancellation = new CancellationTokenSource();
        var request = Request();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _folder.Store.BuildTrainingSetAsync(request, new Cancels(cancellation), cancellation.Token));

        Assert.False(File.Exists(request.OutputPath));
        Assert.Empty(Directory.GetFiles(_folder.Root, "*.tmp"));
        Assert.Empty(_folder.Leftovers());
    }

    [Fact]
    public async Task LoadAsync_UnknownFileOrColumn_IsRefused()
    {
        await ImportAsync("1,2018-04-01 00:00:00,7,3,10,0\n");

        var file = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.LoadAsync("none.parquet", ["a"], null, Token));
        var column = await Assert.ThrowsAsync<FeatureException>(
            () => _folder.Store.LoadAsync("offline/default/transactions/part-0.parquet", ["a"], null, Token));

        Assert.Equal(FeatureError.NotFound, file.Error);
        Assert.Contains("has no column 'a'. Its columns: TRANSACTION_ID", column.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddParquetOfflineStore_Defaults_ResolvesTheStoreAndRefusesBadOptions()
    {
        var services = new ServiceCollection().AddSingleton<ILogger<DuckDbOfflineStore>>(NullLogger<DuckDbOfflineStore>.Instance);
        using var good = services.AddParquetOfflineStore(options => options.DataDirectory = _folder.Root).BuildServiceProvider();
        using var bad = services.AddParquetOfflineStore(static options => options.MemoryLimitMiB = 1).BuildServiceProvider();

        Assert.IsType<DuckDbOfflineStore>(good.GetRequiredService<IOfflineStore>());
        Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(bad.GetRequiredService<IOfflineStore>);
    }

    [Theory]
    [InlineData(0, 512)]
    [InlineData(1L << 30, 512)]
    [InlineData(16L << 30, 4096)]
    [InlineData(1L << 40, 5120)]
    public void ShareOf_Memory_IsAQuarterWithinBounds(long machine, long expected) => Assert.Equal(expected, ParquetOfflineOptions.ShareOf(machine));

    private Task<TableSummary> ImportAsync(string rows) => _folder.Store.ImportAsync(FraudDefinitions.Import(_folder.WriteText("t.csv", Header + rows)), Token);

    private TrainingSetRequest Request() => FraudDefinitions.Request(_folder.PathOf("set.parquet"));

    private async Task RefusedAsync(TrainingSetRequest request, FeatureError error, string expected)
    {
        var exception = await Assert.ThrowsAsync<FeatureException>(() => _folder.Store.BuildTrainingSetAsync(request, null, Token));
        Assert.Equal(error, exception.Error);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    private sealed class Reports(List<long> values) : IProgress<long>
    {
        public void Report(long value) => values.Add(value);
    }

    private sealed class Cancels(CancellationTokenSource source) : IProgress<long>
    {
        public void Report(long value) => source.Cancel();
    }
}

using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class MaterializerTests : IDisposable
{
    private const int Transactions = 20_000;
    private static readonly DateTimeOffset Start = new(2018, 4, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly StoreFolder _folder = new();
    private readonly InMemoryOnlineStore _online = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static StorageField[] Fields => [.. FraudDefinitions.Plan.Views.Select(static plan => plan.Field)];

    public void Dispose() => _folder.Dispose();

    // Of the second size partitions are sorted group by group.
    [Theory]
    [InlineData(Transactions)]
    [InlineData(60_000)]
    public async Task RunAsync_WholeHistory_OnlineRowsEqualTheTrainingSet(int transactions)
    {
        await ImportAsync(days: 90, transactions);
        var set = await _folder.Store.BuildTrainingSetAsync(FraudDefinitions.Request(_folder.PathOf("set.parquet")) with { WithStatuses = true }, null, Token);

        var result = await RunAsync();

        Assert.All(result.Views, view => Assert.InRange(view.Rows, 1, transactions - 1));
        Assert.InRange(result.Views[0].Entities, 1490, 1500);
        var newest = Start.AddDays(90).AddSeconds(-1);
        var frame = await _folder.Store.LoadAsync(
            set.Path,
            ["time", "CUSTOMER_ID", "TERMINAL_ID", .. FraudDefinitions.Plan.Service.Columns.Select(static column => column.Name)],
            new TimeFilter("time", UnixMicroseconds.FromDateTimeOffset(newest.AddDays(-10)), long.MaxValue),
            Token);
        Assert.InRange(frame.Rows, 1000, transactions);
        for (var row = 0; row < frame.Rows; row++)
        {
            var cells = await ReadOnlineAsync(frame, row);
            for (var column = 0; column < cells.Length; column++)
            {
                var service = FraudDefinitions.Plan.Service.Columns[column];
                Assert.NotEqual(FeatureStatus.Unavailable, cells[column].Status);
                Assert.Equal(
                    service.Type == FeatureType.Int64 ? frame.Get<long>(service.Name)[row] : frame.Get<double>(service.Name)[row],
                    cells[column].Value.ToDouble());
            }
        }
    }

    [Fact]
    public async Task RunAsync_HistoryLongerThanRetention_TrimsAndSaysSo()
    {
        await ImportAsync(days: 90);

        var result = await RunAsync();

        var extent = await _folder.Store.ReadExtentAsync(FraudDefinitions.CustomerSpending, Token);
        var trim = extent.LastEvent!.Value - UnixMicroseconds.FromTimeSpan(TimeSpan.FromDays(44));
        Assert.Equal(new ViewCoverage(trim, extent.LastArrival!.Value, extent.Generation), _online.Coverages[Fields[0].Name]);
        Assert.Equal(result.Views[0].Coverage, _online.Coverages[Fields[0].Name]);
        Assert.Contains(trim, _online.Trims);
        Assert.True(result.Rows < 2 * Transactions);
    }

    [Fact]
    public async Task RunAsync_HistoryWithinRetention_KeepsEverything()
    {
        await ImportAsync(days: 30);

        var result = await RunAsync();

        Assert.All(_online.Coverages.Values, static coverage => Assert.Equal(long.MinValue, coverage.From));
        Assert.Equal(2 * Transactions, result.Rows);
    }

    [Fact]
    public async Task RunAsync_StoreFailsInTheMiddle_LeavesNoCoverageAndARepeatEndsTheSame()
    {
        await ImportAsync(days: 90);
        await RunAsync();
        var expected = _online.Bytes.ToDictionary(static item => item.Key, static item => Convert.ToHexString(item.Value));
        _online.Bytes.Clear();
        _online.Coverages.Clear();
        _online.Ledgers.Clear();
        _online.BatchesUntilFailure = 1;

        var exception = await Assert.ThrowsAsync<FeatureException>(RunAsync);
        var coveragesAfterFailure = _online.Coverages.Values.Count(static coverage => coverage.IsReadable);
        _online.BatchesUntilFailure = int.MaxValue;
        await RunAsync();

        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        Assert.Equal(0, coveragesAfterFailure);
        Assert.Equal(expected, _online.Bytes.ToDictionary(static item => item.Key, static item => Convert.ToHexString(item.Value)));
        Assert.Equal(2, _online.Coverages.Count);
    }

    [Fact]
    public async Task RunAsync_LastValueView_WritesTheNewestRowOfEachEntity()
    {
        var view = OracleViews.LastValues[1];
        var text = "KEY,TEXT,EVENT,CREATED,ID,NAME,V,S,N\n"
            + "1,a,1970-01-01T00:00:00.000010Z,1970-01-01T00:00:00.000010Z,1,n,1,old,\n"
            + "1,a,1970-01-01T00:00:00.000010Z,1970-01-01T00:00:00.000040Z,1,n,9,corrected,\n"
            + "1,a,1970-01-01T00:00:00.000008Z,1970-01-01T00:00:00.000050Z,1,n,5,late,\n"
            + "2,b,1970-01-01T00:00:00.000020Z,1970-01-01T00:00:00.000020Z,1,n,2,,\n"
            + ",c,1970-01-01T00:00:00.000020Z,1970-01-01T00:00:00.000020Z,1,n,2,,\n"
            + "3,d,1970-01-01T01:00:00.000020Z,1970-01-01T00:00:00.000020Z,1,n,2,future,\n";
        await _folder.Store.ImportAsync(
            new TableImport("default", "events", _folder.WriteText("e.csv", text), OracleViews.EventColumns, null), Token);

        var field = StorageField.Of(view, false);
        var result = await new Materializer(_folder.Store, _online, TimeProvider.System).RunAsync([field], null, Token);

        Assert.Equal((2L, 2L, 1L), (result.Views[0].Entities, result.Views[0].Rows, result.Views[0].Quarantined));
        Assert.Equal(new ViewCoverage(long.MinValue, 50), _online.Coverages[field.Name] with { Generation = "" });
        var row = _online.Bytes[(field.Name, new EntityId("default", "one", "i1"))];
        Assert.True(OnlineRowCodec.TryReadHeader(field, row, out var eventTime, out var createdTime, out _));
        Assert.Equal((10, 40), (eventTime, createdTime));
    }

    private Task<Materialization> RunAsync() => new Materializer(_folder.Store, _online, TimeProvider.System).RunAsync(Fields, null, Token);

    private async Task<FeatureCell[]> ReadOnlineAsync(ColumnFrame frame, int row)
    {
        var plan = FraudDefinitions.Plan;
        var payloads = new ViewPayload[plan.Views.Count];
        for (var index = 0; index < payloads.Length; index++)
        {
            var view = plan.Views[index];
            var key = frame.Get<long>(index == 0 ? "CUSTOMER_ID" : "TERMINAL_ID")[row];
            var read = new OnlineRead(
                new EntityId("default", view.View.Entity.Name, EntityKeyCodec.Encode(view.View.Entity, [FeatureValue.FromInt64(key)])), [view.Field]);
            await _online.ReadAsync([read], Token);
            payloads[index] = new ViewPayload(ViewPayloadState.Answered, read.Payloads[0] ?? default, _online.Coverages[view.Field.Name].From);
        }

        var cells = new FeatureCell[plan.Service.Columns.Count];
        plan.BuildRow(frame.Get<long>("time")[row], [FeatureValue.FromFloat64(frame.Get<double>("amount")[row])], payloads, cells);
        return cells;
    }

    private async Task ImportAsync(int days, int transactions = Transactions)
    {
        var random = new Random(7);
        var text = new StringBuilder("TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD\n");
        for (var id = 0; id < transactions; id++)
        {
            var time = Start.AddSeconds((long)(days * 86_400.0 * id / transactions));
            text.Append(CultureInfo.InvariantCulture, $"{id},{time:yyyy-MM-dd HH:mm:ss},{random.Next(1500)},{random.Next(700)},{random.Next(1, 20_000) / 100.0},{(random.Next(50) == 0 ? 1 : 0)}\n");
        }

        await _folder.Store.ImportAsync(FraudDefinitions.Import(_folder.WriteText("transactions.csv", text.ToString())), Token);
    }
}

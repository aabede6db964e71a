using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class PredictionPathTests : IAsyncDisposable
{
    private readonly ServingHost _host = new();

    private static CancellationToken Cancellation => ServingHost.Cancellation;

    [Fact]
    public async Task PredictAsync_KnownEntities_ScoresTheRowThatTheFeaturesMake()
    {
        await _host.StartAsync();

        var result = await PredictAsync(ServingHost.Request());

        // amount, is_night, credit_limit, is_vip, count and risk; the text column is not for the model.
        var expected = FakeInstance.ScoreRow([57.16f, 0, 250, 1, 2, 0.5f]);
        Assert.Equal(expected, result.Outputs[0].Tensor.AsSpan<float>()[0]);
        Assert.Equal("probability", result.Outputs[0].Name);
        Assert.Equal([expected >= 0.9f ? "block" : expected >= 0.5f ? "review" : "allow"], result.Decisions);
        Assert.Equal(1, result.Version);
        Assert.Equal(["amount", "channel", "is_night", "credit_limit", "is_vip", "terminal_tx_count_7d", "terminal_fraud_risk_7d"], result.FeatureColumns.Select(column => column.Name));
        var cells = result.FeatureCells.ToArray();
        Assert.Equal(FeatureCell.OfDefault(FeatureValue.FromString("web")), cells[1]);
        Assert.All([cells[0], .. cells[2..]], cell => Assert.Equal(FeatureStatus.Present, cell.Status));
        Assert.Equal(UnixMicroseconds.FromDateTimeOffset(ServingHost.Noon.AddDays(-1)), cells[3].EventTime);
        Assert.Equal([UnixMicroseconds.FromDateTimeOffset(ServingHost.Noon)], result.Times.ToArray());
        Assert.Empty(result.RowErrors);
    }

    [Fact]
    public async Task PredictAsync_ReadsOfSeveralRequestsAnsweredTogether_RowsShareARun()
    {
        _host.Reads.MultiGetsInFlight = 1;
        _host.Reads.CollectTimeMax = TimeSpan.FromMinutes(1);
        var package = await _host.StartAsync();
        var before = _host.Runtime.Instance(package.Digest).BatchRows.Count;
        await ReadFeaturesAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _host.Store.Gate = gate.Task;

        // One multi-get is under way, of a read that needs no model: the reads of all predictions are collected behind it.
        var first = ReadFeaturesAsync();
        var requests = Enumerable.Range(0, 8).Select(index => PredictAsync(new PredictionRequest
        {
            Model = "fraud",
            Entities = [ServingHost.Ids("customer_id", 100 + index), ServingHost.Ids("terminal_id", 2)],
            Request = [ServingHost.Amounts(index)],
        })).ToList();
        gate.SetResult();
        var results = await Task.WhenAll(requests).WaitAsync(Cancellation);
        await first.WaitAsync(Cancellation);

        Assert.Equal([8], _host.Runtime.Instance(package.Digest).BatchRows.Skip(before));
        Assert.Equal(Enumerable.Range(0, 8).Select(static index => (double)index), results.Select(static result => result.FeatureCells.Span[0].Value.AsFloat64()));
    }

    [Fact]
    public async Task PredictAsync_ColumnsOfOneAndOfN_AreBroadcastAndEachEntityIsReadOnce()
    {
        await _host.StartAsync();
        var request = new PredictionRequest
        {
            Model = "fraud",
            Entities = [ServingHost.Ids("customer_id", 1), ServingHost.Ids("terminal_id", 2, 3, 2, 3, 2)],
            Request = [ServingHost.Amounts(1, 2, 3, 4, 5)],
        };

        var result = await PredictAsync(request);

        Assert.Equal(5, result.Rows);
        Assert.Equal(["customer/i1", "terminal/i2", "terminal/i3"], _host.Store.Reads.Order());
        for (var row = 0; row < 5; row++)
        {
            var expected = FakeInstance.ScoreRow(row % 2 == 0 ? [row + 1, 0, 250, 1, 2, 0.5f] : [row + 1, 0, 250, 1, 0, 0]);
            Assert.Equal(expected, result.Outputs[0].Tensor.AsSpan<float>()[row]);
        }
    }

    [Fact]
    public async Task PredictAsync_TimeOfTheRequest_IsTheMomentOfTheRead()
    {
        await _host.StartAsync();
        RequestColumn At(DateTimeOffset time) => new("time", FeatureType.Timestamp, new[] { FeatureValue.FromTimestamp(UnixMicroseconds.FromDateTimeOffset(time)) });

        var night = await PredictAsync(ServingHost.Request(ServingHost.Amounts(1), At(ServingHost.Noon.AddHours(-9))));
        var before = await PredictAsync(ServingHost.Request(ServingHost.Amounts(1), At(ServingHost.Noon.AddDays(-2))));

        Assert.True(night.FeatureCells.Span[2].Value.AsBool());
        Assert.Equal(UnixMicroseconds.FromDateTimeOffset(ServingHost.Noon.AddHours(-9)), night.Times.Span[0]);

        // The row that was visible two days ago has been overwritten: unavailable, never a guess.
        Assert.Equal(FeatureStatus.Unavailable, before.FeatureCells.Span[3].Status);
        Assert.True(before.FeatureCells.Span[3].IsDefaulted);
    }

    [Fact]
    public async Task PredictAsync_StoreDown_GoesOnWithDefaultsAndStatusUnavailable()
    {
        await _host.StartAsync();
        _host.Store.IsDown = true;

        var result = await PredictAsync(ServingHost.Request());

        var cells = result.FeatureCells.ToArray();
        Assert.Equal(FeatureStatus.Present, cells[0].Status);
        Assert.All(cells[3..], cell => Assert.Equal(FeatureStatus.Unavailable, cell.Status));
        Assert.Equal([true, false, false, true], cells[3..].Select(cell => cell.IsDefaulted));
        Assert.Equal(FakeInstance.ScoreRow([57.16f, 0, 100, float.NaN, float.NaN, 0]), result.Outputs[0].Tensor.AsSpan<float>()[0]);
    }

    [Fact]
    public async Task PredictAsync_StoreThatDoesNotAnswer_CostsNoMoreThanTheFeatureTimeout()
    {
        await using var host = new ServingHost(configure: static services => services.Configure<PredictionOptions>(static options => options.FeatureTimeout = TimeSpan.FromMilliseconds(20)));
        await host.StartAsync();
        var gate = new TaskCompletionSource();
        host.Store.Gate = gate.Task;

        // The store answers only afterwards: without the timeout this would wait for ever.
        var result = await host.Predictions.PredictAsync(ServingHost.Request(), Cancellation);
        gate.SetResult();

        Assert.Equal(FeatureStatus.Unavailable, result.FeatureCells.Span[3].Status);
        Assert.Equal(100, result.FeatureCells.Span[3].Value.AsFloat64());
    }

    [Fact]
    public async Task PredictAsync_ShortDeadline_LeavesTheStoreInTimeForTheModel()
    {
        await _host.StartAsync();
        var gate = new TaskCompletionSource();
        _host.Store.Gate = gate.Task;
        var request = new PredictionRequest
        {
            Model = "fraud",
            Entities = ServingHost.Request().Entities,
            Request = ServingHost.Request().Request,
            Deadline = ServingHost.Noon.AddMilliseconds(20),
        };

        var result = await PredictAsync(request);
        gate.SetResult();

        Assert.Equal(FeatureStatus.Unavailable, result.FeatureCells.Span[3].Status);
    }

    [Fact]
    public async Task PredictAsync_ViewThatWasNeverMaterialized_IsUnavailableUntilCoverageIsThere()
    {
        await _host.StartAsync();
        _host.Store.Cover(_host.Field("risk"), null);
        await _host.Coverage.RefreshAsync(Cancellation);

        var before = await PredictAsync(ServingHost.Request());
        _host.Store.Cover(_host.Field("risk"), new ViewCoverage(long.MinValue, long.MaxValue));
        await _host.Coverage.RefreshAsync(Cancellation);
        var after = await PredictAsync(ServingHost.Request());

        Assert.Equal(FeatureStatus.Unavailable, before.FeatureCells.Span[5].Status);
        Assert.Equal(FeatureStatus.Present, before.FeatureCells.Span[3].Status);
        Assert.Equal(FeatureStatus.Present, after.FeatureCells.Span[5].Status);
    }

    [Fact]
    public async Task PredictAsync_ManyRequestsForOneEntity_CauseOneRead()
    {
        await _host.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _host.Store.Gate = gate.Task;

        var requests = Enumerable.Range(0, 64).Select(_ => PredictAsync(ServingHost.Request())).ToList();
        gate.SetResult();
        var results = await Task.WhenAll(requests).WaitAsync(Cancellation);

        Assert.Equal(1, _host.Store.Reads.Count(key => key == "customer/i1"));
        Assert.Equal(1, _host.Store.Reads.Count(key => key == "terminal/i2"));
        Assert.All(results, result => Assert.Equal(FeatureStatus.Present, result.FeatureCells.Span[3].Status));
    }

    [Fact]
    public async Task PredictAsync_NullKeyAndUnknownEntity_AreNotFoundAndEmptyWindow()
    {
        await _host.StartAsync();
        var request = new PredictionRequest
        {
            Model = "fraud",
            Entities =
            [
                new RequestColumn("customer_id", FeatureType.Int64, new[] { FeatureValue.Null(FeatureType.Int64), FeatureValue.FromInt64(99) }),
                ServingHost.Ids("terminal_id", 99),
            ],
            Request = [ServingHost.Amounts(1)],
        };

        var result = await PredictAsync(request);

        var columns = result.FeatureColumns.Count;
        foreach (var row in new[] { 0, 1 })
        {
            Assert.Equal(FeatureStatus.NotFound, result.FeatureCells.Span[(row * columns) + 3].Status);
            Assert.Equal(100, result.FeatureCells.Span[(row * columns) + 3].Value.AsFloat64());
            Assert.Equal(0, result.FeatureCells.Span[(row * columns) + 5].Value.AsInt64());
            Assert.Equal(FeatureStatus.Present, result.FeatureCells.Span[(row * columns) + 5].Status);
        }
    }

    [Fact]
    public async Task PredictAsync_RequiredFeatureMissingInSomeRows_FailsThoseRowsOnly()
    {
        await using var host = new ServingHost(ServingHost.Definitions.Replace("type: bool, column: VIP", "type: bool, column: VIP, required: true", StringComparison.Ordinal));
        await host.StartAsync();
        var request = new PredictionRequest
        {
            Model = "fraud",
            Entities = [ServingHost.Ids("customer_id", 5, 1, 6), ServingHost.Ids("terminal_id", 2)],
            Request = [ServingHost.Amounts(1, 2, 3)],
        };

        var result = await host.Predictions.PredictAsync(request, Cancellation);

        Assert.Equal([0, 2], result.RowErrors.Select(error => error.Row));
        Assert.All(result.RowErrors, error => Assert.Equal(ServingError.RequiredFeatureMissing, error.Error));
        Assert.Equal("The feature 'is_vip' of view 'profile' is required and has no value: NOT_FOUND.", result.RowErrors[0].Message);
        Assert.Equal([0f, FakeInstance.ScoreRow([2, 0, 250, 1, 2, 0.5f]), 0f], result.Outputs[0].Tensor.AsSpan<float>().ToArray());
        Assert.Equal("", result.Decisions[0]);
        Assert.NotEqual("", result.Decisions[1]);
    }

    [Fact]
    public async Task PredictAsync_RequiredFeatureMissingInEveryRow_FailsTheRequest()
    {
        await using var host = new ServingHost(ServingHost.Definitions.Replace("type: bool, column: VIP", "type: bool, column: VIP, required: true", StringComparison.Ordinal));
        await host.StartAsync();
        host.Store.IsDown = true;

        var exception = await Assert.ThrowsAsync<ServingException>(() => host.Predictions.PredictAsync(ServingHost.Request(), Cancellation).AsTask());

        Assert.Equal(ServingError.RequiredFeatureMissing, exception.Error);
        Assert.Contains("'is_vip'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("UNAVAILABLE", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PredictAsync_ScoreThatIsNoNumber_FailsTheRow()
    {
        _host.Runtime.Make = package => new FakeInstance(
            FakeInstance.ScoreSignature(6), inputs => [TensorBuffer.OfFloat32([inputs[0].Rows, 1], [.. Enumerable.Repeat(float.NaN, inputs[0].Rows)])]);
        var package = _host.MakePackage();
        _host.Catalog.Add(ServingHost.Model, 1, package);
        _host.Catalog.SetAlias(ServingHost.Model, "champion", 1);
        await _host.Servables.RefreshAsync(Cancellation);

        var result = await PredictAsync(ServingHost.Request());

        Assert.Equal(ServingError.BackendFailed, Assert.Single(result.RowErrors).Error);
        Assert.Equal([""], result.Decisions);
    }

    [Fact]
    public async Task PredictAsync_ModelWithoutChampion_SaysSo()
    {
        _host.Register(1, isChampion: false);
        await _host.Servables.RefreshAsync(Cancellation);

        var exception = await Assert.ThrowsAsync<ServingException>(() => PredictAsync(ServingHost.Request()));

        Assert.Equal(ServingError.ModelNotFound, exception.Error);
        Assert.Contains("has no alias 'champion'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PredictAsync_ModelThatTakesTensorsOnly_SaysSo()
    {
        _host.Runtime.Make = _ => FakeInstance.Score(2);
        _host.Catalog.Add(ServingHost.Model, 1, _host.MakeTensorPackage());
        _host.Catalog.SetAlias(ServingHost.Model, "champion", 1);
        await _host.Servables.RefreshAsync(Cancellation);

        var exception = await Assert.ThrowsAsync<ServingException>(() => PredictAsync(ServingHost.Request()));

        Assert.Contains("reads no feature service", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PredictAsync_DeadlineThatHasPassed_IsRefusedBeforeTheStoreIsAsked()
    {
        await _host.StartAsync();
        var request = new PredictionRequest
        {
            Model = "fraud",
            Entities = ServingHost.Request().Entities,
            Request = ServingHost.Request().Request,
            Deadline = ServingHost.Noon,
        };

        var exception = await Assert.ThrowsAsync<ServingException>(() => PredictAsync(request));

        Assert.Equal(ServingError.DeadlineExceeded, exception.Error);
        Assert.Empty(_host.Store.Reads);
    }

    [Fact]
    public async Task PredictAsync_NameThatIsNoName_IsInvalid()
    {
        var exception = await Assert.ThrowsAsync<ServingException>(() => PredictAsync(new PredictionRequest { Model = "no such/model", Entities = [] }));

        Assert.Equal(ServingError.InvalidInput, exception.Error);
    }

    [Fact]
    public async Task PredictAsync_ManyRequests_HaveIdsThatSortByTime()
    {
        await _host.StartAsync();
        var ids = new List<string>();
        for (var index = 0; index < 10; index++)
        {
            ids.Add((await PredictAsync(ServingHost.Request())).PredictionId);
            _host.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        Assert.True(PredictionId.TryGetTime(ids[0], out var time));
        Assert.Equal(ServingHost.Noon, time);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private Task<FeatureRows> ReadFeaturesAsync() =>
        _host.Features.ReadAsync(_host.Plan, [ServingHost.Ids("customer_id", 1), ServingHost.Ids("terminal_id", 1)], [ServingHost.Amounts(1)], Cancellation).AsTask();

    private Task<PredictionResult> PredictAsync(PredictionRequest request) => _host.Predictions.PredictAsync(request, Cancellation).AsTask();
}


namespace ZeroWorld.ML.Serving.Tests;

public sealed class PredictionReplayTests : IAsyncDisposable
{
    private readonly ServingHost _host = new();

    private static CancellationToken Cancellation => ServingHost.Cancellation;

    [Fact]
    public async Task ReplayAsync_LoggedPrediction_IsEqualBitForBit()
    {
        await _host.StartAsync();
        _host.Store.IsDown = true;
        var nan = BitConverter.Int64BitsToDouble(0x7FF8_0000_0000_1234);
        var result = await PredictAsync(ServingHost.Amounts(57.16, -0.0, double.NaN, nan, double.MaxValue, double.Epsilon));

        var report = await _host.Replay.ReplayAsync("", result.PredictionId, Cancellation);

        Assert.Empty(report.Differences);
        Assert.True(report.IsEqual);
        Assert.True(report.IsSameBuild);
        Assert.Equal(6, report.Rows);
        Assert.Equal(result.Outputs[0].Tensor.Data.ToArray(), report.LoggedOutputs[0].Tensor.Data.ToArray());
        Assert.Equal(result.Outputs[0].Tensor.Data.ToArray(), report.ReplayedOutputs[0].Tensor.Data.ToArray());
        Assert.Equal(result.Times.ToArray(), report.Times.ToArray());
        Assert.Equal(result.FeatureCells.ToArray(), report.FeatureCells.ToArray());
    }

    [Fact]
    public async Task ReplayAsync_EngineWhoseBitsDependOnTheBatch_IsEqualBecauseTheBatchIsMadeAgain()
    {
        // Each row's score depends on the size of its run and its place in it, as sums of real engines do in their last bits.
        _host.Runtime.Make = _ => new FakeInstance(FakeInstance.ScoreSignature(6), static inputs =>
        {
            var rows = inputs[0].Rows;
            float[] scores = [.. Enumerable.Range(0, rows).Select(row => FakeInstance.ScoreRow([rows, row, .. inputs[0].AsSpan<float>().Slice(row * 6, 6)]))];
            return [TensorBuffer.OfFloat32([rows, 1], scores)];
        });
        var package = _host.MakePackage();
        _host.Catalog.Add(ServingHost.Model, 1, package);
        _host.Catalog.SetAlias(ServingHost.Model, "champion", 1);
        _host.Store.IsDown = true;
        await _host.Servables.RefreshAsync(Cancellation);
        var instance = _host.Runtime.Instance(package.Digest);
        instance.Close();
        var first = Task.Run(() => PredictAsync(ServingHost.Amounts(0)), Cancellation);
        await instance.Running.WaitAsync(Cancellation);
        List<Task<PredictionResult>> queued = [];
        for (var size = 1; size <= 4; size++)
        {
            queued.Add(PredictAsync(ServingHost.Amounts([.. Enumerable.Range(0, size).Select(value => (double)value)])));
        }

        using (var lease = await _host.Servables.AcquireAsync(ServingHost.Model, VersionSelector.Any, Cancellation))
        {
            while (lease.Servable.QueuedRequests < queued.Count)
            {
                await Task.Delay(1, Cancellation);
            }
        }

        instance.Open();
        var results = await Task.WhenAll([first, .. queued]).WaitAsync(Cancellation);

        Assert.Equal([1, 10], instance.BatchRows.TakeLast(2));
        foreach (var result in results)
        {
            Assert.Empty((await _host.Replay.ReplayAsync("", result.PredictionId, Cancellation)).Differences);
        }
    }

    [Fact]
    public async Task ReplayAsync_PlacesThatCannotBe_AreRefused()
    {
        await _host.StartAsync();
        var result = await PredictAsync(ServingHost.Amounts(1, 2));

        foreach (var (rows, place) in new[] { (1, 0), (2, 1), (100_000, 0), (2, -1) })
        {
            _host.LogFiles.OnRead = row => row with { BatchRows = rows, BatchRow = place + row.Row };
            var exception = await Assert.ThrowsAsync<ServingException>(() => _host.Replay.ReplayAsync("", result.PredictionId, Cancellation));
            Assert.Equal(ServingError.ModelRefused, exception.Error);
        }
    }

    [Fact]
    public async Task ReplayAsync_NewerChampionMeanwhile_RunsThePackageThatAnswered()
    {
        await _host.StartAsync();
        var result = await PredictAsync(ServingHost.Amounts(57.16));
        _host.Runtime.Make = _ => new FakeInstance(FakeInstance.ScoreSignature(6), inputs => [TensorBuffer.OfFloat32([inputs[0].Rows, 1], new float[inputs[0].Rows])]);
        _host.Register(2);
        await _host.Servables.RefreshAsync(Cancellation);
        _host.Runtime.Make = _ => FakeInstance.Score(6);

        var report = await _host.Replay.ReplayAsync("default", result.PredictionId, Cancellation);

        Assert.True(report.IsEqual);
        Assert.Equal(1, report.Version);
    }

    [Fact]
    public async Task ReplayAsync_OtherOutputs_NamesRowAndValues()
    {
        await _host.StartAsync();
        var result = await PredictAsync(ServingHost.Amounts(1, 2));
        _host.Runtime.Build = "fakeruntime 2.0.0";
        _host.Runtime.Make = _ => new FakeInstance(FakeInstance.ScoreSignature(6), inputs =>
        {
            var outputs = FakeInstance.ScoreRows(inputs);
            var scores = outputs[0].AsSpan<float>().ToArray();
            scores[1] = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(scores[1]) + 1);
            return [TensorBuffer.OfFloat32([scores.Length, 1], scores)];
        });

        var report = await _host.Replay.ReplayAsync("", result.PredictionId, Cancellation);

        Assert.False(report.IsEqual);
        Assert.False(report.IsSameBuild);
        Assert.StartsWith("row 1, output 'probability': logged ", Assert.Single(report.Differences), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReplayAsync_TransformOfTheLogIsNotWhatItComputes_SaysSo()
    {
        await _host.StartAsync();
        var result = await PredictAsync(ServingHost.Amounts(1));

        // is_night of a request at noon, as a tampered log might claim.
        _host.LogFiles.OnRead = static row => row with { FeatureValues = [.. row.FeatureValues.Select(static (value, index) => index == 2 ? 1 : value)] };
        var report = await _host.Replay.ReplayAsync("", result.PredictionId, Cancellation);

        Assert.False(report.IsEqual);
        Assert.Equal(
            ["row 0, transform 'is_night': logged true, now false", "row 0: the logged input is not what the logged features make"], report.Differences);
    }

    [Fact]
    public async Task ReplayAsync_RowsThatFailed_AreLeftOut()
    {
        await using var host = new ServingHost(ServingHost.Definitions.Replace("type: bool, column: VIP", "type: bool, column: VIP, required: true", StringComparison.Ordinal));
        await host.StartAsync();
        var result = await host.Predictions.PredictAsync(
            new PredictionRequest { Model = "fraud", Entities = [ServingHost.Ids("customer_id", 9, 1), ServingHost.Ids("terminal_id", 2)], Request = [ServingHost.Amounts(1)] },
            Cancellation);

        var report = await host.Replay.ReplayAsync("", result.PredictionId, Cancellation);

        Assert.True(report.IsEqual);
        Assert.Equal(result.Outputs[0].Tensor.Data.ToArray(), report.ReplayedOutputs[0].Tensor.Data.ToArray());
    }

    [Fact]
    public async Task ReplayAsync_ErasedEntity_AnswersErased()
    {
        await _host.StartAsync();
        var result = await PredictAsync(ServingHost.Amounts(1));
        _host.LogFiles.OnRead = static row => row with { Error = LoggedPrediction.Erased, Entities = null, Request = null, Input = null, Output = null };

        var exception = await Assert.ThrowsAsync<ServingException>(() => _host.Replay.ReplayAsync("", result.PredictionId, Cancellation));

        Assert.Equal(ServingError.PredictionErased, exception.Error);
        Assert.StartsWith("ERASED", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReplayAsync_UnknownOrMalformedId_IsToldApart()
    {
        await _host.StartAsync();

        var unknown = await Assert.ThrowsAsync<ServingException>(() => _host.Replay.ReplayAsync("", PredictionId.New(ServingHost.Noon), Cancellation));
        var malformed = await Assert.ThrowsAsync<ServingException>(() => _host.Replay.ReplayAsync("", "'; DROP TABLE x", Cancellation));

        Assert.Equal(ServingError.PredictionNotFound, unknown.Error);
        Assert.Equal(ServingError.InvalidInput, malformed.Error);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private Task<PredictionResult> PredictAsync(RequestColumn amounts) => _host.Predictions.PredictAsync(ServingHost.Request(amounts), Cancellation).AsTask();
}

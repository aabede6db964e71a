using System.Buffers.Binary;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class ServedModelsTests : IAsyncDisposable
{
    private readonly ServingHost _host = new();

    private static CancellationToken Cancellation => ServingHost.Cancellation;

    [Fact]
    public async Task GetStatistics_GoodAndBadRequests_AddUpToAllOfThem()
    {
        await StartAsync();
        const int Good = 20;
        const int Bad = 7;

        await Task.WhenAll(Enumerable.Range(0, Good).Select(_ => InferAsync(rows: 3)));
        for (var index = 0; index < Bad; index++)
        {
            await Assert.ThrowsAsync<ServingException>(() => InferAsync(rows: 3, columns: 5));
        }

        var version = Assert.Single(_host.Models.GetStatistics("fraud", ""));
        var statistics = version.Statistics;
        Assert.Equal((7, "cpu"), (version.Version, version.Device));
        Assert.Equal((Good, Bad), (statistics.Success.Count, statistics.Failure.Count));
        Assert.Equal(3 * Good, statistics.Rows);
        Assert.Equal(Good, statistics.Infer.Count);
        Assert.Equal(statistics.Runs, statistics.Sizes.Sum(size => size.Runs));
        Assert.Equal(3 * Good, statistics.Sizes.Sum(size => size.Runs * size.Rows));
        Assert.True(
            statistics.Success.Nanoseconds >= statistics.Queue.Nanoseconds + statistics.Input.Nanoseconds + statistics.Infer.Nanoseconds + statistics.Output.Nanoseconds,
            $"{statistics}");
    }

    [Fact]
    public async Task GetStatistics_BatchedRequests_EachCarryTheirRun()
    {
        var instance = FakeInstance.Score(2);
        _host.Runtime.Make = _ => instance;
        _host.Catalog.Add(ServingHost.Model, 7, _host.MakeTensorPackage());
        await _host.Servables.RefreshAsync(Cancellation);
        var before = instance.BatchRows.Count;
        instance.Close();

        // On a thread of its own: it may be the one that runs the model.
        var first = Task.Run(() => InferAsync(rows: 1), Cancellation);
        await instance.Running.WaitAsync(Cancellation);
        var queued = Enumerable.Range(0, 4).Select(_ => InferAsync(rows: 2)).ToArray();
        _host.Time.Advance(TimeSpan.FromMilliseconds(3));
        instance.Open();
        await Task.WhenAll([first, .. queued]);

        var statistics = _host.Models.GetStatistics("fraud", "7")[0].Statistics;
        Assert.Equal([1, 8], instance.BatchRows.Skip(before));
        Assert.Equal((9, 2, 5), (statistics.Rows, statistics.Runs, statistics.Success.Count));
        Assert.Equal([(1, 1L), (8, 1L)], statistics.Sizes.Select(size => (size.Rows, size.Runs)));
        Assert.Equal(statistics.Sizes[0].InferNanoseconds + (4 * statistics.Sizes[1].InferNanoseconds), statistics.Infer.Nanoseconds);
        Assert.Equal(4 * statistics.Sizes[1].InputNanoseconds, statistics.Input.Nanoseconds);
        Assert.Equal(4 * 3_000_000, statistics.Queue.Nanoseconds * TimeProvider.System.TimestampFrequency / _host.Time.TimestampFrequency);
    }

    [Fact]
    public async Task GetStatistics_UnknownOrNotLoaded_IsRefused()
    {
        await StartAsync();

        Assert.Equal(ServingError.ModelNotFound, Assert.Throws<ServingException>(() => _host.Models.GetStatistics("nobody", "")).Error);
        Assert.Equal(ServingError.ModelNotFound, Assert.Throws<ServingException>(() => _host.Models.GetStatistics("fraud", "8")).Error);
        Assert.Single(_host.Models.GetStatistics("", ""));
    }

    [Fact]
    public async Task GetConfigurationAsync_LoadedModel_SaysHowItIsServed()
    {
        await StartAsync();

        var configuration = await _host.Models.GetConfigurationAsync("fraud", "", Cancellation);

        Assert.Equal((7L, "cpu", 4096, 8192), (configuration.Version, configuration.Device, configuration.RowsMax, configuration.QueueRowsMax));
        Assert.Equal([7L], configuration.LoadedVersions);
        Assert.Equal("onnxruntime_onnx", configuration.Platform);
    }

    [Fact]
    public async Task InferAsync_TimeoutWhileItWaits_IsDeadlineExceededAndNotRun()
    {
        var instance = FakeInstance.Score(2);
        _host.Runtime.Make = _ => instance;
        _host.Catalog.Add(ServingHost.Model, 7, _host.MakeTensorPackage());
        await _host.Servables.RefreshAsync(Cancellation);
        var before = instance.BatchRows.Count;
        instance.Close();
        var first = Task.Run(() => InferAsync(rows: 1), Cancellation);
        await instance.Running.WaitAsync(Cancellation);

        var late = InferAsync(rows: 2, timeout: TimeSpan.FromMicroseconds(5001));
        _host.Time.Advance(TimeSpan.FromMilliseconds(5));
        Assert.False(late.IsCompleted);
        _host.Time.Advance(TimeSpan.FromMilliseconds(1));
        var exception = await Assert.ThrowsAsync<ServingException>(() => late);
        instance.Open();
        await first;

        Assert.Equal((ServingError.DeadlineExceeded, "Request timeout expired: 5001 us"), (exception.Error, exception.Message));
        Assert.Equal([1], instance.BatchRows.Skip(before));
        Assert.Equal(1, _host.Models.GetStatistics("fraud", "")[0].Statistics.Failure.Count);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private async Task StartAsync()
    {
        _host.Runtime.Make = _ => FakeInstance.Score(2);
        _host.Catalog.Add(ServingHost.Model, 7, _host.MakeTensorPackage());
        await _host.Servables.RefreshAsync(Cancellation);
    }

    private Task<InferenceResult> InferAsync(int rows, int columns = 2, TimeSpan? timeout = null)
    {
        var raw = new byte[rows * columns * sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(raw, 1);
        return _host.Inferences.InferAsync(
            new InferenceRequest { ModelName = "fraud", Inputs = [new InferenceInput("features", "FP32", [rows, columns], raw)], Timeout = timeout }, Cancellation).AsTask();
    }
}

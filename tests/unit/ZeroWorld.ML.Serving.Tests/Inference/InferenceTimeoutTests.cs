using Microsoft.Extensions.DependencyInjection;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>A request's timeout, on a clock that stands still between the steps.</summary>
public sealed class InferenceTimeoutTests : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMicroseconds(1500);
    private readonly ServingHost _host = new(configure: static services => services.Configure<BatchSchedulerOptions>(static options => options.RunsInlineWhenIdle = false));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task InferAsync_TimeIsOver_IsRefusedAtItsEndAndNotBefore(bool isRunning)
    {
        var instance = await StartAsync();
        instance.Close();
        var blocking = isRunning ? null : _host.Inferences.InferAsync(Request(null), Cancellation).AsTask();
        if (!isRunning)
        {
            await instance.Running.WaitAsync(Cancellation);
        }

        var late = _host.Inferences.InferAsync(Request(Timeout), Cancellation).AsTask();
        await instance.Running.WaitAsync(Cancellation);
        _host.Time.Advance(Timeout - TimeSpan.FromMicroseconds(1));
        Assert.False(late.IsCompleted);
        _host.Time.Advance(TimeSpan.FromMicroseconds(1));
        var refusal = await Assert.ThrowsAsync<ServingException>(() => late.WaitAsync(Cancellation));
        instance.Open();

        Assert.Equal(ServingError.DeadlineExceeded, refusal.Error);
        if (blocking is not null)
        {
            await blocking.WaitAsync(Cancellation);
        }

        await _host.Inferences.InferAsync(Request(null), Cancellation).AsTask().WaitAsync(Cancellation);
        var statistics = Assert.Single(_host.Models.GetStatistics("", "")).Statistics;
        Assert.Equal((isRunning ? 1L : 2L, 1L), (statistics.Success.Count, statistics.Failure.Count));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static InferenceRequest Request(TimeSpan? timeout) => new()
    {
        ModelName = "fraud", Inputs = [new InferenceInput("features", "FP32", [1, 2], new byte[8])], Timeout = timeout,
    };

    private async Task<FakeInstance> StartAsync()
    {
        _host.Runtime.Make = static _ => FakeInstance.Score(2);
        _host.Catalog.Add(ServingHost.Model, 7, _host.MakeTensorPackage());
        await _host.Servables.RefreshAsync(Cancellation);
        return _host.Runtime.Opened.Single().Instance;
    }
}

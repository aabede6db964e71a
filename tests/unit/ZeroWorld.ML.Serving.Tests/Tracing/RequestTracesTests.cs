using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>Spans are the process's: every test looks at those of its own caller, or of a model that no other test has.</summary>
public sealed class RequestTracesTests : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public RequestTracesTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == RequestTraces.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    [Fact]
    public void Start_OneInThree_BeginsWithTheFirst()
    {
        var traces = new RequestTraces(new TraceRule(true, 3, -1), TimeProvider.System);

        var traced = Enumerable.Range(0, 7).Select(_ => Start(traces, "third")).ToArray();

        Assert.Equal([true, false, false, true, false, false, true], traced);
    }

    [Fact]
    public void Start_CountOfTwo_TracesTwoAndSaysWhatIsLeft()
    {
        var traces = new RequestTraces(new TraceRule(true, 1, 2), TimeProvider.System);

        var before = traces.Get(null).Count;
        var traced = Enumerable.Range(0, 4).Select(_ => Start(traces, "two")).ToArray();

        Assert.Equal([true, true, false, false], traced);
        Assert.Equal((2, 0), (before, traces.Get(null).Count));
    }

    [Theory]
    [InlineData("01", true)]
    [InlineData("00", false)]
    public void Start_CallerWithATrace_DecidesForItself(string flags, bool isTraced)
    {
        var traces = new RequestTraces(new TraceRule(true, 1_000_000, -1), TimeProvider.System);
        Start(traces, "caller");
        CallerTrace.Set($"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}", null);

        Assert.Equal(isTraced, Start(traces, "caller"));
    }

    [Fact]
    public void Start_TraceParentThatIsNone_IsIgnored()
    {
        var traces = new RequestTraces(new TraceRule(true, 1, -1), TimeProvider.System);
        CallerTrace.Set("00-zz-01", null);

        Assert.True(Start(traces, "broken"));
        Assert.Equal(default, _ended.Last(static span => (string?)span.GetTagItem("model.name") == "broken").ParentSpanId);
    }

    [Fact]
    public void Change_OfOneModel_LeavesTheOthersAndGoesBack()
    {
        var model = new ModelName("default", "mine");
        var traces = new RequestTraces(TraceRule.Off, TimeProvider.System);

        traces.Change(model, static change => change with { IsOn = true, Rate = 1 });
        var (mine, other) = (Start(traces, "mine"), Start(traces, "other"));
        traces.Change(null, static change => change with { Rate = 7 });
        var own = traces.Get(model);
        traces.Change(model, static _ => default);

        Assert.Equal((true, false), (mine, other));
        Assert.Equal((true, 1), (own.IsOn, own.Rate));
        Assert.Equal((false, 7), (traces.Get(model).IsOn, traces.Get(model).Rate));
    }

    [Fact]
    public async Task PredictAsync_WithACaller_IsAChildOfItsSpanWithStagesAndItsRun()
    {
        await using var host = new ServingHost(configure: static services => services.AddSingleton(new RequestTraces(new TraceRule(true, 1, -1), TimeProvider.System)));
        await host.StartAsync();
        var caller = ActivityTraceId.CreateRandom();
        CallerTrace.Set($"00-{caller}-b7ad6b7169203331-01", "vendor=x");

        var result = await host.Predictions.PredictAsync(ServingHost.Request(), ServingHost.Cancellation);
        result.Answered.Finish();

        var spans = _ended.Where(span => span.TraceId == caller).ToList();
        var request = Assert.Single(spans, static span => span.Kind == ActivityKind.Server);
        Assert.Equal(("Predict", "b7ad6b7169203331", "vendor=x"), (request.OperationName, request.ParentSpanId.ToString(), request.TraceStateString));
        Assert.Equal(("fraud", 1L), (request.GetTagItem("model.name"), request.GetTagItem("model.version")));
        string[] stages = ["decode", "features", "queue", "input", "infer", "output", "encode"];
        Assert.Equal(stages, spans.Where(span => span.ParentSpanId == request.SpanId && span.OperationName != "run").Select(static span => span.OperationName));
        var run = Assert.Single(spans, static span => span.OperationName == "run");
        Assert.Equal(request.SpanId, Assert.Single(run.Links).Context.SpanId);
        Assert.Equal(run.SpanId, Assert.Single(request.Links).Context.SpanId);
        Assert.True(spans.Where(span => span.ParentSpanId == request.SpanId && span != run).Sum(static span => span.Duration.Ticks) <= request.Duration.Ticks);
    }

    [Fact]
    public async Task RunAsync_SharedRun_IsLinkedWithEachOfItsRequests()
    {
        var traces = new RequestTraces(new TraceRule(true, 1, -1), TimeProvider.System);
        var model = new ModelName("default", "shared");
        var instance = FakeInstance.Score(1);
        await using var scheduler = BatchSchedulers.Create(instance);
        instance.Close();
        var first = BatchSchedulers.Run(scheduler, 1);
        await instance.Running.WaitAsync(TestContext.Current.CancellationToken);

        async Task TracedAsync()
        {
            traces.Start(RequestKind.Infer, model, Stopwatch.GetTimestamp());
            var span = Activity.Current!;
            await BatchSchedulers.Run(scheduler, 1);
            span.Stop();
        }

        Task[] shared = [TracedAsync(), TracedAsync()];
        instance.Open();
        await Task.WhenAll([first, .. shared]).WaitAsync(TestContext.Current.CancellationToken);
        await scheduler.DisposeAsync();

        var requests = _ended.Where(static span => (string?)span.GetTagItem("model.name") == "shared").ToList();
        var run = Assert.Single(_ended, span => span.OperationName == "run" && span.Links.Select(static link => link.Context.SpanId).Order(Comparer).SequenceEqual(requests.Select(static request => request.SpanId).Order(Comparer)));
        Assert.Equal(2, requests.Count);
        Assert.All(requests, request => Assert.Equal(run.SpanId, Assert.Single(request.Links).Context.SpanId));
        Assert.Equal((2, 2), (run.GetTagItem("batch.requests"), run.GetTagItem("batch.rows")));
        Assert.DoesNotContain(requests, request => request.TraceId == run.TraceId);
    }

    [Fact]
    public async Task PredictAsync_Refused_EndsItsSpanWithTheReason()
    {
        await using var host = new ServingHost(configure: static services => services.AddSingleton(new RequestTraces(new TraceRule(true, 1, -1), TimeProvider.System)));
        var caller = ActivityTraceId.CreateRandom();
        CallerTrace.Set($"00-{caller}-b7ad6b7169203331-01", null);

        await Assert.ThrowsAsync<ServingException>(() => host.Predictions.PredictAsync(ServingHost.Request(), ServingHost.Cancellation).AsTask());

        var span = Assert.Single(_ended, span => span.TraceId == caller);
        Assert.Equal((ActivityStatusCode.Error, "model_not_ready"), (span.Status, span.GetTagItem("error.type")));
    }

    public void Dispose() => _listener.Dispose();

    private static Comparer<ActivitySpanId> Comparer { get; } = Comparer<ActivitySpanId>.Create(static (left, right) => string.CompareOrdinal(left.ToString(), right.ToString()));

    private static bool Start(RequestTraces traces, string model)
    {
        var trace = traces.Start(RequestKind.Infer, new ModelName("default", model), Stopwatch.GetTimestamp());
        trace?.Succeed(default, 0, 1);
        return trace is not null;
    }
}

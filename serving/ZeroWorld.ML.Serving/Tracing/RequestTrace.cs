using System.Diagnostics;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>The spans of one request that is traced. Ended once, by <see cref="Succeed"/> or <see cref="Fail"/>.</summary>
internal sealed class RequestTrace
{
    private readonly Activity _activity;
    private readonly DateTimeOffset _received;

    private RequestTrace(Activity activity, DateTimeOffset received)
    {
        _activity = activity;
        _received = received;
    }

    /// <param name="caller">The default value: a trace of its own.</param>
    public static RequestTrace? Start(RequestKind kind, ModelName model, ActivityContext caller, DateTimeOffset received)
    {
        // The transport's own span is not exported: as a parent it would be one that nobody finds.
        var transport = Activity.Current;
        Activity.Current = null;
        var activity = RequestTraces.Source.StartActivity(
            kind switch { RequestKind.Predict => "Predict", RequestKind.Recommend => "Recommend", _ => "ModelInfer" },
            ActivityKind.Server,
            caller,
            [new("project", model.Project), new("model.name", model.Name)],
            startTime: received);
        if (activity is null)
        {
            Activity.Current = transport;
            return null;
        }

        return new RequestTrace(activity, received);
    }

    /// <summary>Says what answers it.</summary>
    public void Describe(long version, int rows)
    {
        _activity.SetTag("model.version", version);
        _activity.SetTag("request.rows", rows);
    }

    /// <summary>Ends it. The stages stand one behind the other from the start on, encoding at the end: what lies between is nobody's stage.</summary>
    /// <param name="whole">Ticks of the whole request.</param>
    public void Succeed(in StageTimes times, long encode, long whole)
    {
        var at = Add("decode", _received, times.Decode);
        at = times.Features > 0 ? Add("features", at, times.Features) : at;
        at = Add("queue", at, times.Run.Queue);
        at = Add("input", at, times.Run.Input);
        at = Add("infer", at, times.Run.Infer);
        Add("output", at, times.Run.Output);
        var end = Add("encode", _received + Stopwatch.GetElapsedTime(0, whole - encode), encode);
        _activity.SetEndTime(end.UtcDateTime);
        _activity.SetStatus(ActivityStatusCode.Ok);
        _activity.Stop();
    }

    public void Fail(Exception exception)
    {
        _activity.SetTag("error.type", exception is ServingException serving ? ServingMetrics.ToReason(serving.Error) : exception is OperationCanceledException ? "cancelled" : "internal");
        _activity.SetStatus(ActivityStatusCode.Error, exception is ServingException ? exception.Message : null);
        _activity.Stop();
    }

    private DateTimeOffset Add(string stage, DateTimeOffset start, long ticks)
    {
        var end = start + Stopwatch.GetElapsedTime(0, ticks);
        using var activity = RequestTraces.Source.StartActivity(stage, ActivityKind.Internal, _activity.Context, startTime: start);
        activity?.SetEndTime(end.UtcDateTime);
        return end;
    }
}

using System.Diagnostics;

namespace ZeroWorld.ML.Serving;

/// <summary>The span of one run of a model, where at least one of its requests is traced: it and the spans of its requests are linked with one another.</summary>
internal static class BatchTrace
{
    /// <summary>The span of the request that the current call works on.</summary>
    /// <returns><see langword="null"/>: it is not traced.</returns>
    public static Activity? CurrentRequest => RequestTraces.Source.HasListeners() && Activity.Current is { } activity && activity.Source == RequestTraces.Source ? activity : null;

    /// <summary>Starts the span of a run that several requests may share.</summary>
    public static Activity? Start(List<InferenceTask> batch, int rows, in ModelTags tags)
    {
        if (!RequestTraces.Source.HasListeners())
        {
            return null;
        }

        var requests = batch.Select(static task => task.Trace).OfType<Activity>().ToArray();
        return Start(requests, batch.Count, rows, tags);
    }

    /// <summary>Starts the span of a run of one request.</summary>
    public static Activity? Start(Activity? request, int rows, in ModelTags tags) => request is null ? null : Start([request], 1, rows, tags);

    private static Activity? Start(Activity[] requests, int count, int rows, in ModelTags tags)
    {
        if (requests.Length == 0)
        {
            return null;
        }

        // A run of one is a part of its request; one of several belongs to none of them.
        var parent = count == 1 ? requests[0].Context : default;
        var before = Activity.Current;
        Activity.Current = null;
        var run = RequestTraces.Source.StartActivity(
            "run", ActivityKind.Internal, parent, [.. tags.Values], requests.Select(static request => new ActivityLink(request.Context)));
        Activity.Current = before;
        if (run is null)
        {
            return null;
        }

        run.SetTag("batch.requests", count);
        run.SetTag("batch.rows", rows);
        foreach (var request in requests)
        {
            request.AddLink(new ActivityLink(run.Context));
        }

        return run;
    }
}

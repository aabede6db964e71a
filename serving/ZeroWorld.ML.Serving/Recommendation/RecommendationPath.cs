using System.Diagnostics;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Has recommendations answered by a leased version, with the log, the statistics, the metrics and the traces of predictions.</summary>
/// <remarks>What a recommender computes is not known here: <see cref="IRecommendation"/> does it. Thread safe.</remarks>
public sealed class RecommendationPath
{
    private readonly ServableManager _servables;
    private readonly PredictionLog _log;
    private readonly ServingMetrics _metrics;
    private readonly RequestTraces _traces;
    private readonly TimeProvider _time;

    internal RecommendationPath(ServableManager servables, PredictionLog log, ServingMetrics metrics, RequestTraces traces, TimeProvider time)
    {
        (_servables, _log, _metrics, _traces, _time) = (servables, log, metrics, traces, time);
    }

    /// <summary>What computes recommendations, as the prediction log names it: <c>managed 10.0.2; zeroworld 0.1.0; linux-x64-avx2</c>.</summary>
    public static string Build { get; } = RuntimeBuilds.DescribeManaged();

    /// <param name="model">The model.</param>
    /// <param name="selector">Which version of it.</param>
    /// <param name="received">Timestamp of <see cref="Stopwatch"/> when the message was given to the decoder.</param>
    /// <exception cref="ServingException">Any; the message is meant for the caller. Whatever the recommendation throws goes through.</exception>
    /// <exception cref="OperationCanceledException">The caller went away, or its deadline passed.</exception>
    public async ValueTask<RecommendationResult> RecommendAsync(
        ModelName model, VersionSelector selector, IRecommendation recommendation, long received, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recommendation);
        var started = Stopwatch.GetTimestamp();
        var tags = ModelTags.None;
        ServableStatistics? statistics = null;
        var trace = _traces.Start(RequestKind.Recommend, model, received);
        try
        {
            using var lease = await _servables.AcquireAsync(model, selector, cancellationToken).ConfigureAwait(false);
            var servable = lease.Servable;
            tags = servable.Tags;
            statistics = servable.Statistics;
            trace?.Describe(servable.Version, 1);
            var now = _time.GetUtcNow();
            var acquired = Stopwatch.GetTimestamp();
            await recommendation.ReadAsync(servable, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            var read = Stopwatch.GetTimestamp();
            var row = recommendation.Answer();
            var run = new RunTimes(0, 0, Stopwatch.GetTimestamp() - read, 0);
            var id = PredictionId.New(now);
            _log.Add(new FinishedLogRow(ToLogged(row, id, servable, now, Stopwatch.GetElapsedTime(started)), servable.Model, now));
            statistics.RecordRun(1, run);
            statistics.RecordSuccess(1, started, run);
            return new RecommendationResult(
                id, servable.Version, new AnsweredRequest(statistics.Recommendations, new StageTimes(started - received, read - acquired, run), trace, received));
        }
        catch (Exception exception)
        {
            _metrics.AddRefusal(tags, RequestKind.Recommend, exception);
            statistics?.RecordFailure(started, ServableStatistics.ReasonOf(exception));
            trace?.Fail(exception);
            throw;
        }
    }

    private static LoggedPrediction ToLogged(RecommendationRow row, string id, Servable servable, DateTimeOffset received, TimeSpan duration)
    {
        var time = UnixMicroseconds.FromDateTimeOffset(received);
        return new LoggedPrediction
        {
            PredictionId = id,
            Row = 0,
            Project = servable.Model.Project,
            Model = servable.Model.Name,
            ModelVersion = servable.Version,
            PackageDigest = servable.Digest,
            ServiceFingerprint = row.ServiceFingerprint,
            RuntimeBuild = Build,
            ReceivedTime = time,
            Time = time,
            Entities = row.Entities,
            Request = row.Request,
            FeatureNames = [.. row.Features.Select(static feature => feature.Column)],
            FeatureValues = [.. row.Features.Select(static _ => (double?)null)],
            FeatureTexts = [.. row.Features.Select(static feature => LoggedValues.ToText(feature.Cell.Value))],
            FeatureStatuses = [.. row.Features.Select(static feature => feature.Cell.Status)],
            FeatureEventTimes = [.. row.Features.Select(static feature => feature.Cell.EventTime)],
            FeatureDefaulted = [.. row.Features.Select(static feature => feature.Cell.IsDefaulted)],
            OutputNames = [.. row.Outputs.Select(static output => output.Name)],
            Output = LoggedValues.ConcatenateOutputs(row.Outputs, 0),
            Duration = (long)duration.TotalNanoseconds,
        };
    }
}

using System.Diagnostics;
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
            _log.Add(FinishedLogRow.Of(row, id, servable.Model, servable.Version, servable.Digest, now, Stopwatch.GetElapsedTime(started)));
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
}

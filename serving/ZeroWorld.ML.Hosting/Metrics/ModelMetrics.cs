using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>What each loaded model version has done since its load, as metrics: histograms of requests by stage, and the names that dashboards of Triton read.</summary>
/// <remarks>A version that is unloaded is gone from the metrics, as in Triton. Thread safe.</remarks>
internal sealed class ModelMetrics(ServedModels models)
{
    private const string RequestDuration = "zeroworld_serving_request_duration_seconds";
    private const string StageDuration = "zeroworld_serving_stage_duration_seconds";

    // The reasons of RefusalReason as Triton spells them.
    private static readonly string[] Reasons = ["REJECTED", "CANCELED", "BACKEND", "OTHER"];

    private static readonly (string Name, string Help, Func<ServedVersionStatistics, double> Read)[] TritonCounters =
    [
        ("nv_inference_count", "Rows of the requests that succeeded.", static version => version.Statistics.Rows),
        ("nv_inference_exec_count", "Runs of the model.", static version => version.Statistics.Runs),
        ("nv_inference_request_success", "Requests that were answered.", static version => version.Statistics.Success.Count),
        ("nv_inference_request_duration_us", "Time of the requests that were answered, in microseconds.", static version => ToMicroseconds(version.Statistics.Success)),
        ("nv_inference_queue_duration_us", "Waiting for the model, in microseconds.", static version => ToMicroseconds(version.Statistics.Queue)),
        ("nv_inference_compute_input_duration_us", "Joining inputs, in microseconds.", static version => ToMicroseconds(version.Statistics.Input)),
        ("nv_inference_compute_infer_duration_us", "The model, in microseconds.", static version => ToMicroseconds(version.Statistics.Infer)),
        ("nv_cache_num_hits_per_model", "Requests that were answered by what was kept of equal ones.", static version => version.Statistics.CacheHit.Count),
        ("nv_cache_num_misses_per_model", "Requests of models whose answers are kept that had a run.", static version => version.Statistics.CacheMiss.Count),
        ("nv_cache_hit_duration_per_model", "Looking for answers that were there, in microseconds.", static version => ToMicroseconds(version.Statistics.CacheHit)),
        ("nv_cache_miss_duration_per_model", "Looking for answers that were not there, and keeping them, in microseconds.", static version => ToMicroseconds(version.Statistics.CacheMiss)),
        ("nv_inference_compute_output_duration_us", "Parting outputs, in microseconds.", static version => ToMicroseconds(version.Statistics.Output)),
    ];

    public void Write(PrometheusText text)
    {
        var versions = models.GetStatistics("", "");
        if (versions.Count == 0)
        {
            return;
        }

        WriteHistograms(text, versions);
        foreach (var (name, help, read) in TritonCounters)
        {
            text.Family(name, "counter", help);
            foreach (var version in versions)
            {
                text.Sample(name, TritonLabels(version), read(version));
            }
        }

        text.Family("nv_inference_request_failure", "counter", "Requests that were not answered, by reason.");
        foreach (var version in versions)
        {
            for (var reason = 0; reason < Reasons.Length; reason++)
            {
                var labels = PrometheusText.Labels(("model", ModelMessages.NameOf(version.Model)), ("reason", Reasons[reason]), ("version", ModelMessages.ToText(version.Version)));
                text.Sample("nv_inference_request_failure", labels, version.Statistics.Refusals[reason]);
            }
        }

        WriteGauge(text, versions, "nv_inference_pending_request_count", "Requests that wait for the model.", static version => version.QueuedRequests);
        WriteGauge(text, versions, "nv_model_load_duration_secs", "How long the load took, warm-up included, in seconds.", static version => version.LoadDuration.TotalSeconds);
    }

    private static void WriteGauge(PrometheusText text, IReadOnlyList<ServedVersionStatistics> versions, string name, string help, Func<ServedVersionStatistics, double> read)
    {
        text.Family(name, "gauge", help);
        foreach (var version in versions)
        {
            text.Sample(name, TritonLabels(version), read(version));
        }
    }

    private static void WriteHistograms(PrometheusText text, IReadOnlyList<ServedVersionStatistics> versions)
    {
        text.Family(RequestDuration, "histogram", "Answered requests from their message to the answer's.");
        foreach (var (version, kind, histogram) in Series(versions).Where(static series => series.Histogram.Stage is null))
        {
            Write(text, RequestDuration, Labels(version.Model, version.Version, kind), histogram);
        }

        text.Family(StageDuration, "histogram", "Answered requests by stage; per request the stages add up to its duration.");
        foreach (var (version, kind, histogram) in Series(versions))
        {
            if (histogram.Stage is { } stage)
            {
                Write(text, StageDuration, $"{Labels(version.Model, version.Version, kind)},stage=\"{stage.ToString().ToLowerInvariant()}\"", histogram);
            }
        }
    }

    private static IEnumerable<(ServedVersionStatistics Version, string Kind, StageHistogram Histogram)> Series(IReadOnlyList<ServedVersionStatistics> versions) =>
        versions.SelectMany(static version =>
            version.Statistics.Inferences.Select(histogram => (version, "infer", histogram))
                .Concat(version.Statistics.Predictions.Select(histogram => (version, "predict", histogram)))
                .Concat(version.Statistics.Recommendations.Select(histogram => (version, "recommend", histogram))));

    private static void Write(PrometheusText text, string name, string labels, StageHistogram histogram) =>
        text.Histogram(name, labels, StageHistograms.BoundsSeconds, histogram.Buckets, histogram.Nanoseconds / 1e9);

    private static string Labels(ModelName model, long version, string kind) => PrometheusText.Labels(
        ("project", model.Project), ("model_name", model.Name), ("model_version", ModelMessages.ToText(version)), ("request_kind", kind));

    private static string TritonLabels(ServedVersionStatistics version) =>
        PrometheusText.Labels(("model", ModelMessages.NameOf(version.Model)), ("version", ModelMessages.ToText(version.Version)));

    private static double ToMicroseconds(DurationSum sum) => Math.Floor(sum.Nanoseconds / 1e3);
}

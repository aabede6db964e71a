using System.Text.Json;
using System.Text.Json.Nodes;
using ZeroWorld.ML.Training;

namespace ZeroWorld.ML.Cli;

/// <summary>The demo's report for a program.</summary>
internal static class DemoReportJson
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static void Write(DemoReport report)
    {
        var document = new JsonObject
        {
            ["rows"] = report.Table.Rows,
            ["training_set"] = new JsonObject
            {
                ["path"] = report.TrainingSet.Path,
                ["rows"] = report.TrainingSet.Rows,
                ["fingerprint"] = report.TrainingSet.Fingerprint,
            },
            ["evaluations"] = new JsonArray([.. new[] { report.Training.Week, report.Training.Default }.OfType<EvaluationSummary>().Select(Evaluation)]),
            ["model"] = new JsonObject { ["version"] = report.ModelVersion, ["digest"] = report.Training.Package.Digest, ["seed"] = report.Training.Seed },
            ["online"] = new JsonArray([.. report.Materialization.Views.Select(static view =>
                (JsonNode)new JsonObject { ["view"] = view.View, ["entities"] = view.Entities, ["events"] = view.Rows })]),
            ["predictions"] = new JsonObject
            {
                ["count"] = report.Predictions.Count,
                ["p50_ms"] = report.Predictions.Latency.P50,
                ["p95_ms"] = report.Predictions.Latency.P95,
                ["p99_ms"] = report.Predictions.Latency.P99,
                ["max_ms"] = report.Predictions.Latency.Max,
                ["late"] = report.Predictions.Late,
                ["differences"] = report.Predictions.Differences.Count,
                ["sample_ids"] = new JsonArray([.. report.Predictions.Shown.Select(static shown => (JsonNode)shown.Answer.PredictionId)]),
            },
            ["replay_equal"] = report.Replay.Equal,
        };
        Console.Out.WriteLine(document.ToJsonString(Indented));
    }

    private static JsonNode Evaluation(EvaluationSummary summary) => new JsonObject
    {
        ["split"] = summary.Split.Name,
        ["train_rows"] = summary.TrainRows,
        ["train_frauds"] = summary.TrainPositives,
        ["test_rows"] = summary.Seeds[0].Rows,
        ["test_frauds"] = summary.Seeds[0].Positives,
        ["auc_roc"] = summary.AucRoc.Mean,
        ["average_precision"] = summary.AveragePrecision.Mean,
        ["card_precision_at_100"] = summary.CardPrecision.Mean,
        ["card_precision_ceiling"] = summary.Seeds[0].CardPrecisionCeiling,
        ["brier"] = summary.Brier.Mean,
        ["seeds"] = summary.Seeds.Count,
        ["parameters"] = new JsonObject(summary.Parameters.Select(static pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
    };
}

using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace ZeroWorld.ML.Cli;

/// <summary>The report of <c>zwml train recommendation</c>, for a person and for a program.</summary>
internal static class RecommendationTrainView
{
    public static void Show(IAnsiConsole console, TrainingReport<RecommendationTrainResult> report)
    {
        var (trained, table) = (report.Result.Trained, new Table().Border(TableBorder.Rounded).AddColumns("metric", "value"));
        foreach (var (metric, value) in RecommendationTrainRun.MetricsOf(trained))
        {
            table.AddRow(Markup.Escape(metric), value.ToString(metric == "test_users" ? "N0" : "F4", CultureInfo.InvariantCulture));
        }

        console.Write(table);
        console.MarkupLineInterpolated($"chosen: [bold]{trained.Model.Algorithm}[/] ({string.Join(", ", trained.Parameters.Select(static pair => $"{pair.Key}={pair.Value}"))})");
        console.MarkupLineInterpolated($"gate: {(report.Outcome.Gate.IsPassed ? "passed" : "refused")}. {report.Outcome.Gate.Reason}");
        console.MarkupLineInterpolated($"run {report.Run}, package {report.Result.Package.Digest}{(report.Version is { } version ? $", version {version}" : "")}");
    }

    public static void WriteJson(TrainingReport<RecommendationTrainResult> report, RecommendationTrainOptions options)
    {
        var (set, trained) = (report.Result.Interactions, report.Result.Trained);
        Console.Out.WriteLine(JsonSerializer.Serialize(new
        {
            run = report.Run,
            algorithm = trained.Model.Algorithm,
            interactions = set.Count,
            users = set.UserCount,
            items = set.ItemCount,
            duplicates = set.DuplicateCount,
            parameters = trained.Parameters,
            metrics = RecommendationTrainRun.MetricsOf(trained),
            gate = new { passed = report.Outcome.Gate.IsPassed, reason = report.Outcome.Gate.Reason },
            model = options.Target.Model.Name,
            version = report.Version,
            alias = report.Alias,
            package = options.Target.Output,
            digest = report.Result.Package.Digest,
        }));
    }
}

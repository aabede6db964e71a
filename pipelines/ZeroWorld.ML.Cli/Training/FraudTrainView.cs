using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Fraud;

namespace ZeroWorld.ML.Cli;

/// <summary>The report of <c>zwml train fraud</c>, for a person and for a program.</summary>
internal static class FraudTrainView
{
    private const int ImportanceRows = 10;
    private static readonly JsonSerializerOptions JsonOptions = new(RunCurves.JsonOptions) { WriteIndented = true };

    public static void Show(IAnsiConsole console, TrainingReport<FraudTableResult> report)
    {
        var result = report.Result;
        foreach (var note in result.Notes)
        {
            console.MarkupLineInterpolated($"[grey]{note}[/]");
        }

        console.Write(Trials(result));
        console.Write(Quality(result));
        console.Write(Segments(result));
        if (result.Importance.Count > 0)
        {
            var importance = new Table().Border(TableBorder.Rounded).AddColumns("column", "mean |Shapley value|");
            foreach (var reason in result.Importance.Take(ImportanceRows))
            {
                importance.AddRow(Markup.Escape(reason.Column), Number(reason.Contribution));
            }

            console.Write(importance);
            var explained = new Table().Border(TableBorder.Rounded).AddColumns("row", "score", "label", "reasons");
            foreach (var row in result.Explained)
            {
                explained.AddRow(
                    row.Row.ToString(CultureInfo.InvariantCulture),
                    Number(row.Score),
                    row.Label ? "1" : "0",
                    Markup.Escape(string.Join(", ", row.Reasons.Select(static reason => string.Create(CultureInfo.InvariantCulture, $"{reason.Column} +{reason.Contribution:F2}")))));
            }

            console.Write(explained);
        }

        console.MarkupLineInterpolated($"chosen: [bold]{result.Algorithm}[/] ({string.Join(", ", result.Parameters.Select(static entry => $"{entry.Key}={entry.Value}"))}), calibration {result.Calibration}");
        if (FraudRunRecord.StoppedAfter(result) is { } stopped)
        {
            console.MarkupLineInterpolated($"early stopping: {stopped}");
        }

        console.MarkupLineInterpolated($"thresholds: {string.Join(", ", result.Thresholds.Decisions.Select(static decision => string.Create(CultureInfo.InvariantCulture, $"{decision.Name} from {decision.AtLeast:G4}")))}: {result.Thresholds.Method}");
        console.MarkupLineInterpolated($"gate: {(result.Gate.IsPassed ? "passed" : "refused")}. {result.Gate.Reason}");
        console.MarkupLineInterpolated($"run {report.Run}, package {result.Package.Digest}{(report.Version is { } version ? $", version {version}" : "")}");
    }

    public static void WriteJson(TrainingReport<FraudTableResult> report, FraudTableSettings settings)
    {
        var result = report.Result;
        var curves = RunCurves.Of(result);
        System.Console.Out.WriteLine(JsonSerializer.Serialize(
            new
            {
                run = report.Run,
                version = report.Version,
                alias = report.Alias,
                package = result.Package.Digest,
                result.Notes,
                result.Trials,
                result.Algorithm,
                result.Parameters,
                result.StoppedAfter,
                result.Calibration,
                result.TrainRows,
                result.ValidationRows,
                seeds = settings.Seeds,
                evaluations = result.Seeds,
                result.Seed,
                result.Packaged,
                result.CalibrationError,
                result.Segments,
                result.Thresholds,
                result.Importance,
                result.Explained,
                result.LearningCurve,
                result.Parity,
                result.Gate,
                curves.Confusion,
            },
            JsonOptions));
    }

    // The best of each algorithm and each way with rare positives: what was compared, and by how much.
    private static Table Trials(FraudTableResult result)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("algorithm", "classes", "trials", "best validation AP", "by fold", "");
        foreach (var group in result.Trials.GroupBy(static trial => (trial.Algorithm, trial.Balance)))
        {
            var folds = group.Max(static trial => trial.FoldPrecisions.Count);
            var best = group.Where(trial => trial.FoldPrecisions.Count == folds).MaxBy(static trial => trial.AveragePrecision)!;
            table.AddRow(
                Markup.Escape(group.Key.Algorithm),
                group.Key.Balance.ToString().ToLowerInvariant(),
                group.Count().ToString(CultureInfo.InvariantCulture),
                Number(best.AveragePrecision),
                string.Join(' ', best.FoldPrecisions.Select(Number)),
                group.Any(trial => trial.Algorithm == result.Algorithm && trial.Parameters == result.Parameters) ? "chosen" : "");
        }

        return table;
    }

    private static Table Quality(FraudTableResult result)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("test metric", "packaged", "mean ± spread of the seeds");
        Add("AUC ROC", static evaluation => evaluation.AucRoc);
        Add("average precision", static evaluation => evaluation.AveragePrecision);
        Add($"card precision@{result.Packaged.CardsPerDay}", static evaluation => evaluation.CardPrecision);
        Add("its share of the ceiling", static evaluation => evaluation.CardPrecision / evaluation.CardPrecisionCeiling);
        Add("Brier score", static evaluation => evaluation.Brier);
        Add("log loss", static evaluation => evaluation.LogLoss);
        table.AddRow("calibration error", Number(result.CalibrationError), "");
        table.Caption(string.Create(CultureInfo.InvariantCulture, $"{result.TrainRows:N0} training rows, {result.Packaged.Rows:N0} test rows, {result.Packaged.Positives:N0} positive"));
        return table;

        void Add(string name, Func<Evaluation, double> metric) =>
            table.AddRow(Markup.Escape(name), Number(metric(result.Packaged)), MeasuredValue.Of([.. result.Seeds.Select(metric)]).ToString());
    }

    private static Spectre.Console.Rendering.IRenderable Segments(FraudTableResult result)
    {
        if (result.Segments.Count == 0)
        {
            return Text.Empty;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("segment", "value", "rows", "positive", "AUC ROC", "AP", "mean score");
        foreach (var segment in result.Segments)
        {
            table.AddRow(
                Markup.Escape(segment.Column),
                Markup.Escape(segment.Value),
                segment.Rows.ToString("N0", CultureInfo.InvariantCulture),
                segment.Positives.ToString("N0", CultureInfo.InvariantCulture),
                Number(segment.AucRoc),
                Number(segment.AveragePrecision),
                Number(segment.MeanScore));
        }

        return table;
    }

    private static string Number(double value) => double.IsNaN(value) ? "-" : value.ToString("F4", CultureInfo.InvariantCulture);
}

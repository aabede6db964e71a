using System.Globalization;
using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary>The demo's report for a person: offline metrics, sample predictions, latency, what to try next.</summary>
internal static class DemoReportView
{
    public static void Show(IAnsiConsole console, DemoReport report)
    {
        console.WriteLine();
        console.Write(Metrics(report));
        console.MarkupLineInterpolated(
            $"[grey]Means over {report.Training.Default.Seeds.Count} seeds, hyper-parameters chosen on validation rows inside the training period. Served: seed {report.Training.Seed}.[/]");
        if (report.Training.WeekProblem is { } problem)
        {
            console.MarkupLineInterpolated($"[yellow]No one-week split: {problem}[/]");
        }

        console.WriteLine();
        console.Write(Samples(report.Predictions.Shown));
        console.WriteLine();
        console.Write(Features(report.Predictions.Shown));
        console.WriteLine();
        console.Write(Latency(report.Predictions));
        ShowAgreement(console, report);
    }

    public static void ShowNext(IAnsiConsole console, DemoReport report, ServerAddresses addresses, string dataDirectory)
    {
        var sample = report.Predictions.Shown[0];
        var time = UnixMicroseconds.ToText(sample.Time);
        var amount = sample.Amount.ToString(CultureInfo.InvariantCulture);
        var data = Path.GetRelativePath(Environment.CurrentDirectory, dataDirectory) is ".zeroworld" ? "" : $" --data {dataDirectory}";
        console.WriteLine();
        console.MarkupLineInterpolated($"[bold]The server is up[/]: REST {addresses.Http}  gRPC {addresses.Grpc}  metrics {addresses.Metrics}metrics");
        console.WriteLine("Try next, in a second terminal:");
        console.WriteLine();

        // Written plainly: a line that is to be copied must not be wrapped.
        console.Profile.Out.Writer.WriteLine(
            $"curl -s {addresses.Http}v1/models/fraud:predict -d '{{\"entities\":{{\"customer_id\":{sample.CustomerId},\"terminal_id\":{sample.TerminalId}}},"
            + $"\"request\":{{\"amount\":{amount},\"time\":\"{time}\"}}}}'");
        console.Profile.Out.Writer.WriteLine(
            $"{CommandLine.Self} predict fraud --entity customer_id={sample.CustomerId} terminal_id={sample.TerminalId} --request amount={amount} --time {time}{data}");
        console.Profile.Out.Writer.WriteLine($"{CommandLine.Self} replay {sample.Answer.PredictionId}{data}");
        console.WriteLine();
        console.WriteLine("Ctrl+C stops it.");
    }

    private static Table Metrics(DemoReport report)
    {
        var table = new Table().Border(TableBorder.Rounded).Title("[bold]Offline metrics[/]")
            .AddColumns("split", "trained on", "tested on", "AUC ROC", "average precision", "card precision@100", "of its ceiling", "Brier");
        foreach (var summary in (EvaluationSummary?[])[report.Training.Week, report.Training.Default])
        {
            if (summary is null)
            {
                continue;
            }

            var test = summary.Seeds[0];
            table.AddRow(
                summary.Split.Name,
                string.Create(CultureInfo.InvariantCulture, $"{summary.TrainRows:N0} rows, {summary.TrainPositives:N0} frauds"),
                string.Create(CultureInfo.InvariantCulture, $"{test.Rows:N0} rows, {test.Positives:N0} frauds"),
                summary.AucRoc.ToString(),
                summary.AveragePrecision.ToString(),
                summary.CardPrecision.ToString(),
                string.Create(CultureInfo.InvariantCulture, $"{100 * summary.CardPrecision.Mean / test.CardPrecisionCeiling:0} % of {test.CardPrecisionCeiling:0.000}"),
                summary.Brier.ToString());
        }

        return table;
    }

    private static Table Samples(IReadOnlyList<ShownPrediction> shown)
    {
        var table = new Table().Border(TableBorder.Rounded).Title("[bold]Sample predictions[/]")
            .AddColumns("transaction", "time", "customer", "terminal", "amount", "probability", "decision", "label");
        foreach (var sample in shown)
        {
            table.AddRow(
                sample.TransactionId.ToString(CultureInfo.InvariantCulture),
                UnixMicroseconds.ToText(sample.Time),
                sample.CustomerId.ToString(CultureInfo.InvariantCulture),
                sample.TerminalId.ToString(CultureInfo.InvariantCulture),
                sample.Amount.ToString("0.00", CultureInfo.InvariantCulture),
                sample.Answer.Outputs[0].Float32S.Values[0].ToString("0.0000", CultureInfo.InvariantCulture),
                Markup.Escape(sample.Answer.Decisions.FirstOrDefault() ?? "-"),
                sample.IsFraud ? "[red]fraud[/]" : "genuine");
        }

        return table;
    }

    /// <summary>One row per feature, one column per sample: value and status.</summary>
    private static Table Features(IReadOnlyList<ShownPrediction> shown)
    {
        var table = new Table().Border(TableBorder.Rounded).Title("[bold]Their features[/]").AddColumn("feature");
        foreach (var sample in shown)
        {
            table.AddColumn(sample.TransactionId.ToString(CultureInfo.InvariantCulture));
        }

        for (var feature = 0; feature < shown[0].Answer.Features.Count; feature++)
        {
            table.AddRow(
            [
                Markup.Escape(shown[0].Answer.Features[feature].Column.Name),
                .. shown.Select(sample => Cell(sample.Answer.Features[feature])),
            ]);
        }

        return table;
    }

    private static string Cell(FeatureColumn feature) =>
        $"{Markup.Escape(ColumnText.Show(feature.Column, 0))} {FeatureTable.StatusMarkup((int)feature.Statuses[0])}{(feature.DefaultedRows.Count > 0 ? " [grey]default[/]" : "")}";

    private static Table Latency(DemoPredictions predictions) =>
        new Table().Border(TableBorder.Rounded).Title("[bold]Latency of Predict by entity[/]")
            .AddColumns("predictions", "p50", "p95", "p99", "max")
            .AddRow(
                predictions.Count.ToString("N0", CultureInfo.InvariantCulture),
                Milliseconds(predictions.Latency.P50),
                Milliseconds(predictions.Latency.P95),
                Milliseconds(predictions.Latency.P99),
                Milliseconds(predictions.Latency.Max))
            .Caption("[grey]one at a time, as the client saw it[/]");

    private static void ShowAgreement(IAnsiConsole console, DemoReport report)
    {
        var values = report.Predictions.Statuses.Values.Sum();
        console.MarkupLineInterpolated(
            $"Statuses of {values:N0} feature values: {string.Join(", ", report.Predictions.Statuses.Select(static status => $"{FeatureTable.StatusName((int)status.Key)} {status.Value:N0}"))}");
        if (report.Predictions.Late > 0)
        {
            console.MarkupLineInterpolated($"[yellow]{report.Predictions.Late:N0} answers had features that missed the feature timeout (a busy machine) and were asked for again.[/]");
        }

        console.MarkupLine(report.Predictions.Differences.Count == 0
            ? $"[green]Online features equal the training set[/] in all {report.Predictions.Count:N0} predictions."
            : $"[red]{report.Predictions.Differences.Count:N0} online features differ from the training set[/], first: {Markup.Escape(report.Predictions.Differences[0])}");
        console.MarkupLine(report.Replay.Equal
            ? "[green]Replay of a logged prediction is equal, bit for bit.[/]"
            : "[red]Replay of a logged prediction differs.[/]");
        console.MarkupLineInterpolated($"[grey]Training set: {report.TrainingSet.Path} ({report.TrainingSet.Rows:N0} rows)[/]");
    }

    private static string Milliseconds(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.00} ms");
}

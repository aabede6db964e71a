using System.Globalization;
using Spectre.Console;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Cli;

/// <summary>Runs as tables.</summary>
internal static class RunView
{
    public static void Show(IAnsiConsole console, TrainingRun run, string status, IReadOnlyList<RunMetric> metrics, IReadOnlyList<TrainingRun> parts)
    {
        console.MarkupLineInterpolated($"[bold]{run.Name}[/] ({run.Experiment}), {status}, started {run.Started:yyyy-MM-dd HH:mm:ss}, run {run.Id}{(run.Parent is { } parent ? $", part of {parent}" : "")}");
        if (run.Note.Length > 0)
        {
            console.MarkupLineInterpolated($"[grey]{run.Note}[/]");
        }

        WriteTexts(console, "parameter", run.Parameters);
        WriteTexts(console, "tag", run.Tags);
        var table = new Table().Border(TableBorder.Rounded).AddColumns("metric", "last", "least", "greatest", "steps", "curve");
        foreach (var group in metrics.GroupBy(static point => point.Name))
        {
            double[] values = [.. group.Select(static point => point.Value)];
            table.AddRow(
                Markup.Escape(group.Key), Number(values[^1]), Number(values.Min()), Number(values.Max()), values.Length.ToString(CultureInfo.InvariantCulture), Sparkline.Of(values));
        }

        console.Write(table);
        foreach (var artifact in run.Artifacts)
        {
            console.MarkupLineInterpolated($"{artifact.Name}  {artifact.Bytes:N0} bytes  [grey]{artifact.Digest}[/]");
        }

        if (parts.Count > 0)
        {
            var trials = new Table().Border(TableBorder.Rounded).AddColumns("part", "name", "metrics");
            foreach (var part in parts.Reverse())
            {
                trials.AddRow(part.Id[..12], Markup.Escape(part.Name), Markup.Escape(string.Join(", ", part.Metrics.Select(static metric => $"{metric.Key} {Number(metric.Value)}"))));
            }

            console.Write(trials);
        }
    }

    public static void Compare(IAnsiConsole console, IReadOnlyList<TrainingRun> runs, bool all)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("");
        foreach (var run in runs)
        {
            table.AddColumn(Markup.Escape($"{run.Name}\n{run.Id[..12]}"));
        }

        foreach (var difference in RunDifference.Of(runs, all))
        {
            var kind = difference.Kind == RunDifference.Metric ? "" : $"{difference.Kind} ";
            table.AddRow([Markup.Escape(kind + difference.Name), .. difference.Values.Select(static value => Markup.Escape(value ?? "-"))]);
        }

        console.Write(table);
    }

    private static void WriteTexts(IAnsiConsole console, string kind, IReadOnlyDictionary<string, string> texts)
    {
        if (texts.Count == 0)
        {
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns(kind, "value");
        foreach (var (name, value) in texts)
        {
            table.AddRow(Markup.Escape(name), Markup.Escape(value));
        }

        console.Write(table);
    }

    private static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}

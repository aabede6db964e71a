using System.Globalization;
using System.Net;
using System.Text;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Cli;

/// <summary>A page of plots that needs nothing but a browser: no script, nothing from elsewhere.</summary>
internal static class RunHtml
{
    private const string Style =
        "body{font:14px system-ui,sans-serif;margin:24px;color:#1f2328}svg{margin:8px;font:11px system-ui,sans-serif}.title{font-weight:600;font-size:13px}.grid{stroke:#d1d9e0;stroke-width:.5}"
        + ".diagonal{stroke:#8c959f;stroke-dasharray:4 3}table{border-collapse:collapse;margin:8px 0}td,th{border:1px solid #d1d9e0;padding:4px 8px;text-align:left}td.n{text-align:right}td.t{max-width:480px;overflow-wrap:anywhere}";

    private const string Fit = "fit_";
    private const string Validation = "validation_";
    private const string Trial = "trial_";

    public static string Render(IReadOnlyList<RunPage> pages)
    {
        var html = new StringBuilder("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Runs</title><style>").Append(Style).Append("</style></head><body>");
        foreach (var page in pages)
        {
            html.Append(CultureInfo.InvariantCulture, $"<h2>{Text(page.Run.Name)}</h2><p>{Text(page.Run.Experiment)}, {page.Run.Status}, run {page.Run.Id}</p>");
        }

        WriteValues(html, pages);
        html.Append("<div>");
        WritePlots(html, pages);
        html.Append("</div>");
        WriteConfusion(html, pages);
        return html.Append("</body></html>\n").ToString();
    }

    // Of several runs what differs, of one all that it was asked for and what came out.
    private static void WriteValues(StringBuilder html, IReadOnlyList<RunPage> pages)
    {
        var values = RunDifference.Of([.. pages.Select(static page => page.Run)], all: pages.Count == 1);
        foreach (var kind in values.GroupBy(static value => value.Kind))
        {
            html.Append(CultureInfo.InvariantCulture, $"<table><tr><th>{kind.Key}{(pages.Count == 1 ? "" : " that differs")}</th>");
            foreach (var page in pages)
            {
                html.Append(CultureInfo.InvariantCulture, $"<th>{Text(Label(page))}</th>");
            }

            html.Append("</tr>");
            foreach (var value in kind)
            {
                html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(value.Name)}</td>");
                foreach (var text in value.Values)
                {
                    html.Append(CultureInfo.InvariantCulture, $"<td class=\"{(kind.Key == RunDifference.Metric ? "n" : "t")}\">{Text(text ?? "-")}</td>");
                }

                html.Append("</tr>");
            }

            html.Append("</table>");
        }
    }

    private static void WritePlots(StringBuilder html, IReadOnlyList<RunPage> pages)
    {
        var stepped = pages.SelectMany(static page => page.Metrics).GroupBy(static point => point.Name)
            .Where(static group => group.Select(static point => point.Step).Distinct().Count() > 1).Select(static group => group.Key).ToArray();
        foreach (var learning in stepped.Where(static name => name.StartsWith(Fit, StringComparison.Ordinal)).Select(static name => name[Fit.Length..]).Where(name => stepped.Contains(Validation + name)))
        {
            var plot = new SvgPlot($"learning curve: {Words(learning)}", "trees or passes", Words(learning), PlotFrame.Free);
            foreach (var page in pages)
            {
                plot.Add($"{Label(page)}, fit rows", Points(page, Fit + learning)).Add($"{Label(page)}, validation rows", Points(page, Validation + learning));
            }

            html.Append(plot.Render());
            stepped = [.. stepped.Except([Fit + learning, Validation + learning])];
        }

        foreach (var metric in stepped)
        {
            // Trials follow each other without being steps of one thing.
            var isOfTrials = metric.StartsWith(Trial, StringComparison.Ordinal);
            var name = Words(isOfTrials ? metric[Trial.Length..] : metric);
            var plot = new SvgPlot(isOfTrials ? $"trials: {name}" : name, isOfTrials ? "trial (from 0)" : "step", name, PlotFrame.Free);
            foreach (var page in pages)
            {
                plot.Add(Label(page), Points(page, metric), isOfTrials ? PlotMark.Dots : PlotMark.Line);
            }

            html.Append(plot.Render());
        }

        html.Append(Plot("ROC", "false positive rate", "true positive rate", PlotFrame.UnitWithDiagonal, static curves => curves.Roc));
        html.Append(Plot("precision and recall", "recall", "precision", PlotFrame.Unit, static curves => curves.PrecisionRecall));
        html.Append(Plot("calibration", "mean probability", "share of positives", PlotFrame.SquareWithDiagonal, static curves => curves.Reliability, PlotMark.LineAndDots));

        string Plot(string title, string x, string y, PlotFrame frame, Func<RunCurves, IReadOnlyList<double[]>> select, PlotMark mark = PlotMark.Line)
        {
            var plot = new SvgPlot(title, x, y, frame);
            foreach (var page in pages)
            {
                plot.Add(Label(page), page.Curves is { } curves ? select(curves) : [], mark);
            }

            return plot.Render();
        }
    }

    private static double[][] Points(RunPage page, string metric) => [.. page.Metrics.Where(point => point.Name == metric).Select(static point => (double[])[point.Step, point.Value])];

    private static string Words(string metric) => metric.Replace('_', ' ');

    private static void WriteConfusion(StringBuilder html, IReadOnlyList<RunPage> pages)
    {
        foreach (var page in pages.Where(static page => page.Curves is not null))
        {
            foreach (var counts in page.Curves!.Confusion)
            {
                html.Append(CultureInfo.InvariantCulture, $"<table><tr><th>{Text(Label(page))}: {Text(counts.Decision)} from {counts.AtLeast:G4}</th><th>positive</th><th>negative</th></tr>")
                    .Append(CultureInfo.InvariantCulture, $"<tr><td>stopped</td><td class=\"n\">{counts.TruePositives:N0}</td><td class=\"n\">{counts.FalsePositives:N0}</td></tr>")
                    .Append(CultureInfo.InvariantCulture, $"<tr><td>let through</td><td class=\"n\">{counts.FalseNegatives:N0}</td><td class=\"n\">{counts.TrueNegatives:N0}</td></tr></table>");
            }
        }
    }

    private static string Label(RunPage page) => $"{page.Run.Name} {page.Run.Id[..12]}";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}

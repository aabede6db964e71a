using System.Globalization;
using System.Net;
using System.Text;

namespace ZeroWorld.ML.Cli;

/// <summary>Lines in a frame, as SVG. Ticks are round numbers.</summary>
internal sealed class SvgPlot(string title, string xLabel, string yLabel, PlotFrame frame)
{
    private const int Width = 420;
    private const int Height = 320;
    private const int Left = 68;
    private const int Bottom = 44;
    private const int Top = 28;
    private const int Right = 12;
    private const int TicksMax = 6;

    private static readonly string[] Colours = ["#1f6feb", "#d1242f", "#1a7f37", "#8250df", "#bc4c00", "#0a7ea4", "#9a6700", "#bf3989"];

    private readonly List<(string Name, IReadOnlyList<double[]> Points, PlotMark Mark)> _lines = [];

    public SvgPlot Add(string name, IReadOnlyList<double[]> points, PlotMark mark = PlotMark.Line)
    {
        var finite = points.Where(static point => double.IsFinite(point[0]) && double.IsFinite(point[1])).ToArray();
        if (finite.Length > 0)
        {
            _lines.Add((name, finite, mark));
        }

        return this;
    }

    /// <returns>Nothing where there is no point.</returns>
    public string Render()
    {
        if (_lines.Count == 0)
        {
            return "";
        }

        var all = _lines.SelectMany(static line => line.Points).ToArray();
        var (xTicks, yTicks) = frame switch
        {
            PlotFrame.Free => (Ticks(all.Select(static point => point[0]), isWhole: true), Ticks(all.Select(static point => point[1]))),
            PlotFrame.SquareWithDiagonal when Ticks(all.SelectMany(static point => point).Append(0)) is var ticks => (ticks, ticks),
            _ => (Ticks([0, 1]), Ticks([0, 1])),
        };
        var (x0, x1, y0, y1) = (xTicks[0], xTicks[^1], yTicks[0], yTicks[^1]);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg width=\"{Width}\" height=\"{Height + (16 * _lines.Count)}\" role=\"img\"><text x=\"{Left}\" y=\"18\" class=\"title\">{Text(title)}</text>");
        foreach (var tick in xTicks)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{X(tick):0.#} {Top}V{Height - Bottom}\" class=\"grid\"/>")
                .Append(CultureInfo.InvariantCulture, $"<text x=\"{X(tick):0.#}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{tick:G6}</text>");
        }

        foreach (var tick in yTicks)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {Y(tick):0.#}H{Width - Right}\" class=\"grid\"/>")
                .Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{Y(tick) + 4:0.#}\" text-anchor=\"end\">{tick:G6}</text>");
        }

        if (frame is PlotFrame.UnitWithDiagonal or PlotFrame.SquareWithDiagonal)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{X(x0):0.#} {Y(y0):0.#}L{X(x1):0.#} {Y(y1):0.#}\" class=\"diagonal\"/>");
        }

        for (var index = 0; index < _lines.Count; index++)
        {
            var ((name, points, mark), colour) = (_lines[index], Colours[index % Colours.Length]);
            var path = string.Join('L', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point[0]):0.##} {Y(point[1]):0.##}")));
            if (mark != PlotMark.Dots)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>");
            }

            foreach (var point in mark == PlotMark.Line ? [] : points)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(point[0]):0.##}\" cy=\"{Y(point[1]):0.##}\" r=\"3\" fill=\"{colour}\"/>");
            }

            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{Height + (16 * index) + 8}\" fill=\"{colour}\">{Text(name)}</text>");
        }

        return svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 10}\" text-anchor=\"middle\">{Text(xLabel)}</text>")
            .Append(CultureInfo.InvariantCulture, $"<text transform=\"translate(14 {(Top + Height - Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">{Text(yLabel)}</text></svg>").ToString();

        double X(double value) => Left + ((value - x0) / (x1 - x0) * (Width - Left - Right));

        double Y(double value) => Height - Bottom - ((value - y0) / (y1 - y0) * (Height - Top - Bottom));
    }

    /// <summary>Round numbers around the values: steps of 1, 2 or 5 times a power of ten, three or more of them unless they are to be whole.</summary>
    private static double[] Ticks(IEnumerable<double> values, bool isWhole = false)
    {
        var (least, most) = (values.Min(), values.Max());
        if (least == most)
        {
            (least, most) = (least - 0.5, most + 0.5);
        }

        var power = Math.Pow(10, Math.Floor(Math.Log10((most - least) / TicksMax)));
        var step = power * ((double[])[1, 2, 5, 10]).First(factor => (most - least) / (power * factor) <= TicksMax);
        step = isWhole ? Math.Max(step, 1) : step;
        var first = Math.Floor((least / step) + 1e-9);
        var count = (int)Math.Ceiling((most / step) - 1e-9 - first) + 1;
        return [.. Enumerable.Range(0, count).Select(index => (first + index) * step)];
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}

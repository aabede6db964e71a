using System.Globalization;
using System.Net;
using System.Text;

namespace ZeroWorld.ML.Cli;

/// <summary>Lines in a frame, as SVG.</summary>
internal sealed class SvgPlot(string title, string xLabel, string yLabel)
{
    private const int Width = 420;
    private const int Height = 320;
    private const int Left = 56;
    private const int Bottom = 44;
    private const int Top = 28;
    private const int Right = 12;
    private const int Ticks = 5;

    private static readonly string[] Colours = ["#1f6feb", "#d1242f", "#1a7f37", "#8250df", "#bc4c00", "#0a7ea4", "#9a6700", "#bf3989"];

    private readonly List<(string Name, IReadOnlyList<double[]> Points, bool HasDots)> _lines = [];

    public SvgPlot Add(string name, IReadOnlyList<double[]> points, bool hasDots = false)
    {
        var finite = points.Where(static point => double.IsFinite(point[0]) && double.IsFinite(point[1])).ToArray();
        if (finite.Length > 0)
        {
            _lines.Add((name, finite, hasDots));
        }

        return this;
    }

    /// <param name="unit">Whether both axes go from 0 to 1, with the diagonal drawn.</param>
    public string Render(bool unit)
    {
        if (_lines.Count == 0)
        {
            return "";
        }

        var all = _lines.SelectMany(static line => line.Points).ToArray();
        var (x0, x1) = unit ? (0, 1) : Range(all.Select(static point => point[0]));
        var (y0, y1) = unit ? (0, 1) : Range(all.Select(static point => point[1]));
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg width=\"{Width}\" height=\"{Height + (16 * _lines.Count)}\" role=\"img\"><text x=\"{Left}\" y=\"18\" class=\"title\">{Text(title)}</text>");
        for (var tick = 0; tick <= Ticks; tick++)
        {
            var share = (double)tick / Ticks;
            var (x, y) = (X(x0 + (share * (x1 - x0))), Y(y0 + (share * (y1 - y0))));
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{x:0.#} {Top}V{Height - Bottom}M{Left} {y:0.#}H{Width - Right}\" class=\"grid\"/>")
                .Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{x0 + (share * (x1 - x0)):G3}</text>")
                .Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{y0 + (share * (y1 - y0)):G3}</text>");
        }

        if (unit)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{X(0):0.#} {Y(0):0.#}L{X(1):0.#} {Y(1):0.#}\" class=\"diagonal\"/>");
        }

        for (var index = 0; index < _lines.Count; index++)
        {
            var ((name, points, hasDots), colour) = (_lines[index], Colours[index % Colours.Length]);
            var path = string.Join('L', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point[0]):0.##} {Y(point[1]):0.##}")));
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>");
            foreach (var point in hasDots ? points : [])
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

    private static (double Least, double Most) Range(IEnumerable<double> values)
    {
        var (least, most) = (values.Min(), values.Max());
        return least < most ? (least, most) : (least - 0.5, most + 0.5);
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}

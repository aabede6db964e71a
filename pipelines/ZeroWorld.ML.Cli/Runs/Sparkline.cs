namespace ZeroWorld.ML.Cli;

/// <summary>Values as one line of blocks.</summary>
internal static class Sparkline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";
    private const int WidthMax = 24;

    /// <returns>One block per value, or per group of values where there are many; empty for fewer than two. A value that is no number is a space.</returns>
    public static string Of(IReadOnlyList<double> values)
    {
        if (values.Count < 2)
        {
            return "";
        }

        var width = Math.Min(values.Count, WidthMax);
        double[] shown = [.. Enumerable.Range(0, width).Select(index => values[(int)((long)index * (values.Count - 1) / (width - 1))])];
        double[] finite = [.. shown.Where(double.IsFinite)];
        if (finite.Length == 0)
        {
            return "";
        }

        var (least, most) = (finite.Min(), finite.Max());
        return string.Concat(shown.Select(value => !double.IsFinite(value) ? ' '
            : most == least ? Blocks[3] : Blocks[(int)Math.Round((value - least) / (most - least) * (Blocks.Length - 1))]));
    }
}

using System.Buffers;
using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Hosting;

/// <summary>Writes metrics in the text format of Prometheus, version 0.0.4: the samples of a family stand together, behind its type.</summary>
internal sealed class PrometheusText(IBufferWriter<byte> output)
{
    /// <summary>Begins a family.</summary>
    /// <param name="type"><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</param>
    /// <param name="help">One line.</param>
    public void Family(string name, string type, string help) => Write($"# HELP {name} {help}\n# TYPE {name} {type}\n");

    /// <param name="labels">As <see cref="Labels"/> makes them; empty for none.</param>
    public void Sample(string name, string labels, double value) =>
        Write(labels.Length == 0 ? $"{name} {ToText(value)}\n" : $"{name}{{{labels}}} {ToText(value)}\n");

    /// <summary>One series of a histogram: its buckets, cumulated, its sum and its count.</summary>
    /// <param name="bounds">Upper bounds of all buckets but the last, which has none.</param>
    /// <param name="buckets">How many values each holds by itself.</param>
    public void Histogram(string name, string labels, IReadOnlyList<double> bounds, IReadOnlyList<long> buckets, double sum)
    {
        var count = 0L;
        for (var bucket = 0; bucket < buckets.Count; bucket++)
        {
            count += buckets[bucket];
            var bound = bucket < bounds.Count ? ToText(bounds[bucket]) : "+Inf";
            Write($"{name}_bucket{{{labels},le=\"{bound}\"}} {ToText(count)}\n");
        }

        Sample($"{name}_sum", labels, sum);
        Sample($"{name}_count", labels, count);
    }

    /// <returns>Labels as a sample has them between its braces.</returns>
    public static string Labels(params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in labels)
        {
            text.Append(text.Length == 0 ? "" : ",").Append(name).Append("=\"").Append(Escape(value)).Append('"');
        }

        return text.ToString();
    }

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string ToText(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private void Write(string text) => Encoding.UTF8.GetBytes(text, output);
}

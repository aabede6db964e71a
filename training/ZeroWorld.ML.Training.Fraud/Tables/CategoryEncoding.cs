using System.Globalization;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>How one categorical column becomes numbers: an own column per value, or the smoothed share of positives where there are many values.</summary>
/// <remarks>A value that training has not seen is 0 everywhere, or has the share of all training rows. Null is the value "" (an empty text). Immutable.</remarks>
internal sealed class CategoryEncoding
{
    /// <summary>More values than this are encoded by their share of positives.</summary>
    internal const int OneHotMax = 24;

    /// <summary>Values that are kept by their share, at most: the most frequent ones.</summary>
    internal const int ValuesMax = 10_000;

    // Rows of the mean that each value starts with.
    private const double Smoothing = 20;

    private CategoryEncoding(string name, CategoryFeatures features)
    {
        (Name, Features) = (name, features);
        Columns = features.Shares is null ? [.. features.Values.Select(value => $"{name}={value}")] : [$"{name} (share of positives)"];
    }

    internal string Name { get; }

    /// <summary>Names of the encoded columns.</summary>
    internal IReadOnlyList<string> Columns { get; }

    /// <summary>What a value becomes.</summary>
    internal CategoryFeatures Features { get; }

    internal static CategoryEncoding Fit(string name, string[] column, bool[] labels, ReadOnlySpan<int> rows)
    {
        var counts = new Dictionary<string, (int Rows, int Positives)>(StringComparer.Ordinal);
        var positives = 0;
        foreach (var row in rows)
        {
            var (count, positive) = counts.GetValueOrDefault(column[row]);
            counts[column[row]] = (count + 1, positive + (labels[row] ? 1 : 0));
            positives += labels[row] ? 1 : 0;
        }

        var kept = counts.OrderByDescending(static entry => entry.Value.Rows).ThenBy(static entry => entry.Key, StringComparer.Ordinal).Take(ValuesMax)
            .OrderBy(static entry => entry.Key, StringComparer.Ordinal).ToArray();
        var prior = (double)positives / rows.Length;
        float[]? shares = counts.Count <= OneHotMax ? null : [.. kept.Select(entry => (float)Smooth(entry.Value.Positives, entry.Value.Rows, prior))];
        return new CategoryEncoding(name, new CategoryFeatures([.. kept.Select(static entry => entry.Key)], shares, (float)prior));
    }

    /// <summary>
    /// For the rows that the encoding was fitted on: the share of positives among the earlier of them only, so that no row sees its own label (Prokhorenkova et al. 2018, ordered target statistics).
    /// </summary>
    /// <param name="encoded">Receives one value per row of <paramref name="rows"/>; untouched for a one-hot column.</param>
    /// <returns>Whether the column is one of shares.</returns>
    internal bool TryEncodeOrdered(string[] column, bool[] labels, ReadOnlySpan<int> rows, Span<float> encoded)
    {
        if (Features.Shares is null)
        {
            return false;
        }

        var counts = new Dictionary<string, (int Rows, int Positives)>(StringComparer.Ordinal);
        for (var index = 0; index < rows.Length; index++)
        {
            var (value, isPositive) = (column[rows[index]], labels[rows[index]]);
            var (count, positives) = counts.GetValueOrDefault(value);
            encoded[index] = Features.Knows(value) ? (float)Smooth(positives, count, Features.UnknownShare) : Features.UnknownShare;
            counts[value] = (count + 1, positives + (isPositive ? 1 : 0));
        }

        return true;
    }

    /// <summary>Adds the nodes of <see cref="CategoryFeatures.Encode"/>: column <paramref name="position"/> of a text value [rows, n] to FP32 [rows, columns].</summary>
    internal void AddTo(OnnxGraphBuilder graph, string input, int position, string output)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"category_{position}");
        graph.AddInitializer($"{prefix}_position", [(long)position], 1)
            .AddNode("Gather", [input, $"{prefix}_position"], [$"{prefix}_text"], [OnnxAttribute.Of("axis", 1L)]);
        if (Features.Shares is { } shares)
        {
            graph.AddNode(
                "LabelEncoder",
                [$"{prefix}_text"],
                [output],
                [OnnxAttribute.Of("keys_strings", Features.Values), OnnxAttribute.Of("values_floats", shares), OnnxAttribute.Of("default_float", Features.UnknownShare)],
                OnnxGraphBuilder.MlDomain);
            return;
        }

        long[] codes = [.. Enumerable.Range(0, Features.Values.Count).Select(static code => (long)code)];
        graph.AddNode(
                "LabelEncoder",
                [$"{prefix}_text"],
                [$"{prefix}_code"],
                [OnnxAttribute.Of("keys_strings", Features.Values), OnnxAttribute.Of("values_int64s", codes), OnnxAttribute.Of("default_int64", -1L)],
                OnnxGraphBuilder.MlDomain)
            .AddInitializer($"{prefix}_codes", codes, 1, codes.Length)
            .AddNode("Equal", [$"{prefix}_code", $"{prefix}_codes"], [$"{prefix}_is"])
            .AddNode("Cast", [$"{prefix}_is"], [output], [OnnxAttribute.Of("to", 1L)]);
    }

    private static double Smooth(int positives, int rows, double prior) => (positives + (Smoothing * prior)) / (rows + Smoothing);
}

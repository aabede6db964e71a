namespace ZeroWorld.ML.Models;

/// <summary>Summary of one column over the training rows.</summary>
/// <param name="Count">Rows, nulls included.</param>
/// <param name="Nulls">Rows without a value (NaN).</param>
/// <param name="Quantiles">At <see cref="Levels"/>, of the values; NaN when there is none.</param>
/// <param name="Mean">Of the values; NaN when there is none.</param>
/// <param name="Stddev">Of the values as a whole population (divided by their number); NaN when there is none.</param>
public sealed record ReferenceDistribution(long Count, long Nulls, IReadOnlyList<double> Quantiles, double Mean, double Stddev)
{
    /// <summary>The levels of <see cref="Quantiles"/>.</summary>
    public static IReadOnlyList<double> Levels { get; } = [0, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 1];

    /// <summary>Measures a column; NaN is a null.</summary>
    /// <remarks>Quantiles interpolate linearly between the two nearest values (Hyndman and Fan 1996, type 7).</remarks>
    public static ReferenceDistribution Measure(ReadOnlySpan<double> column)
    {
        var sorted = new double[column.Length];
        var count = 0;
        double mean = 0, squares = 0;
        foreach (var value in column)
        {
            if (double.IsNaN(value))
            {
                continue;
            }

            // Welford 1962: no difference of large sums.
            sorted[count++] = value;
            var difference = value - mean;
            mean += difference / count;
            squares += difference * (value - mean);
        }

        var values = sorted.AsSpan(0, count);
        values.Sort();
        var quantiles = new double[Levels.Count];
        for (var index = 0; index < quantiles.Length; index++)
        {
            quantiles[index] = Quantile(values, Levels[index]);
        }

        return count == 0
            ? new ReferenceDistribution(column.Length, column.Length, quantiles, double.NaN, double.NaN)
            : new ReferenceDistribution(column.Length, column.Length - count, quantiles, mean, Math.Sqrt(squares / count));
    }

    internal string? FindProblem() =>
        Quantiles.Count != Levels.Count ? $"has {Quantiles.Count} quantiles; expected {Levels.Count}"
        : Count < 0 || Nulls < 0 || Nulls > Count ? $"has {Nulls} nulls in {Count} rows"
        : Quantiles.Zip(Quantiles.Skip(1)).Any(static pair => pair.First > pair.Second) ? "has quantiles that do not ascend"
        : null;

    private static double Quantile(ReadOnlySpan<double> sorted, double level)
    {
        if (sorted.IsEmpty)
        {
            return double.NaN;
        }

        var position = level * (sorted.Length - 1);
        var lower = (int)position;
        var fraction = position - lower;
        return fraction == 0 || sorted[lower] == sorted[lower + 1] ? sorted[lower] : sorted[lower] + (fraction * (sorted[lower + 1] - sorted[lower]));
    }
}

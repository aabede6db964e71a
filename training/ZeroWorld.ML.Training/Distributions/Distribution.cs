namespace ZeroWorld.ML.Training;

/// <summary>How the values of one feature or output were spread over the training rows (reference.json of docs/formats/model-package.md).</summary>
public sealed record Distribution
{
    /// <summary>The probabilities of <see cref="Quantiles"/>.</summary>
    public static readonly IReadOnlyList<double> Probabilities = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1];

    /// <value>Rows, missing ones included.</value>
    public required long Count { get; init; }

    /// <value>Missing values (NaN).</value>
    public required long Nulls { get; init; }

    /// <value>At <see cref="Probabilities"/>, linear between order statistics; empty when all are missing.</value>
    public required IReadOnlyList<double> Quantiles { get; init; }

    public required double Mean { get; init; }

    /// <value>Sample standard deviation; 0 below two values.</value>
    public required double StdDev { get; init; }

    /// <param name="values">Values in any order; sorted in place.</param>
    public static Distribution Of(Span<float> values)
    {
        // NaN sorts before every number.
        values.Sort();
        var nulls = 0;
        while (nulls < values.Length && float.IsNaN(values[nulls]))
        {
            nulls++;
        }

        var present = values[nulls..];
        var (mean, squares) = (0.0, 0.0);
        for (var index = 0; index < present.Length; index++)
        {
            var difference = present[index] - mean;
            mean += difference / (index + 1);
            squares += difference * (present[index] - mean);
        }

        return new Distribution
        {
            Count = values.Length,
            Nulls = nulls,
            Quantiles = QuantilesOf(present),
            Mean = mean,
            StdDev = present.Length < 2 ? 0 : Math.Sqrt(squares / (present.Length - 1)),
        };
    }

    private static double[] QuantilesOf(ReadOnlySpan<float> sorted)
    {
        if (sorted.IsEmpty)
        {
            return [];
        }

        var quantiles = new double[Probabilities.Count];
        for (var index = 0; index < quantiles.Length; index++)
        {
            var position = Probabilities[index] * (sorted.Length - 1);
            var below = (int)position;
            var above = Math.Min(below + 1, sorted.Length - 1);
            quantiles[index] = sorted[below] + ((position - below) * ((double)sorted[above] - sorted[below]));
        }

        return quantiles;
    }
}

namespace ZeroWorld.ML.Training;

/// <summary>One metric over several seeds.</summary>
/// <param name="Mean">Mean.</param>
/// <param name="Spread">Sample standard deviation; 0 with one seed.</param>
public readonly record struct MeasuredValue(double Mean, double Spread)
{
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static MeasuredValue Of(IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count == 0)
        {
            throw new ArgumentException("A mean needs at least one value.", nameof(values));
        }

        var mean = values.Average();
        var squares = values.Sum(value => (value - mean) * (value - mean));
        return new MeasuredValue(mean, values.Count == 1 ? 0 : Math.Sqrt(squares / (values.Count - 1)));
    }

    public override string ToString() => $"{Mean:F4} ± {Spread:F4}";
}

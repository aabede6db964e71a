namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Whole numbers in columns of fractions. Pure functions.</summary>
internal static class WholeNumbers
{
    // Beyond 2^53 not every whole number is a double: what was written is not known.
    private const double Most = 9_007_199_254_740_992;

    /// <returns>The numbers, <see cref="long.MinValue"/> for a missing one (NaN); <see langword="null"/> when one is a fraction, infinite or beyond 2^53.</returns>
    internal static long[]? TryRead(double[] numbers) =>
        Array.TrueForAll(numbers, static number => double.IsNaN(number) || (Math.Abs(number) <= Most && Math.Truncate(number) == number))
            ? Array.ConvertAll(numbers, static number => double.IsNaN(number) ? long.MinValue : (long)number)
            : null;
}

namespace ZeroWorld.ML.Features;

/// <summary>What a column of a training set holds.</summary>
/// <param name="Name">Name of the column.</param>
/// <param name="Type">Type of its values.</param>
/// <param name="Rows">Rows, with those that are null.</param>
/// <param name="Nulls">Rows without a value.</param>
/// <param name="NotANumber">Rows whose value is NaN; they count neither for minimum and maximum nor for the mean.</param>
/// <param name="Minimum">Smallest value; <see langword="null"/> for texts and bytes, and where there is none. Timestamps in microseconds.</param>
/// <param name="Maximum">Greatest value.</param>
/// <param name="Mean">Sum divided by number. The sum of integers, bools and times is exact, that of floats is computed in float64.</param>
/// <param name="OutOfBounds">Values outside of the bounds that the feature's definition declares; 0 where it declares none.</param>
public sealed record ColumnStatistics(
    string Name, FeatureType Type, long Rows, long Nulls, long NotANumber, double? Minimum, double? Maximum, double? Mean, long OutOfBounds);

namespace ZeroWorld.ML.Features;

/// <summary>One aggregate over one window.</summary>
/// <param name="Field">Name, default, and the type that <see cref="ResultTypeOf"/> gives.</param>
/// <param name="Function">The aggregate.</param>
/// <param name="Column">Source column; <see langword="null"/> only for a count of rows.</param>
/// <param name="Window">W, positive.</param>
public sealed record WindowFeature(FeatureField Field, AggregateFunction Function, string? Column, TimeSpan Window)
{
    /// <summary>Distinct values up to which <c>count_distinct</c> and <c>top_k</c> answer; a window that holds more is UNAVAILABLE, on both sides.</summary>
    public const int DistinctMax = 4096;

    /// <summary>Longest list.</summary>
    public const int ListLengthMax = 100;

    /// <value>What the column holds: float64 (any number; the default), int64 or string. The latter two keep every bit of ids.</value>
    public FeatureType ColumnType { get; init; } = FeatureType.Float64;

    /// <value>Elements of a list, 1 to <see cref="ListLengthMax"/>; 0 for other aggregates.</value>
    public int Length { get; init; }

    /// <value>The rank of a percentile, 0 (the least) to 1 (the greatest); 0 for other aggregates.</value>
    public double Rank { get; init; }

    /// <value>With precision <c>hop</c>: the grid to which the tail of the window is widened; zero: as <see cref="HopLadder.DefaultOf"/> says.</value>
    public TimeSpan Hop { get; init; }

    /// <summary>Whether the aggregate computes with numbers.</summary>
    public bool NeedsNumbers => Function is AggregateFunction.Sum or AggregateFunction.Mean or AggregateFunction.Min or AggregateFunction.Max
        or AggregateFunction.Variance or AggregateFunction.StandardDeviation or AggregateFunction.Percentile;

    /// <summary>The type of an aggregate's value.</summary>
    public static FeatureType ResultTypeOf(AggregateFunction function, FeatureType columnType) => function switch
    {
        AggregateFunction.Count or AggregateFunction.CountDistinct or AggregateFunction.ApproximateCountDistinct => FeatureType.Int64,
        AggregateFunction.First or AggregateFunction.Last => columnType,
        AggregateFunction.FirstK or AggregateFunction.LastK or AggregateFunction.TopK => columnType switch
        {
            FeatureType.Int64 => FeatureType.Int64List,
            FeatureType.String => FeatureType.StringList,
            _ => FeatureType.Float64List,
        },
        _ => FeatureType.Float64,
    };
}

namespace ZeroWorld.ML.Features;

/// <summary>Aggregates over the events of a window. Null inputs are skipped; NaN is a value.</summary>
/// <remarks>None is ever subtracted: a window is always added up from its events or tiles. Numbers are part of fingerprints and never change.</remarks>
public enum AggregateFunction
{
    /// <summary>Rows, or non-null values of a column. 0 of nothing. int64.</summary>
    Count = 0,

    /// <summary>0 of nothing; NaN when any value is NaN. float64.</summary>
    Sum = 1,

    /// <summary>NULL of nothing. float64.</summary>
    Mean = 2,

    /// <summary>NULL of nothing; NaN when any value is NaN. float64.</summary>
    Min = 3,

    /// <summary>NULL of nothing; NaN when any value is NaN. float64.</summary>
    Max = 4,

    /// <summary>Sample variance (n - 1); NULL below two values. float64.</summary>
    Variance = 5,

    /// <summary>Square root of the sample variance; NULL below two values. float64.</summary>
    StandardDeviation = 6,

    /// <summary>Value of the oldest event by (event time, created time, id); NULL of nothing. Type of the column.</summary>
    First = 7,

    /// <summary>Value of the newest event by (event time, created time, id); NULL of nothing. Type of the column.</summary>
    Last = 8,

    /// <summary>Distinct values, exactly; 0 of nothing; withheld (UNAVAILABLE) above <see cref="WindowFeature.DistinctMax"/>. int64.</summary>
    CountDistinct = 9,

    /// <summary>Distinct values by HyperLogLog with 4,096 registers: standard error 1.6 %. 0 of nothing. int64.</summary>
    ApproximateCountDistinct = 10,

    /// <summary>Linear between ranks; NULL of nothing; NaN when any value is NaN. Exact, or within 1/128 of it with precision <c>hop</c>. float64.</summary>
    Percentile = 11,

    /// <summary>Values of the k oldest events, oldest first; an empty list of nothing. List of the column's type.</summary>
    FirstK = 12,

    /// <summary>Values of the k newest events, newest first; an empty list of nothing. List of the column's type.</summary>
    LastK = 13,

    /// <summary>The k most frequent values, most frequent first, equal frequencies by ascending value; an empty list of nothing; withheld
    /// (UNAVAILABLE) above <see cref="WindowFeature.DistinctMax"/> distinct values. List of the column's type.</summary>
    TopK = 14,
}

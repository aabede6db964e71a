namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The row at hand of a view's source, in the columns that <see cref="EntityHistory"/> names. Not thread safe.</summary>
internal interface IHistoryRow
{
    /// <summary>Goes on to the next row.</summary>
    /// <returns><see langword="false"/> at the end, as often as it is asked.</returns>
    /// <exception cref="FeatureException">The engine stopped.</exception>
    bool Read();

    /// <summary>The bits of a column of 8 bytes: int64, float64 or timestamp; of a null, any.</summary>
    long GetInt64(int ordinal);

    bool IsNull(int ordinal);

    /// <summary>A value of a column that <see cref="ColumnTypes.Convert"/> made: timestamps are BIGINT microseconds.</summary>
    FeatureValue GetValue(int ordinal, FeatureType type);
}

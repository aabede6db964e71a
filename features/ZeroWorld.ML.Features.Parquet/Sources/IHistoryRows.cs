namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Rows of a view's source, one at hand at a time, in the columns that <see cref="EntityHistory"/> names. Not thread safe.</summary>
internal interface IHistoryRows : IDisposable
{
    /// <returns><see langword="false"/> at the end, as often as it is asked.</returns>
    /// <exception cref="FeatureException">The engine stopped.</exception>
    bool Read();

    long GetInt64(int ordinal);

    /// <summary>A value of a column that <see cref="ColumnTypes.Convert"/> made: timestamps are BIGINT microseconds.</summary>
    FeatureValue GetValue(int ordinal, FeatureType type);
}

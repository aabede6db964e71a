namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The cells of one view for a range of spine rows.</summary>
/// <remarks>Not thread safe: blocks are read one after the other.</remarks>
internal abstract class ViewCells
{
    /// <summary>Writes a column of the service for consecutive rows, defaults in their place.</summary>
    /// <param name="column">Index of the service's column; it belongs to this view.</param>
    /// <param name="first">First row in the range.</param>
    /// <param name="moments">q of each row, at most <see cref="ColumnBuffer.BlockRows"/>.</param>
    /// <param name="target">Receives the values.</param>
    /// <param name="statuses">Receives the statuses.</param>
    public abstract void Write(int column, int first, ReadOnlySpan<long> moments, ColumnBuffer target, Span<FeatureStatus> statuses);
}

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The cells of some views for a range of spine rows.</summary>
/// <remarks>Immutable and thread safe, until it is disposed.</remarks>
internal abstract class ViewCells : IDisposable
{
    /// <summary>Rows that are written at a time.</summary>
    public const int RowsMax = 256;

    /// <summary>Nothing can be asked any more. Cells that several views share are disposed by each.</summary>
    public abstract void Dispose();

    /// <summary>Bytes of the longest text or list of a column of the service; 0 for numbers.</summary>
    public abstract int LongestOf(int column);

    /// <summary>Bytes of a text or a list of the column.</summary>
    /// <param name="row">In the range.</param>
    public abstract int LengthOf(int column, int row);

    /// <summary>Writes columns of the service for consecutive rows, defaults in their place.</summary>
    /// <param name="block">First row of the block in the range.</param>
    /// <param name="at">First row to write, in the block.</param>
    /// <param name="moments">q of each row, at most <see cref="RowsMax"/>.</param>
    /// <param name="columns">Columns of these views.</param>
    public abstract void Write(int block, int at, ReadOnlySpan<long> moments, ReadOnlySpan<CellTarget> columns);
}

/// <summary>Where the cells of a column go.</summary>
/// <param name="Column">Index of the service's column.</param>
/// <param name="Values">Receives the values of a block.</param>
/// <param name="Statuses">Receives their statuses; empty: nobody asks for them.</param>
internal readonly record struct CellTarget(int Column, ColumnBuffer Values, FeatureStatus[] Statuses);

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>How a row of a view's source lies in <see cref="GroupedRows"/>: bits that say what is null, then 8 bytes per column, then its place in the table.</summary>
/// <remarks>Immutable and thread safe. Columns as <see cref="EntityHistory"/> names them, without the partition. A text is the address of its length and bytes.</remarks>
internal sealed class RowLayout
{
    private const int WordBits = 64;

    private readonly FeatureType?[] _types;

    /// <param name="view">Whose rows.</param>
    /// <param name="eventId">Type of the event id; <see langword="null"/>: rows have none.</param>
    /// <param name="isOrdered">Whether rows of one entity are wanted in the order of their arrival.</param>
    public RowLayout(FeatureView view, FeatureType? eventId, bool isOrdered)
    {
        IsOrdered = isOrdered;
        _types =
        [
            null, FeatureType.Int64, FeatureType.Int64, eventId, .. view.StoredColumns.Select(static column => (FeatureType?)column.Type),
            .. view.Entity.Keys.Select(static key => (FeatureType?)key.Type),
        ];
        KeysOrdinal = _types.Length - view.Entity.Keys.Count;
        NullWords = (_types.Length + WordBits - 1) / WordBits;
        Width = (NullWords + _types.Length) * sizeof(long);
    }

    public bool IsOrdered { get; }

    /// <summary>Columns, the partition among them as the first.</summary>
    public int Columns => _types.Length;

    public int KeysOrdinal { get; }

    public int NullWords { get; }

    /// <summary>Bytes of a row.</summary>
    public int Width { get; }

    /// <summary>Where the place in the table lies, which orders rows that arrived together: behind the last column.</summary>
    public int PlaceOffset => Width - sizeof(long);

    /// <returns><see langword="null"/>: the column is not held.</returns>
    public FeatureType? TypeOf(int ordinal) => _types[ordinal];

    // The partition is not held: every other column lies one place before its number.
    public int OffsetOf(int ordinal) => (NullWords + ordinal - 1) * sizeof(long);
}

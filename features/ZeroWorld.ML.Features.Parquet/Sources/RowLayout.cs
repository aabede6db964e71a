namespace ZeroWorld.ML.Features.Parquet;

/// <summary>How a row of a view's source lies in <see cref="GroupedRows"/>: bits that say what is null, then 8 bytes per column that is held, then its place in the table.</summary>
/// <remarks>Immutable and thread safe. Columns as <see cref="EntityHistory"/> names them, without the partition. A text is the address of its length and bytes.</remarks>
internal sealed class RowLayout
{
    private const int WordBits = 64;

    private readonly FeatureType?[] _types;
    private readonly int[] _offsets;

    /// <param name="view">Whose rows.</param>
    /// <param name="eventId">Type of the event id; <see langword="null"/>: rows have none.</param>
    /// <param name="hasCreatedTime">Whether rows have a created time of their own; else the event time is it.</param>
    /// <param name="isOrdered">Whether rows of one entity are wanted in the order of their arrival.</param>
    public RowLayout(FeatureView view, FeatureType? eventId, bool hasCreatedTime, bool isOrdered)
    {
        IsOrdered = isOrdered;
        _types =
        [
            null, FeatureType.Int64, hasCreatedTime ? FeatureType.Int64 : null, eventId, .. view.StoredColumns.Select(static column => (FeatureType?)column.Type),
            .. view.Entity.Keys.Select(static key => (FeatureType?)key.Type),
        ];
        KeysOrdinal = _types.Length - view.Entity.Keys.Count;
        NullWords = (_types.Length + WordBits - 1) / WordBits;
        _offsets = new int[_types.Length];
        var end = NullWords * sizeof(long);
        for (var ordinal = 0; ordinal < _types.Length; ordinal++)
        {
            (_offsets[ordinal], end) = (end, end + (_types[ordinal] is null ? 0 : sizeof(long)));
        }

        if (!hasCreatedTime)
        {
            _offsets[EntityHistory.CreatedTimeOrdinal] = _offsets[EntityHistory.EventTimeOrdinal];
        }

        (PlaceOffset, Width) = (end, end + (isOrdered ? sizeof(long) : 0));
    }

    public bool IsOrdered { get; }

    /// <summary>Columns, the partition among them as the first.</summary>
    public int Columns => _types.Length;

    public int KeysOrdinal { get; }

    public int NullWords { get; }

    /// <summary>Bytes of a row.</summary>
    public int Width { get; }

    /// <summary>Where the place in the table lies, which orders rows that arrived together: behind the last column, where rows are ordered.</summary>
    public int PlaceOffset { get; }

    /// <returns><see langword="null"/>: the column has no place of its own.</returns>
    public FeatureType? TypeOf(int ordinal) => _types[ordinal];

    public int OffsetOf(int ordinal) => _offsets[ordinal];
}

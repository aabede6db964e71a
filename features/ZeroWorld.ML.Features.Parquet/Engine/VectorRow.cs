namespace ZeroWorld.ML.Features.Parquet;

/// <summary>One row of vectors that somebody else reads and owns. Not thread safe.</summary>
internal sealed unsafe class VectorRow(int columns) : IHistoryRow
{
    private readonly nint[] _handles = new nint[columns];
    private readonly nint[] _data = new nint[columns];
    private readonly nint[] _validity = new nint[columns];
    private int _count;

    /// <value>Which of the rows at hand.</value>
    public int Index { get; set; }

    /// <summary>Takes the rows at hand of some vectors, the first of them to begin with; good until those are read on.</summary>
    public void Take(DuckDbVectors vectors)
    {
        for (var ordinal = 0; ordinal < _data.Length; ordinal++)
        {
            var column = vectors.Column(ordinal);
            (_handles[ordinal], _data[ordinal], _validity[ordinal]) = (column.Handle, column.Data, column.Validity);
        }

        (_count, Index) = (vectors.Count, 0);
    }

    /// <inheritdoc/>
    /// <returns><see langword="false"/>: it is one row.</returns>
    public bool Read() => false;

    /// <inheritdoc/>
    public long GetInt64(int ordinal) => Column(ordinal).Bits(Index, FeatureType.Int64);

    /// <inheritdoc/>
    public bool IsNull(int ordinal) => Column(ordinal).IsNull(Index);

    /// <inheritdoc/>
    public FeatureValue GetValue(int ordinal, FeatureType type) => Column(ordinal).Value(Index, type);

    private DuckDbVector Column(int ordinal) => new(_handles[ordinal], (byte*)_data[ordinal], (ulong*)_validity[ordinal], _count);
}

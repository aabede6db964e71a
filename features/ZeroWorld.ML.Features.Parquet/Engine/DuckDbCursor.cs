namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Rows of one query, streamed, read from the engine's own vectors: a few nanoseconds per value. Owns its connection. Not thread safe.</summary>
internal sealed unsafe class DuckDbCursor : IHistoryRows
{
    private readonly DuckDbVectors _vectors;
    private readonly nint[] _handles;
    private readonly nint[] _data;
    private readonly nint[] _validity;
    private int _row;
    private bool _isDisposed;

    /// <param name="vectors">The result; belongs to the cursor from now on.</param>
    /// <param name="columns">Columns of it.</param>
    public DuckDbCursor(DuckDbVectors vectors, int columns)
    {
        _vectors = vectors;
        _handles = new nint[columns];
        _data = new nint[columns];
        _validity = new nint[columns];
        _row = -1;
    }

    /// <inheritdoc/>
    public bool Read()
    {
        _row++;
        while (_row >= _vectors.Count)
        {
            if (!_vectors.Read())
            {
                return false;
            }

            for (var ordinal = 0; ordinal < _data.Length; ordinal++)
            {
                var column = _vectors.Column(ordinal);
                (_handles[ordinal], _data[ordinal], _validity[ordinal]) = (column.Handle, column.Data, column.Validity);
            }

            _row = 0;
        }

        return true;
    }

    /// <inheritdoc/>
    public long GetInt64(int ordinal) => Column(ordinal).Bits(_row, FeatureType.Int64);

    /// <inheritdoc/>
    public FeatureValue GetValue(int ordinal, FeatureType type) => Column(ordinal).Value(_row, type);

    public void Dispose()
    {
        // Once: the engine frees a result each time that it is told to.
        if (!_isDisposed)
        {
            _isDisposed = true;
            _vectors.Dispose();
        }
    }

    private DuckDbVector Column(int ordinal) => new(_handles[ordinal], (byte*)_data[ordinal], (ulong*)_validity[ordinal], _vectors.Count);
}

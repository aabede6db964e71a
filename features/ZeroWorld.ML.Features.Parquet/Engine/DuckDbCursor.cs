namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Rows of one query, streamed, read from the engine's own vectors: a few nanoseconds per value. Owns its connection. Not thread safe.</summary>
internal sealed class DuckDbCursor : IHistoryRows
{
    private readonly DuckDbVectors _vectors;
    private readonly VectorRow _row;
    private bool _isDisposed;

    /// <param name="vectors">The result; belongs to the cursor from now on.</param>
    /// <param name="columns">Columns of it.</param>
    public DuckDbCursor(DuckDbVectors vectors, int columns)
    {
        _vectors = vectors;
        _row = new VectorRow(columns) { Index = -1 };
    }

    /// <inheritdoc/>
    public bool Read()
    {
        _row.Index++;
        while (_row.Index >= _vectors.Count)
        {
            if (!_vectors.Read())
            {
                return false;
            }

            _row.Take(_vectors);
        }

        return true;
    }

    /// <inheritdoc/>
    public long GetInt64(int ordinal) => _row.GetInt64(ordinal);

    /// <inheritdoc/>
    public bool IsNull(int ordinal) => _row.IsNull(ordinal);

    /// <inheritdoc/>
    public FeatureValue GetValue(int ordinal, FeatureType type) => _row.GetValue(ordinal, type);

    public void Dispose()
    {
        // Once: the engine frees a result each time that it is told to.
        if (!_isDisposed)
        {
            _isDisposed = true;
            _vectors.Dispose();
        }
    }
}

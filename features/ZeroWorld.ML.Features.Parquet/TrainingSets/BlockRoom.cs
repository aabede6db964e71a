namespace ZeroWorld.ML.Features.Parquet;

/// <summary>How many rows a block takes where texts and lists are long: it is bounded by bytes, too. Not thread safe.</summary>
/// <remarks>
/// Where a block ends depends on the values alone, never on threads or memory: what the spine has and what views give are bounded each for itself, so that the latter are
/// looked at one by one only where they are long. What transforms make, and defaults, are not counted.
/// </remarks>
internal sealed class BlockRoom
{
    /// <summary>Bytes for each column of texts or lists: a page as most writers make it.</summary>
    private const long ColumnBytes = 1 << 20;

    private const long BytesMax = 8 << 20;

    private readonly IReadOnlyList<(int Ordinal, FeatureType Type)> _spine;
    private readonly (ViewCells Cells, int Column)[] _cells;
    private readonly long _spineMax;
    private readonly long _cellsMax;
    private long _spineBytes;
    private long _cellBytes;

    /// <param name="spine">Texts and lists among the columns of the spine.</param>
    /// <param name="columns">Of the service.</param>
    /// <param name="cells">Per column of the service the cells of its view.</param>
    public BlockRoom(IReadOnlyList<(int Ordinal, FeatureType Type)> spine, IReadOnlyList<ServiceColumn> columns, ViewCells?[] cells)
    {
        _spine = spine;
        _spineMax = Math.Min(spine.Count * ColumnBytes, BytesMax);
        var texts = cells.Index().Where(item => item.Item is not null && ColumnTypes.IsOfBytes(columns[item.Index].Type)).ToArray();
        _cellsMax = Math.Min(texts.Length * ColumnBytes, BytesMax);

        // Short ones fit, however many rows a block takes.
        var longest = texts.Sum(static item => (long)item.Item!.LongestOf(item.Index));
        _cells = longest * ColumnBuffer.BlockRows <= _cellsMax ? [] : [.. texts.Select(static item => (item.Item!, item.Index))];
    }

    /// <summary>Bytes that were counted in the rows of the block.</summary>
    public long Bytes => _spineBytes + _cellBytes;

    /// <summary>The next rows are of another block.</summary>
    public void Clear() => (_spineBytes, _cellBytes) = (0, 0);

    /// <param name="count">Rows at most.</param>
    /// <param name="row">Number of the first one in the range.</param>
    /// <returns>How many rows the block takes on; the first of a block always.</returns>
    public int Fit(DuckDbChunk rows, int from, int count, int row)
    {
        Span<long> lengths = stackalloc long[DuckDbChunk.RowsMax];
        if (_spine.Count > 0)
        {
            lengths.Clear();
            foreach (var (ordinal, type) in _spine)
            {
                var column = rows.Column(ordinal);
                for (var index = 0; index < count; index++)
                {
                    lengths[index] += column.Length(from + index, type);
                }
            }

            count = Fit(lengths[..count], ref _spineBytes, _spineMax);
        }

        if (_cells.Length > 0)
        {
            // What the spine's texts took is given back where the views' make the block shorter.
            var taken = count;
            Span<long> found = stackalloc long[DuckDbChunk.RowsMax];
            found.Clear();
            foreach (var (cells, column) in _cells)
            {
                for (var index = 0; index < count; index++)
                {
                    found[index] += cells.LengthOf(column, row + index);
                }
            }

            count = Fit(found[..count], ref _cellBytes, _cellsMax);
            for (var index = count; _spine.Count > 0 && index < taken; index++)
            {
                _spineBytes -= lengths[index];
            }
        }

        return count;
    }

    private static int Fit(ReadOnlySpan<long> lengths, ref long bytes, long most)
    {
        for (var index = 0; index < lengths.Length; index++)
        {
            if (bytes > 0 && bytes + lengths[index] > most)
            {
                return index;
            }

            bytes += lengths[index];
        }

        return lengths.Length;
    }
}

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Takes rows of a view's source from the engine's vectors and puts them into their partitions. Not thread safe.</summary>
internal sealed unsafe class RowCollector : IDisposable
{
    private readonly RowLayout _layout;
    private readonly LargePages _memory = new();
    private readonly RowPages[] _partitions = new RowPages[MaterializationLedger.PartitionCount];
    private readonly nint[] _targets = new nint[DuckDbVectors.RowsMax];
    private readonly int[] _all = [.. Enumerable.Range(0, DuckDbVectors.RowsMax)];

    public RowCollector(RowLayout layout)
    {
        _layout = layout;
        for (var partition = 0; partition < _partitions.Length; partition++)
        {
            _partitions[partition] = new RowPages(layout, _memory);
        }
    }

    /// <summary>Bytes that are held.</summary>
    public long Bytes => _memory.Bytes;

    /// <summary>Rows of a partition, in the order in which they came.</summary>
    public RowPages Partition(int partition) => _partitions[partition];

    public void Dispose() => _memory.Dispose();

    /// <summary>Takes the rows at hand: the partition of each, the columns of the layout, and its place in the table where rows are ordered.</summary>
    public void Add(DuckDbVectors rows) => Add(rows, _all.AsSpan(0, rows.Count));

    /// <summary>Takes some of the rows at hand.</summary>
    /// <param name="chosen">Their numbers.</param>
    public void Add(DuckDbVectors rows, ReadOnlySpan<int> chosen)
    {
        if (chosen.IsEmpty)
        {
            return;
        }

        var partitions = (byte*)rows.Column(EntityHistory.PartitionOrdinal).Data;
        foreach (var row in chosen)
        {
            _targets[row] = (nint)_partitions[partitions[row]].Add();
        }

        for (var ordinal = EntityHistory.PartitionOrdinal + 1; ordinal < _layout.Columns; ordinal++)
        {
            if (_layout.TypeOf(ordinal) is { } type)
            {
                Copy(rows.Column(ordinal), type, ordinal, partitions, chosen);
            }
        }

        if (_layout.IsOrdered)
        {
            var places = (long*)rows.Column(_layout.Columns).Data;
            foreach (var row in chosen)
            {
                *(long*)(_targets[row] + _layout.PlaceOffset) = places[row];
            }
        }
    }

    private void Copy(DuckDbVector column, FeatureType type, int ordinal, byte* partitions, ReadOnlySpan<int> chosen)
    {
        var offset = _layout.OffsetOf(ordinal);
        if (!ColumnTypes.IsOfBytes(type) && !column.MayHaveNulls)
        {
            if (type is not (FeatureType.Bool or FeatureType.Float32))
            {
                var values = (long*)column.Data;
                foreach (var row in chosen)
                {
                    *(long*)(_targets[row] + offset) = values[row];
                }

                return;
            }

            foreach (var row in chosen)
            {
                *(long*)(_targets[row] + offset) = column.Bits(row, type);
            }

            return;
        }

        foreach (var row in chosen)
        {
            if (column.IsNull(row))
            {
                ((ulong*)_targets[row])[ordinal >> 6] |= 1UL << (ordinal & 63);
                *(long*)(_targets[row] + offset) = 0;
            }
            else
            {
                *(long*)(_targets[row] + offset) = !ColumnTypes.IsOfBytes(type)
                    ? column.Bits(row, type)
                    : _partitions[partitions[row]].AddText(ColumnTypes.IsList(type) ? column.List(row, type) : column.Bytes(row));
            }
        }
    }
}

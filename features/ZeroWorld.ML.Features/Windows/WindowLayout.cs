using System.Buffers.Binary;

namespace ZeroWorld.ML.Features;

/// <summary>Where the values of a window block's event rows lie.</summary>
internal sealed class WindowLayout
{
    private readonly FeatureType[] _types;
    private readonly int[] _offsets;
    private readonly int _bitmapOffset;

    public WindowLayout(StorageField field)
    {
        IdWidth = field.EventIdWidth;
        _types = [.. field.View.StoredColumns.Select(static column => column.Type)];
        _offsets = new int[_types.Length];
        _bitmapOffset = WindowBlockCodec.EventIdOffset + IdWidth;
        var offset = _bitmapOffset + ((_types.Length + 7) / 8);
        for (var column = 0; column < _types.Length; column++)
        {
            _offsets[column] = offset;
            offset += WindowBlockCodec.CellWidth(_types[column]);
        }

        RowWidth = offset;
    }

    public int IdWidth { get; }

    public int RowWidth { get; }

    public int Columns => _types.Length;

    public FeatureType TypeOf(int column) => _types[column];

    /// <summary>Whether every column is float64.</summary>
    public bool IsNumbersOnly => Array.TrueForAll(_types, static type => type == FeatureType.Float64);

    public bool IsNull(ReadOnlySpan<byte> row, int column) => (row[_bitmapOffset + (column >> 3)] & (1 << (column & 7))) != 0;

    /// <summary>The value of a column that is not null.</summary>
    public WindowValue Read(ReadOnlySpan<byte> row, int column)
    {
        var cell = row[_offsets[column]..];
        return _types[column] == FeatureType.String
            ? new WindowValue(0, cell.Slice(1, Math.Min((int)cell[0], WindowBlockCodec.TextBytesMax)).ToArray())
            : new WindowValue(BinaryPrimitives.ReadInt64LittleEndian(cell), null);
    }

    /// <summary>Number of leading rows with event time before <paramref name="time"/>, or also at it.</summary>
    public int CountBefore(ReadOnlySpan<byte> rows, long time, bool isInclusive)
    {
        var (low, high) = (0, rows.Length / RowWidth);
        while (low < high)
        {
            var middle = (int)(((uint)low + (uint)high) >> 1);
            var eventTime = BinaryPrimitives.ReadInt64LittleEndian(rows[(middle * RowWidth)..]);
            if (eventTime < time || (isInclusive && eventTime == time))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}

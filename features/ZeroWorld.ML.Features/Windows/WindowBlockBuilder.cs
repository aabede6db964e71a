using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;

namespace ZeroWorld.ML.Features;

/// <summary>Collects the events of one entity in any order and writes them as a window block: sorted, each event id once.</summary>
/// <remarks>Used by backfill, materialization and pushes alike. Not thread safe; <see cref="Clear"/> makes it ready for the next entity.</remarks>
public sealed class WindowBlockBuilder
{
    // Up to so many ids are looked at one after the other, which takes less than hashing them: most entities have few events.
    private const int FewIds = 16;

    private readonly StorageField _field;
    private readonly int _rowWidth;
    private readonly int _bitmapLength;
    private readonly FeatureType[] _types;
    private readonly ArrayBufferWriter<byte> _rows = new();
    private readonly UInt128[] _firstIds = new UInt128[FewIds];
    private readonly HashSet<UInt128> _ids = [];

    public WindowBlockBuilder(StorageField field)
    {
        ArgumentNullException.ThrowIfNull(field);
        _field = field;
        _rowWidth = WindowBlockCodec.RowWidth(field);
        _types = [.. field.View.StoredColumns.Select(static column => column.Type)];
        _bitmapLength = (_types.Length + 7) / 8;
    }

    /// <summary>Distinct events so far.</summary>
    public int Count { get; private set; }

    /// <summary>The newest event time so far; <see cref="long.MinValue"/> without events.</summary>
    public long Newest { get; private set; } = long.MinValue;

    /// <param name="eventTime">Microseconds since the epoch.</param>
    /// <param name="createdTime">Microseconds since the epoch.</param>
    /// <param name="eventId">An int64 or string id, or a null: then <paramref name="entityKey"/> and the row make the id.</param>
    /// <param name="entityKey">Encoded key of the entity.</param>
    /// <param name="values">One per stored column; null is <see cref="FeatureValue.IsNull"/>, numbers of any numeric type where the column is float64.</param>
    /// <param name="idCreatedTime">The created time that goes into an id made of the row; <see langword="null"/>: the one of the event.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a text is longer than a window holds; nothing changed.</exception>
    /// <returns><see langword="false"/> when an event of this id is already there; nothing changed.</returns>
    public bool Add(
        long eventTime, long createdTime, FeatureValue eventId, string entityKey, ReadOnlySpan<FeatureValue> values, long? idCreatedTime = null)
    {
        var row = _rows.GetSpan(_rowWidth)[.._rowWidth];
        row.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(row, eventTime);
        BinaryPrimitives.WriteInt64LittleEndian(row[WindowBlockCodec.CreatedTimeOffset..], idCreatedTime ?? createdTime);
        var bitmap = row.Slice(WindowBlockCodec.EventIdOffset + _field.EventIdWidth, _bitmapLength);
        var cells = row[(WindowBlockCodec.EventIdOffset + _field.EventIdWidth + _bitmapLength)..];
        for (var index = 0; index < values.Length; index++)
        {
            if (values[index].IsNull)
            {
                bitmap[index >> 3] |= (byte)(1 << (index & 7));
            }
            else
            {
                WriteCell(cells, values[index], index);
            }

            cells = cells[WindowBlockCodec.CellWidth(_types[index])..];
        }

        var id = row.Slice(WindowBlockCodec.EventIdOffset, _field.EventIdWidth);
        WriteId(id, eventId, entityKey, row);
        BinaryPrimitives.WriteInt64LittleEndian(row[WindowBlockCodec.CreatedTimeOffset..], createdTime);
        return TryKeep(row, eventTime);
    }

    /// <summary>As <see cref="Add"/>, of an event that has an int64 id and whose stored columns are all numbers.</summary>
    /// <param name="eventTime">Microseconds since the epoch.</param>
    /// <param name="createdTime">Microseconds since the epoch.</param>
    /// <param name="numbers">One per stored column: the bits of a float64 or an int64; <see langword="null"/>: the event has no value there.</param>
    /// <returns><see langword="false"/> when an event of this id is already there; nothing changed.</returns>
    public bool AddNumbers(long eventTime, long createdTime, long eventId, ReadOnlySpan<long?> numbers)
    {
        Debug.Assert(_field.EventIdWidth == sizeof(long) && numbers.Length == _types.Length);
        var row = _rows.GetSpan(_rowWidth)[.._rowWidth];
        BinaryPrimitives.WriteInt64LittleEndian(row, eventTime);
        BinaryPrimitives.WriteInt64LittleEndian(row[WindowBlockCodec.CreatedTimeOffset..], createdTime);
        WriteIntegerId(row[WindowBlockCodec.EventIdOffset..], eventId);
        var rest = row[(WindowBlockCodec.EventIdOffset + sizeof(long))..];
        var cells = rest[_bitmapLength..];
        rest.Clear();
        for (var index = 0; index < numbers.Length; index++, cells = cells[sizeof(long)..])
        {
            if (numbers[index] is not { } bits)
            {
                rest[index >> 3] |= (byte)(1 << (index & 7));
            }
            else if (_types[index] == FeatureType.Float64)
            {
                WriteFloat64(cells, BitConverter.Int64BitsToDouble(bits));
            }
            else
            {
                BinaryPrimitives.WriteInt64LittleEndian(cells, bits);
            }
        }

        return TryKeep(row, eventTime);
    }

    /// <param name="trim">Events at or before this event time are left out and become the block's <c>covered_from</c>; <see cref="long.MinValue"/>: none.</param>
    public byte[] Build(long trim = long.MinValue)
    {
        byte[]? made = null;
        _ = Build(trim, length => made = new byte[length]);
        return made!;
    }

    /// <summary>As the other one, in memory of the caller.</summary>
    /// <param name="trim">As there.</param>
    /// <param name="allocate">Is asked once, for as many bytes as the block has; whatever lies there is written over.</param>
    public ReadOnlyMemory<byte> Build(long trim, Func<int, Memory<byte>> allocate)
    {
        ArgumentNullException.ThrowIfNull(allocate);
        var rows = _rows.WrittenSpan;
        var order = IsSorted(rows) ? null : Sort();
        var (count, first) = (Count, 0);
        while (first < count && BinaryPrimitives.ReadInt64LittleEndian(rows[((order?[first] ?? first) * _rowWidth)..]) <= trim)
        {
            first++;
        }

        var block = allocate(WindowBlockCodec.HeaderLength + ((count - first) * _rowWidth));
        WindowBlockCodec.WriteHeader(block.Span, _field, _rowWidth, count - first, trim);
        var target = block.Span[WindowBlockCodec.HeaderLength..];
        if (order is null)
        {
            rows[(first * _rowWidth)..].CopyTo(target);
            return block;
        }

        for (var index = first; index < count; index++)
        {
            rows.Slice(order[index] * _rowWidth, _rowWidth).CopyTo(target[((index - first) * _rowWidth)..]);
        }

        return block;
    }

    public void Clear()
    {
        _rows.ResetWrittenCount();
        _ids.Clear();
        Count = 0;
        Newest = long.MinValue;
    }

    /// <summary>The order of events in a block: event time, created time, bytes of the id.</summary>
    internal static int CompareRows(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, int idWidth)
    {
        var byEvent = BinaryPrimitives.ReadInt64LittleEndian(left).CompareTo(BinaryPrimitives.ReadInt64LittleEndian(right));
        if (byEvent != 0)
        {
            return byEvent;
        }

        var byCreated = BinaryPrimitives.ReadInt64LittleEndian(left[WindowBlockCodec.CreatedTimeOffset..])
            .CompareTo(BinaryPrimitives.ReadInt64LittleEndian(right[WindowBlockCodec.CreatedTimeOffset..]));
        return byCreated != 0
            ? byCreated
            : left.Slice(WindowBlockCodec.EventIdOffset, idWidth).SequenceCompareTo(right.Slice(WindowBlockCodec.EventIdOffset, idWidth));
    }

    /// <summary>Keeps the row that was written behind the last one, if its id is new.</summary>
    private bool TryKeep(ReadOnlySpan<byte> row, long eventTime)
    {
        var id = row[WindowBlockCodec.EventIdOffset..];
        if (!TryAddId(_field.EventIdWidth == sizeof(long) ? BinaryPrimitives.ReadUInt64LittleEndian(id) : BinaryPrimitives.ReadUInt128LittleEndian(id)))
        {
            return false;
        }

        _rows.Advance(_rowWidth);
        Newest = Math.Max(Newest, eventTime);
        return true;
    }

    private bool TryAddId(UInt128 id)
    {
        if (Count < FewIds)
        {
            foreach (ref readonly var known in _firstIds.AsSpan(0, Count))
            {
                if (known == id)
                {
                    return false;
                }
            }

            _firstIds[Count++] = id;
            return true;
        }

        if (Count == FewIds)
        {
            _ids.UnionWith(_firstIds);
        }

        if (!_ids.Add(id))
        {
            return false;
        }

        Count++;
        return true;
    }

    // Events mostly come in their order.
    private bool IsSorted(ReadOnlySpan<byte> rows)
    {
        for (var next = _rowWidth; next < rows.Length; next += _rowWidth)
        {
            if (CompareRows(rows[(next - _rowWidth)..], rows[next..], _field.EventIdWidth) > 0)
            {
                return false;
            }
        }

        return true;
    }

    private int[] Sort()
    {
        var order = new int[Count];
        for (var index = 0; index < order.Length; index++)
        {
            order[index] = index;
        }

        var rows = _rows.WrittenMemory;
        Array.Sort(order, (left, right) => CompareRows(
            rows.Span.Slice(left * _rowWidth, _rowWidth), rows.Span.Slice(right * _rowWidth, _rowWidth), _field.EventIdWidth));
        return order;
    }

    private void WriteCell(Span<byte> cell, in FeatureValue value, int column)
    {
        if (_types[column] == FeatureType.Float64)
        {
            WriteFloat64(cell, value.ToDouble());
        }
        else if (_types[column] == FeatureType.Int64)
        {
            BinaryPrimitives.WriteInt64LittleEndian(cell, value.AsInt64());
        }
        else if (Utf8.FromUtf16(value.AsString(), cell.Slice(1, WindowBlockCodec.TextBytesMax), out _, out var length) == OperationStatus.Done)
        {
            cell[0] = (byte)length;
        }
        else
        {
            throw new FeatureException(
                FeatureError.InvalidInput,
                $"Column '{_field.View.StoredColumns[column].Name}' of view '{_field.View.Name}' has the text '{YamlScalar.Shorten(value.AsString())}'; expected at most {WindowBlockCodec.TextBytesMax} bytes of UTF-8 in a window.");
        }
    }

    // Files keep one zero only; so do windows, on both sides. Adding a zero turns the negative one into it and changes nothing else.
    private static void WriteFloat64(Span<byte> cell, double value) => BinaryPrimitives.WriteDoubleLittleEndian(cell, value + 0.0);

    // As bytes these sort as the numbers do.
    private static void WriteIntegerId(Span<byte> id, long eventId) => BinaryPrimitives.WriteInt64BigEndian(id, eventId ^ long.MinValue);

    private void WriteId(Span<byte> id, FeatureValue eventId, string entityKey, ReadOnlySpan<byte> row)
    {
        Span<byte> digest = stackalloc byte[32];
        if (eventId.IsNull)
        {
            HashRow(digest, entityKey, row[..WindowBlockCodec.EventIdOffset], row[(WindowBlockCodec.EventIdOffset + id.Length)..]);
        }
        else if (id.Length == 8)
        {
            WriteIntegerId(id, eventId.AsInt64());
            return;
        }
        else
        {
            SHA256.HashData(Encoding.UTF8.GetBytes(eventId.AsString()), digest);
        }

        digest[..id.Length].CopyTo(id);
    }

    /// <summary>SHA-256 of key, times, and what is behind the id: in one piece, since a hash that is fed bit by bit costs several times as much.</summary>
    private static void HashRow(Span<byte> digest, string entityKey, ReadOnlySpan<byte> times, ReadOnlySpan<byte> rest)
    {
        const int StackBytesMax = 1024;
        var length = Encoding.UTF8.GetByteCount(entityKey) + times.Length + rest.Length;
        Span<byte> bytes = length <= StackBytesMax ? stackalloc byte[StackBytesMax] : new byte[length];
        var written = Encoding.UTF8.GetBytes(entityKey, bytes);
        times.CopyTo(bytes[written..]);
        rest.CopyTo(bytes[(written + times.Length)..]);
        SHA256.HashData(bytes[..length], digest);
    }
}

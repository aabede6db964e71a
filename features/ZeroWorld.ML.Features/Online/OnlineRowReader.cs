using System.Buffers.Binary;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>Reads the values of an online row one after the other; bytes that are no such row end it, nothing throws.</summary>
internal ref struct OnlineRowReader
{
    private readonly ReadOnlySpan<StoredColumn> _columns;
    private readonly ReadOnlySpan<byte> _bitmap;
    private ReadOnlySpan<byte> _rest;
    private int _next;
    private bool _isBroken;

    /// <param name="columns">The stored columns.</param>
    /// <param name="row">A row whose header was read.</param>
    /// <param name="bodyOffset">Where null bitmap, if there is one, and values begin.</param>
    public OnlineRowReader(ReadOnlySpan<StoredColumn> columns, ReadOnlySpan<byte> row, int bodyOffset)
    {
        _columns = columns;
        var body = row[bodyOffset..];
        var bitmapLength = OnlineRowCodec.HasNullBitmap(row) ? (columns.Length + 7) / 8 : 0;
        _isBroken = body.Length < bitmapLength;
        if (!_isBroken)
        {
            _bitmap = body[..bitmapLength];
            _rest = body[bitmapLength..];
        }
    }

    /// <summary>Whether every value was read and no byte is left over.</summary>
    public readonly bool IsComplete => !_isBroken && _next == _columns.Length && _rest.IsEmpty;

    /// <returns><see langword="false"/> when the bytes end before the value does; then every later read fails too.</returns>
    public bool TryRead(out FeatureValue value)
    {
        value = default;
        if (!TryTake(out var type, out var isNull, out var bytes))
        {
            return false;
        }

        if (!isNull && type is FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList)
        {
            _isBroken = !FeatureListCodec.TryDecode(type, bytes, out value);
            return !_isBroken;
        }

        value = isNull ? FeatureValue.Null(type) : type switch
        {
            FeatureType.Bool => FeatureValue.FromBool(bytes[0] != 0),
            FeatureType.Int64 => FeatureValue.FromInt64(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            FeatureType.Timestamp => FeatureValue.FromTimestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            FeatureType.Float32 => FeatureValue.FromFloat32(BinaryPrimitives.ReadSingleLittleEndian(bytes)),
            FeatureType.Float64 => FeatureValue.FromFloat64(BinaryPrimitives.ReadDoubleLittleEndian(bytes)),
            FeatureType.String => FeatureValue.FromString(Encoding.UTF8.GetString(bytes)),
            _ => FeatureValue.FromBytes(bytes.ToArray()),
        };
        return true;
    }

    /// <summary>Passes over a value without decoding it.</summary>
    public void Skip() => TryTake(out _, out _, out _);

    private bool TryTake(out FeatureType type, out bool isNull, out ReadOnlySpan<byte> bytes)
    {
        (type, isNull) = (default, false);
        bytes = default;
        if (_isBroken || _next >= _columns.Length)
        {
            _isBroken = true;
            return false;
        }

        type = _columns[_next].Type;
        isNull = !_bitmap.IsEmpty && (_bitmap[_next >> 3] & (1 << (_next & 7))) != 0;
        _next++;
        if (isNull)
        {
            return true;
        }

        var length = type switch
        {
            FeatureType.Bool => 1,
            FeatureType.Float32 => 4,
            FeatureType.Int64 or FeatureType.Timestamp or FeatureType.Float64 => 8L,
            _ => _rest.Length >= sizeof(int) ? BinaryPrimitives.ReadUInt32LittleEndian(_rest) : uint.MaxValue,
        };
        var prefix = type is FeatureType.String or FeatureType.Bytes or >= FeatureType.Int64List ? sizeof(int) : 0;
        if (length > _rest.Length - prefix)
        {
            _isBroken = true;
            return false;
        }

        bytes = _rest.Slice(prefix, (int)length);
        _rest = _rest[(prefix + (int)length)..];
        return true;
    }
}

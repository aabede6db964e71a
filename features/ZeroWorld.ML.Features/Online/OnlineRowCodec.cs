using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>Bytes of an online row (docs/formats/online-row.md, "Online row").</summary>
public static class OnlineRowCodec
{
    private const byte Version1 = 0x10;
    private const byte Version2 = 0x20;
    private const byte HasCreatedTime = 0x01;
    private const byte HasNulls = 0x02;
    private const int FingerprintOffset = 1;
    private const int EventTimeOffset1 = 5;
    private const int EventTimeOffset2 = 3;

    /// <param name="field">The stored form of a last-value view.</param>
    /// <param name="eventTime">Microseconds since the epoch.</param>
    /// <param name="createdTime">Microseconds since the epoch.</param>
    /// <param name="values">One per stored column, each of the column's type or a null.</param>
    public static byte[] Encode(StorageField field, long eventTime, long createdTime, ReadOnlySpan<FeatureValue> values)
    {
        ArgumentNullException.ThrowIfNull(field);
        var hasCreated = createdTime != eventTime;
        var hasNulls = HasNull(values);
        var body = EventTimeOffset2 + (hasCreated ? 2 : 1) * sizeof(long);
        var bitmap = hasNulls ? (values.Length + 7) / 8 : 0;
        var row = new byte[body + bitmap + LengthOf(values)];
        row[0] = (byte)(Version2 | (hasCreated ? HasCreatedTime : 0) | (hasNulls ? HasNulls : 0));
        BinaryPrimitives.WriteUInt16LittleEndian(row.AsSpan(FingerprintOffset), (ushort)field.Fingerprint);
        BinaryPrimitives.WriteInt64LittleEndian(row.AsSpan(EventTimeOffset2), eventTime);
        if (hasCreated)
        {
            BinaryPrimitives.WriteInt64LittleEndian(row.AsSpan(EventTimeOffset2 + sizeof(long)), createdTime);
        }

        var rest = row.AsSpan(body + bitmap);
        for (var index = 0; index < values.Length; index++)
        {
            if (values[index].IsNull)
            {
                row[body + (index >> 3)] |= (byte)(1 << (index & 7));
            }
            else
            {
                rest = rest[WriteValue(rest, values[index])..];
            }
        }

        return row;
    }

    /// <summary>Times of a row without its values.</summary>
    /// <returns><see langword="false"/> when the bytes are no row of this format and field.</returns>
    public static bool TryReadHeader(StorageField field, ReadOnlySpan<byte> row, out long eventTime, out long createdTime, out int bodyOffset)
    {
        ArgumentNullException.ThrowIfNull(field);
        (eventTime, createdTime, bodyOffset) = (0, 0, 0);

        if (row.Length <= EventTimeOffset1 || FindEventTime(field, row) is not (> 0 and var offset))
        {
            return false;
        }

        bodyOffset = offset + sizeof(long);
        var hasCreated = (row[0] & HasCreatedTime) != 0;
        if (row.Length < bodyOffset + (hasCreated ? sizeof(long) : 0))
        {
            bodyOffset = 0;
            return false;
        }

        eventTime = BinaryPrimitives.ReadInt64LittleEndian(row[offset..]);
        createdTime = eventTime;
        if (hasCreated)
        {
            createdTime = BinaryPrimitives.ReadInt64LittleEndian(row[bodyOffset..]);
            bodyOffset += sizeof(long);
        }

        return true;
    }

    /// <summary>Decodes the values of a row whose header was read.</summary>
    /// <param name="columns">The stored columns.</param>
    /// <param name="row">The whole row.</param>
    /// <param name="bodyOffset">As <see cref="TryReadHeader"/> gave it.</param>
    /// <param name="values">Receives one value per column.</param>
    /// <returns><see langword="false"/> when the bytes are no row of this format and columns: truncated, or longer than its values.</returns>
    public static bool TryReadValues(IReadOnlyList<StoredColumn> columns, ReadOnlySpan<byte> row, int bodyOffset, Span<FeatureValue> values)
    {
        ArgumentNullException.ThrowIfNull(columns);
        var reader = new OnlineRowReader(columns as StoredColumn[] ?? [.. columns], row, bodyOffset);
        for (var index = 0; index < columns.Count; index++)
        {
            if (!reader.TryRead(out values[index]))
            {
                return false;
            }
        }

        return reader.IsComplete;
    }

    /// <summary>Whether a row whose header was read has a null bitmap before its values.</summary>
    internal static bool HasNullBitmap(ReadOnlySpan<byte> row) => (row[0] & 0xF0) == Version1 || (row[0] & HasNulls) != 0;

    /// <summary>The row hash that decides between rows of equal times: SHA-1 of null bitmap (where there is one) and values, lower-case hex.</summary>
    public static string HashBody(ReadOnlySpan<byte> body)
    {
#pragma warning disable CA5350 // Not for security: it is the one digest that scripts of the store can compute too.
        return Convert.ToHexStringLower(SHA1.HashData(body));
#pragma warning restore CA5350
    }

    /// <returns>Offset of the event time, or 0 for bytes that are no row of this field: an unknown flag is a newer format, its bytes lie elsewhere.</returns>
    private static int FindEventTime(StorageField field, ReadOnlySpan<byte> row) => (row[0] & 0xF0) switch
    {
        Version1 when (row[0] & 0x0F & ~HasCreatedTime) == 0 && BinaryPrimitives.ReadUInt32LittleEndian(row[FingerprintOffset..]) == field.Fingerprint => EventTimeOffset1,
        Version2 when (row[0] & 0x0F & ~(HasCreatedTime | HasNulls)) == 0 && BinaryPrimitives.ReadUInt16LittleEndian(row[FingerprintOffset..]) == (ushort)field.Fingerprint =>
            EventTimeOffset2,
        _ => 0,
    };

    private static bool HasNull(ReadOnlySpan<FeatureValue> values)
    {
        foreach (var value in values)
        {
            if (value.IsNull)
            {
                return true;
            }
        }

        return false;
    }

    private static int LengthOf(ReadOnlySpan<FeatureValue> values)
    {
        var length = 0;
        foreach (var value in values)
        {
            length = checked(length + (value.IsNull ? 0 : LengthOf(value)));
        }

        return length;
    }

    private static int LengthOf(in FeatureValue value) => value.Type switch
    {
        FeatureType.Bool => 1,
        FeatureType.Float32 => sizeof(float),
        FeatureType.String => sizeof(int) + Encoding.UTF8.GetByteCount(value.AsString()),
        FeatureType.Bytes => sizeof(int) + value.AsBytes().Length,
        FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList => checked(sizeof(int) + FeatureListCodec.LengthOf(value)),
        _ => sizeof(long),
    };

    /// <returns>Bytes that it took.</returns>
    private static int WriteValue(Span<byte> target, in FeatureValue value)
    {
        switch (value.Type)
        {
            case FeatureType.Bool:
                target[0] = value.AsBool() ? (byte)1 : (byte)0;
                return 1;
            case FeatureType.Int64 or FeatureType.Timestamp:
                BinaryPrimitives.WriteInt64LittleEndian(target, value.AsInt64());
                return sizeof(long);
            case FeatureType.Float32:
                BinaryPrimitives.WriteSingleLittleEndian(target, value.AsFloat32());
                return sizeof(float);
            case FeatureType.Float64:
                BinaryPrimitives.WriteDoubleLittleEndian(target, value.AsFloat64());
                return sizeof(double);
            case FeatureType.String:
                var length = Encoding.UTF8.GetBytes(value.AsString(), target[sizeof(int)..]);
                BinaryPrimitives.WriteInt32LittleEndian(target, length);
                return sizeof(int) + length;
            case FeatureType.Bytes:
                BinaryPrimitives.WriteInt32LittleEndian(target, value.AsBytes().Length);
                value.AsBytes().Span.CopyTo(target[sizeof(int)..]);
                return sizeof(int) + value.AsBytes().Length;
            case FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList:
                var list = FeatureListCodec.Encode(value);
                BinaryPrimitives.WriteInt32LittleEndian(target, list.Length);
                list.CopyTo(target[sizeof(int)..]);
                return sizeof(int) + list.Length;
            default:
                throw new ArgumentOutOfRangeException(nameof(value), value.Type, "A stored value has a type.");
        }
    }
}

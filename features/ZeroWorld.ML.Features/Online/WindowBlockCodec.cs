using System.Buffers.Binary;

namespace ZeroWorld.ML.Features;

/// <summary>Bytes of a window block (docs/formats/online-row.md, "Window block").</summary>
public static class WindowBlockCodec
{
    /// <summary>Bytes before the first event row.</summary>
    public const int HeaderLength = 24;

    /// <summary>Offset of the created time in an event row; the event time is at 0.</summary>
    public const int CreatedTimeOffset = 8;

    /// <summary>Offset of the event id in an event row.</summary>
    public const int EventIdOffset = 16;

    /// <summary>Longest text of a string column, in UTF-8 bytes: a UUID, a product code or a category, not a sentence.</summary>
    public const int TextBytesMax = 39;

    private const byte VersionNibble = 0x10;

    /// <summary>Bytes of one event row.</summary>
    public static int RowWidth(StorageField field)
    {
        ArgumentNullException.ThrowIfNull(field);
        return field.EventRowWidth;
    }

    /// <summary>Bytes of a value in an event row: 8 for a number, 40 for a text with its length.</summary>
    public static int CellWidth(FeatureType columnType) => columnType == FeatureType.String ? 1 + TextBytesMax : sizeof(long);

    public static void WriteHeader(Span<byte> block, StorageField field, int rowWidth, int events, long coveredFrom)
    {
        ArgumentNullException.ThrowIfNull(field);
        block[0] = VersionNibble;
        block[1] = (byte)field.EventIdWidth;
        BinaryPrimitives.WriteUInt16LittleEndian(block[2..], (ushort)rowWidth);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], events);
        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], field.Fingerprint);
        BinaryPrimitives.WriteUInt32LittleEndian(block[12..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(block[16..], coveredFrom);
    }

    /// <summary>Checks header and length.</summary>
    /// <returns><see langword="false"/> when the bytes are no block of this field and row width.</returns>
    public static bool TryReadHeader(ReadOnlySpan<byte> block, uint fingerprint, int rowWidth, out int events, out long coveredFrom)
    {
        (events, coveredFrom) = (0, 0);
        if (block.Length < HeaderLength
            || block[0] != VersionNibble
            || BinaryPrimitives.ReadUInt16LittleEndian(block[2..]) != rowWidth
            || BinaryPrimitives.ReadUInt32LittleEndian(block[8..]) != fingerprint)
        {
            return false;
        }

        events = BinaryPrimitives.ReadInt32LittleEndian(block[4..]);
        coveredFrom = BinaryPrimitives.ReadInt64LittleEndian(block[16..]);
        return events >= 0 && block.Length == HeaderLength + ((long)events * rowWidth);
    }
}

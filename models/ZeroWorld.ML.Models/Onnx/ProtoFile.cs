namespace ZeroWorld.ML.Models.Onnx;

/// <summary>Walks the fields of a protobuf message in a file and skips what nobody asks for, so that gigabytes of weights are never in memory.</summary>
/// <remarks>Every length is checked against the message around it before it is used. Not thread safe.</remarks>
internal sealed class ProtoFile(FileStream stream)
{
    private const int VarintBytesMax = 10;

    internal const int Varint = 0;
    internal const int LengthDelimited = 2;

    internal long Length { get; } = stream.Length;

    /// <summary>Reads the tag of the next field; <see langword="false"/> at the end of the message.</summary>
    internal bool TryReadTag(long end, out int field, out int wireType)
    {
        field = wireType = 0;
        if (stream.Position == end)
        {
            return false;
        }

        var tag = ReadVarint(end);
        field = (int)(tag >> 3);
        wireType = (int)(tag & 7);
        return tag is > 7 and <= uint.MaxValue ? true : throw new InvalidDataException($"byte {stream.Position} holds no valid field");
    }

    internal ulong ReadVarint(long end)
    {
        var value = 0UL;
        for (var index = 0; index < VarintBytesMax; index++)
        {
            if (stream.Position >= end)
            {
                throw new InvalidDataException("it ends inside a number");
            }

            var octet = stream.ReadByte();
            if (octet < 0)
            {
                throw new InvalidDataException("it became shorter while it was read");
            }

            value |= (ulong)(octet & 0x7F) << (7 * index);
            if (octet < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException($"byte {stream.Position} is inside a number of more than {VarintBytesMax} bytes");
    }

    /// <summary>Reads the length of a nested message and returns where it ends.</summary>
    internal long ReadEnd(int wireType, long end)
    {
        if (wireType != LengthDelimited)
        {
            throw new InvalidDataException($"byte {stream.Position} holds a field of wire type {wireType} where a message was expected");
        }

        var length = ReadVarint(end);
        return length <= (ulong)(end - stream.Position)
            ? stream.Position + (long)length
            : throw new InvalidDataException($"it is truncated: {length} bytes are announced at byte {stream.Position}, {end - stream.Position} are left");
    }

    internal byte[] ReadBytes(int wireType, long end, int bytesMax)
    {
        var length = ReadEnd(wireType, end) - stream.Position;
        if (length > bytesMax)
        {
            throw new InvalidDataException($"a text or declaration at byte {stream.Position} has {length} bytes, more than {bytesMax}");
        }

        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    internal void Skip(int wireType, long end)
    {
        switch (wireType)
        {
            case Varint:
                ReadVarint(end);
                break;
            case LengthDelimited:
                stream.Position = ReadEnd(wireType, end);
                break;
            case 1 or 5 when end - stream.Position >= (wireType == 1 ? 8 : 4):
                stream.Position += wireType == 1 ? 8 : 4;
                break;
            default:
                throw new InvalidDataException($"byte {stream.Position} holds a field of wire type {wireType}, which is not used in ONNX, or ends inside it");
        }
    }
}

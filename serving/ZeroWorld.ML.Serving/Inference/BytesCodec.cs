using System.Buffers.Binary;

namespace ZeroWorld.ML.Serving;

/// <summary>The wire form of BYTES tensors in the Open Inference Protocol: per element a little-endian uint32 length, then the bytes.</summary>
internal static class BytesCodec
{
    public static byte[] Write(ReadOnlySpan<byte[]> strings)
    {
        long length = 0;
        foreach (var item in strings)
        {
            length += sizeof(uint) + item.Length;
        }

        var raw = new byte[checked((int)length)];
        var rest = raw.AsSpan();
        foreach (var item in strings)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(rest, (uint)item.Length);
            item.CopyTo(rest[sizeof(uint)..]);
            rest = rest[(sizeof(uint) + item.Length)..];
        }

        return raw;
    }

    /// <param name="raw">Exactly these elements.</param>
    public static byte[][] Read(ReadOnlySpan<byte> raw, int count)
    {
        var strings = new byte[count][];
        for (var index = 0; index < count; index++)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(raw);
            strings[index] = raw.Slice(sizeof(uint), length).ToArray();
            raw = raw[(sizeof(uint) + length)..];
        }

        return strings;
    }

    /// <param name="raw">Exactly these elements.</param>
    /// <returns>Where each row ends.</returns>
    public static int[] MeasureRows(ReadOnlySpan<byte> raw, int rows, int perRow)
    {
        var ends = new int[rows];
        var offset = 0;
        for (var row = 0; row < rows; row++)
        {
            offset += Measure(raw[offset..], perRow);
            ends[row] = offset;
        }

        return ends;
    }

    /// <returns>Bytes that the first <paramref name="count"/> elements take, or -1 when there are fewer.</returns>
    public static int Measure(ReadOnlySpan<byte> raw, int count)
    {
        var offset = 0;
        for (var index = 0; index < count; index++)
        {
            if (raw.Length - offset < sizeof(uint))
            {
                return -1;
            }

            var length = BinaryPrimitives.ReadUInt32LittleEndian(raw[offset..]);
            offset += sizeof(uint);
            if (length > (uint)(raw.Length - offset))
            {
                return -1;
            }

            offset += (int)length;
        }

        return offset;
    }
}

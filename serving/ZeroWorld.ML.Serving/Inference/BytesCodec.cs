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

    /// <returns><see langword="false"/> unless the bytes hold exactly <paramref name="count"/> elements and nothing else.</returns>
    public static bool TryRead(ReadOnlySpan<byte> raw, int count, out byte[][] strings)
    {
        strings = [];

        // Every element takes at least its length prefix: checked before anything is allocated for an unchecked count.
        if (raw.Length < (long)count * sizeof(uint))
        {
            return false;
        }

        var result = new byte[count][];
        for (var index = 0; index < count; index++)
        {
            if (raw.Length < sizeof(uint))
            {
                return false;
            }

            var length = BinaryPrimitives.ReadUInt32LittleEndian(raw);
            raw = raw[sizeof(uint)..];
            if (length > (uint)raw.Length)
            {
                return false;
            }

            result[index] = raw[..(int)length].ToArray();
            raw = raw[(int)length..];
        }

        strings = result;
        return raw.IsEmpty;
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

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Reads a protobuf message that lies in one piece. Every method says <see langword="false"/> where the bytes are no such thing.</summary>
/// <remarks>https://protobuf.dev/programming-guides/encoding</remarks>
public ref struct WireSpan(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _left = message;

    /// <summary>Whether all of it is read.</summary>
    public readonly bool IsAtEnd => _left.IsEmpty;

    /// <summary>Reads an unsigned number of at most 64 bits.</summary>
    public bool TryReadVarint(out ulong value)
    {
        value = 0;
        var left = _left;
        for (var (index, shift) = (0, 0); index < left.Length && shift < 64; index++, shift += 7)
        {
            value |= (ulong)(left[index] & 0x7F) << shift;
            if (left[index] < 0x80)
            {
                _left = left[(index + 1)..];
                return true;
            }
        }

        return false;
    }

    /// <summary>The number that a varint of sint64 stands for.</summary>
    public static long ZigZag(ulong bits) => (long)(bits >> 1) ^ -(long)(bits & 1);

    /// <summary>Reads length and bytes, which are not copied.</summary>
    public bool TryReadBytes(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (!TryReadVarint(out var length) || length > (ulong)_left.Length)
        {
            return false;
        }

        bytes = _left[..(int)length];
        _left = _left[(int)length..];
        return true;
    }

    /// <summary>Reads length and text.</summary>
    /// <param name="isFrequent">Whether the same text will come again: then it is made once.</param>
    public bool TryReadText(out string text, bool isFrequent)
    {
        text = "";
        if (!TryReadBytes(out var bytes) || (isFrequent ? NameCache.Get(bytes) : NameCache.Read(bytes)) is not { } read)
        {
            return false;
        }

        text = read;
        return true;
    }
}

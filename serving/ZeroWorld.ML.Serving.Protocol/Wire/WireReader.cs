using System.Buffers;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Reads a protobuf message out of the memory that it came in. Every method says <see langword="false"/> where the bytes are no such thing.</summary>
/// <remarks>https://protobuf.dev/programming-guides/encoding</remarks>
internal ref struct WireReader(ReadOnlySequence<byte> message)
{
    private const int NameBytesMax = 512;
    private SequenceReader<byte> _reader = new(message);

    /// <summary>Bytes before this one.</summary>
    public readonly long Position => _reader.Consumed;

    public readonly long Remaining => _reader.Remaining;

    /// <summary>Reads an unsigned number of at most 64 bits.</summary>
    public bool TryReadVarint(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (!_reader.TryRead(out var part))
            {
                return false;
            }

            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads the length of what follows, all of which must be there.</summary>
    public bool TryReadLength(out int length)
    {
        var isRead = TryReadVarint(out var value) && value <= (ulong)_reader.Remaining && value <= int.MaxValue;
        length = isRead ? (int)value : 0;
        return isRead;
    }

    /// <summary>Reads length and bytes, which are not copied.</summary>
    public bool TryReadBytes(out ReadOnlySequence<byte> bytes)
    {
        bytes = default;
        if (!TryReadLength(out var length))
        {
            return false;
        }

        bytes = _reader.Sequence.Slice(_reader.Position, length);
        _reader.Advance(length);
        return true;
    }

    /// <summary>Reads length and text.</summary>
    /// <param name="isFrequent">Whether the same text will come again.</param>
    public bool TryReadName(out string name, bool isFrequent = true)
    {
        name = "";
        if (!TryReadLength(out var length) || length > NameBytesMax)
        {
            return false;
        }

        string? text;
        if (_reader.UnreadSpan.Length >= length)
        {
            text = isFrequent ? NameCache.Get(_reader.UnreadSpan[..length]) : NameCache.Read(_reader.UnreadSpan[..length]);
        }
        else
        {
            Span<byte> bytes = stackalloc byte[length];
            if (!_reader.TryCopyTo(bytes))
            {
                return false;
            }

            text = isFrequent ? NameCache.Get(bytes) : NameCache.Read(bytes);
        }

        _reader.Advance(length);
        name = text ?? "";
        return text is not null;
    }
}

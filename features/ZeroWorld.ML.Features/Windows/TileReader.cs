using System.Buffers.Binary;

namespace ZeroWorld.ML.Features;

/// <summary>Reads what <see cref="TileWriter"/> wrote; nothing throws, whatever the bytes are.</summary>
internal ref struct TileReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public readonly int Remaining => _rest.Length;

    public bool TryReadByte(out byte value)
    {
        value = _rest.IsEmpty ? (byte)0 : _rest[0];
        return TryRead(1, out _);
    }

    public bool TryReadInt32(out int value)
    {
        value = 0;
        if (!TryRead(sizeof(int), out var bytes))
        {
            return false;
        }

        value = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        return true;
    }

    public bool TryReadInt64(out long value)
    {
        value = 0;
        if (!TryRead(sizeof(long), out var bytes))
        {
            return false;
        }

        value = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        return true;
    }

    public bool TryReadUInt128(out UInt128 value)
    {
        value = 0;
        if (!TryRead(16, out var bytes))
        {
            return false;
        }

        value = BinaryPrimitives.ReadUInt128LittleEndian(bytes);
        return true;
    }

    public bool TryReadVariable(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (!TryReadByte(out var next))
            {
                return false;
            }

            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A count of items of which each takes at least one byte: more than the bytes that are left is refused.</summary>
    public bool TryReadCount(out int count)
    {
        var isRead = TryReadVariable(out var value) && value <= (ulong)_rest.Length;
        count = isRead ? (int)value : 0;
        return isRead;
    }

    public bool TryRead(int length, out ReadOnlySpan<byte> bytes)
    {
        if ((uint)length > (uint)_rest.Length)
        {
            bytes = default;
            _rest = default;
            return false;
        }

        bytes = _rest[..length];
        _rest = _rest[length..];
        return true;
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Google.Protobuf;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Writes a protobuf message from its end to its start: the length of a nested message is then known when it is written, and nothing is measured beforehand.</summary>
/// <remarks>
/// Fields are written last first, elements of a list last first, and of a field its value before its tag. As proto3 has it, a scalar of its default value is left out.
/// The memory is rented: dispose the writer. Not thread safe. https://protobuf.dev/programming-guides/encoding
/// </remarks>
public sealed class ReverseProtoWriter : IDisposable
{
    private byte[] _buffer;
    private int _start;

    /// <param name="capacity">Bytes to begin with; it grows.</param>
    public ReverseProtoWriter(int capacity)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(capacity);
        _start = _buffer.Length;
    }

    /// <value>Bytes written so far.</value>
    public int Length => _buffer.Length - _start;

    /// <summary>What is written. Valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(_start);

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _start = 0;
    }

    public void WriteVarint(ulong value)
    {
        if (value < 0x80)
        {
            Take(1)[0] = (byte)value;
            return;
        }

        var bytes = Take((BitOperations.Log2(value) / 7) + 1);
        var last = bytes.Length - 1;
        for (var index = 0; index < last; index++, value >>= 7)
        {
            bytes[index] = (byte)(value | 0x80);
        }

        bytes[last] = (byte)value;
    }

    /// <summary>A signed value as sint64 has it.</summary>
    public void WriteZigZag(long value) => WriteVarint((ulong)((value << 1) ^ (value >> 63)));

    public void WriteFloat(float value) => BinaryPrimitives.WriteSingleLittleEndian(Take(sizeof(float)), value);

    public void WriteDouble(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Take(sizeof(double)), value);

    public void WriteTag(int field, WireFormat.WireType type) => WriteVarint(((ulong)field << 3) | (uint)type);

    /// <summary>A varint field; left out when it is zero.</summary>
    public void WriteVarintField(int field, long value)
    {
        if (value != 0)
        {
            WriteVarint((ulong)value);
            WriteTag(field, WireFormat.WireType.Varint);
        }
    }

    /// <summary>A string field; left out when it is empty.</summary>
    public void WriteStringField(int field, string value)
    {
        if (value.Length > 0)
        {
            WriteStringElement(field, value);
        }
    }

    /// <summary>One element of a repeated string field: it is written also when it is empty.</summary>
    public void WriteStringElement(int field, string value)
    {
        var mark = Length;
        if (Ascii.FromUtf16(value, Take(value.Length), out _) != OperationStatus.Done)
        {
            // As many bytes as characters it would have been.
            _start += value.Length;
            var count = Encoding.UTF8.GetByteCount(value);
            Encoding.UTF8.GetBytes(value, Take(count));
        }

        EndField(field, mark);
    }

    /// <summary>A bytes field, also when it is empty.</summary>
    public void WriteBytesElement(int field, ReadOnlySpan<byte> value)
    {
        var mark = Length;
        value.CopyTo(Take(value.Length));
        EndField(field, mark);
    }

    /// <summary>Room for bytes that the caller fills in at once.</summary>
    public Span<byte> Take(int count)
    {
        if (count > _start)
        {
            Grow(count);
        }

        _start -= count;
        return _buffer.AsSpan(_start, count);
    }

    /// <summary>Ends a nested message, a packed list or a string: everything written since the mark is its content.</summary>
    /// <param name="field">Its field number.</param>
    /// <param name="mark">The <see cref="Length"/> before its content was written.</param>
    public void EndField(int field, int mark)
    {
        WriteVarint((ulong)(Length - mark));
        WriteTag(field, WireFormat.WireType.LengthDelimited);
    }

    private void Grow(int count)
    {
        var length = Length;
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)length + (uint)count), (uint)Array.MaxLength));
        _buffer.AsSpan(_start).CopyTo(larger.AsSpan(larger.Length - length));
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
        _start = larger.Length - length;
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Values as a page of Parquet holds them. Pure.</summary>
/// <remarks>https://github.com/apache/parquet-format/blob/master/Encodings.md</remarks>
internal static class ParquetEncoding
{
    /// <summary>Numbers that are packed together.</summary>
    private const int Group = 8;

    public static void WriteVarint(ArrayBufferWriter<byte> output, ulong value)
    {
        var span = output.GetSpan(10);
        var length = 0;
        while (value >= 0x80)
        {
            span[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[length++] = (byte)value;
        output.Advance(length);
    }

    /// <summary>Levels, behind their length.</summary>
    /// <param name="width">Bits of the greatest.</param>
    public static void WriteLevels(ArrayBufferWriter<byte> output, ReadOnlySpan<int> levels, int width)
    {
        var start = output.WrittenCount;
        output.GetSpan(sizeof(int));
        output.Advance(sizeof(int));
        WritePacked(output, levels, width);
        BinaryPrimitives.WriteInt32LittleEndian(MemoryMarshal.AsMemory(output.WrittenMemory).Span[start..], output.WrittenCount - start - sizeof(int));
    }

    /// <summary>Small numbers: one run where all are the same, and packed by their bits else.</summary>
    /// <param name="width">Bits of the greatest, 1 to 24.</param>
    public static void WritePacked(ArrayBufferWriter<byte> output, ReadOnlySpan<int> values, int width)
    {
        if (values.IsEmpty)
        {
            return;
        }

        if (!values.ContainsAnyExcept(values[0]))
        {
            WriteVarint(output, (ulong)values.Length << 1);
            for (var bits = 0; bits < width; bits += 8)
            {
                WriteByte(output, values[0] >> bits);
            }

            return;
        }

        var groups = (values.Length + Group - 1) / Group;
        WriteVarint(output, ((ulong)groups << 1) | 1);
        var bytes = output.GetSpan(groups * width);
        var (held, count, position) = (0UL, 0, 0);
        foreach (var value in values)
        {
            held |= (ulong)(uint)value << count;
            for (count += width; count >= 8; count -= 8)
            {
                bytes[position++] = (byte)held;
                held >>= 8;
            }
        }

        // The last group is filled up.
        var rest = bytes[position..(groups * width)];
        rest.Clear();
        if (count > 0)
        {
            rest[0] = (byte)held;
        }

        output.Advance(groups * width);
    }

    /// <summary>Numbers of a fixed width.</summary>
    /// <param name="areNull">Which are none, and are left out; empty: all are there.</param>
    public static void WriteNumbers<T>(ArrayBufferWriter<byte> output, ReadOnlySpan<T> values, ReadOnlySpan<bool> areNull)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        var target = output.GetSpan(Math.Max(1, bytes.Length));
        if (areNull.IsEmpty)
        {
            bytes.CopyTo(target);
            output.Advance(bytes.Length);
            return;
        }

        var there = MemoryMarshal.Cast<byte, T>(target);
        var count = 0;
        for (var index = 0; index < values.Length; index++)
        {
            there[count] = values[index];
            count += areNull[index] ? 0 : 1;
        }

        output.Advance(Unsafe.SizeOf<T>() * count);
    }

    /// <summary>A bit each.</summary>
    public static void WriteFlags(ArrayBufferWriter<byte> output, ReadOnlySpan<bool> flags)
    {
        var length = (flags.Length + 7) / 8;
        var bytes = output.GetSpan(Math.Max(1, length))[..length];
        bytes.Clear();
        for (var index = 0; index < flags.Length; index++)
        {
            bytes[index / 8] |= (byte)((flags[index] ? 1 : 0) << (index % 8));
        }

        output.Advance(length);
    }

    /// <summary>A text in UTF-8, behind its length.</summary>
    public static void WriteText(ArrayBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        var span = output.GetSpan(sizeof(int) + Encoding.UTF8.GetMaxByteCount(text.Length));
        var length = Encoding.UTF8.GetBytes(text, span[sizeof(int)..]);
        BinaryPrimitives.WriteInt32LittleEndian(span, length);
        output.Advance(sizeof(int) + length);
    }

    /// <summary>Bytes behind their length.</summary>
    public static void WriteBytes(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        var span = output.GetSpan(sizeof(int) + bytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span, bytes.Length);
        bytes.CopyTo(span[sizeof(int)..]);
        output.Advance(sizeof(int) + bytes.Length);
    }

    private static void WriteByte(ArrayBufferWriter<byte> output, int value)
    {
        output.GetSpan(1)[0] = (byte)value;
        output.Advance(1);
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Values as a page of Parquet holds them. Pure.</summary>
/// <remarks>https://github.com/apache/parquet-format/blob/master/Encodings.md</remarks>
internal static class PageEncoding
{
    /// <summary>Bits of a delta that are packed at most: with what is left of the one before they fit 64.</summary>
    public const int DeltaBitsMax = 56;

    private const int DeltaBlock = 128;
    private const int DeltaMiniBlocks = 4;
    private const int DeltaMiniBlock = DeltaBlock / DeltaMiniBlocks;
    private const int VarintBytesMax = 10;

    public static void WriteVarint(ArrayBufferWriter<byte> output, ulong value)
    {
        var span = output.GetSpan(VarintBytesMax);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[length++] = (byte)(value | 0x80);
        }

        span[length++] = (byte)value;
        output.Advance(length);
    }

    /// <summary>Whether each row has a value, behind its length: definition levels of one bit.</summary>
    public static void WriteValidity(ArrayBufferWriter<byte> output, ReadOnlySpan<bool> nulls)
    {
        var start = BeginLength(output);
        if (!nulls.ContainsAnyExcept(nulls[0]))
        {
            WriteVarint(output, (ulong)nulls.Length << 1);
            output.Write([(byte)(nulls[0] ? 0 : 1)]);
        }
        else
        {
            WriteVarint(output, ((ulong)((nulls.Length + 7) / 8) << 1) | 1);
            WriteBits(output, nulls, areSet: false);
        }

        EndLength(output, start);
    }

    /// <summary>Levels behind their length.</summary>
    /// <param name="width">Bits of the greatest.</param>
    public static void WriteLevels(ArrayBufferWriter<byte> output, ReadOnlySpan<int> levels, int width)
    {
        var start = BeginLength(output);
        WritePacked(output, levels, width);
        EndLength(output, start);
    }

    /// <summary>A bit for each flag, the first one lowest.</summary>
    /// <param name="areSet">Whether a bit is set where the flag is, or where it is not.</param>
    public static void WriteBits(ArrayBufferWriter<byte> output, ReadOnlySpan<bool> flags, bool areSet)
    {
        var length = (flags.Length + 7) / 8;
        var bytes = output.GetSpan(Math.Max(1, length))[..length];
        var source = MemoryMarshal.AsBytes(flags);
        var row = 0;
        for (; row + Vector256<byte>.Count <= source.Length; row += Vector256<byte>.Count)
        {
            var bits = Vector256.Equals(Vector256.Create(source.Slice(row, Vector256<byte>.Count)), Vector256<byte>.Zero).ExtractMostSignificantBits();
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[(row / 8)..], areSet ? ~bits : bits);
        }

        bytes[(row / 8)..].Clear();
        for (; row < flags.Length; row++)
        {
            bytes[row / 8] |= (byte)((flags[row] == areSet ? 1 : 0) << (row % 8));
        }

        output.Advance(length);
    }

    /// <summary>Small numbers: one run where all are the same, and packed by their bits else.</summary>
    /// <param name="width">Bits of the greatest, 1 to 31.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WritePacked(ArrayBufferWriter<byte> output, ReadOnlySpan<int> values, int width)
    {
        const int Group = 8;
        if (values.IsEmpty)
        {
            return;
        }

        if (!values.ContainsAnyExcept(values[0]))
        {
            WriteVarint(output, (ulong)values.Length << 1);
            for (var bits = 0; bits < width; bits += 8)
            {
                output.Write([(byte)(values[0] >> bits)]);
            }

            return;
        }

        var groups = (values.Length + Group - 1) / Group;
        WriteVarint(output, ((ulong)groups << 1) | 1);

        // Eight bytes are written where the last few count: there is room behind the end.
        var bytes = output.GetSpan((groups * width) + sizeof(ulong));
        bytes[..((groups * width) + sizeof(ulong))].Clear();
        var (held, count, position) = (0UL, 0, 0);
        foreach (var value in values)
        {
            held |= (ulong)(uint)value << count;
            count += width;
            if (count >= 32)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(bytes[position..], (uint)held);
                (held, count, position) = (held >> 32, count - 32, position + sizeof(uint));
            }
        }

        if (count > 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[position..], (uint)held);
        }

        output.Advance(groups * width);
    }

    /// <summary>Integers by their differences (DELTA_BINARY_PACKED).</summary>
    /// <returns>Whether all differences are small enough; nothing counts as written where they are not.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryWriteDeltas(ArrayBufferWriter<byte> output, ReadOnlySpan<long> values)
    {
        // As long as plain values at most: what is longer is given up.
        var bytes = output.GetSpan((values.Length * sizeof(long)) + (DeltaBlock * sizeof(long)) + (4 * VarintBytesMax));
        var limit = values.Length * sizeof(long);
        var position = Varint(bytes, 0, DeltaBlock);
        position = Varint(bytes, position, DeltaMiniBlocks);
        position = Varint(bytes, position, (ulong)values.Length);
        position = Varint(bytes, position, ZigZag(values.IsEmpty ? 0 : values[0]));
        Span<long> deltas = stackalloc long[DeltaBlock];
        for (var from = 1; from < values.Length; from += DeltaBlock)
        {
            if (position > limit)
            {
                return false;
            }

            var count = Math.Min(DeltaBlock, values.Length - from);
            var least = long.MaxValue;
            for (var index = 0; index < count; index++)
            {
                deltas[index] = unchecked(values[from + index] - values[from + index - 1]);
                least = Math.Min(least, deltas[index]);
            }

            position = Varint(bytes, position, ZigZag(least));
            var widths = bytes.Slice(position, DeltaMiniBlocks);
            widths.Clear();
            position += DeltaMiniBlocks;
            for (var mini = 0; mini * DeltaMiniBlock < count; mini++)
            {
                var some = deltas[(mini * DeltaMiniBlock)..Math.Min(count, (mini + 1) * DeltaMiniBlock)];
                var all = 0UL;
                foreach (ref var delta in some)
                {
                    delta = unchecked(delta - least);
                    all |= (ulong)delta;
                }

                var width = 64 - BitOperations.LeadingZeroCount(all);
                if (width > DeltaBitsMax)
                {
                    return false;
                }

                widths[mini] = (byte)width;
                position = Pack(bytes, position, some, width);
            }
        }

        output.Advance(position);
        return true;
    }

    // A whole miniblock, zeros where values are missing.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Pack(Span<byte> bytes, int position, ReadOnlySpan<long> values, int width)
    {
        var end = position + (DeltaMiniBlock * width / 8);
        var (held, count) = (0UL, 0);
        foreach (var value in values)
        {
            held |= (ulong)value << count;
            count += width;
            var whole = count >> 3;
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[position..], held);
            position += whole;
            held = whole == sizeof(ulong) ? 0 : held >> (whole * 8);
            count &= 7;
        }

        if (position < end)
        {
            bytes[position..end].Clear();
            bytes[position] = (byte)held;
        }

        return end;
    }

    private static int BeginLength(ArrayBufferWriter<byte> output)
    {
        output.GetSpan(sizeof(int));
        output.Advance(sizeof(int));
        return output.WrittenCount;
    }

    private static void EndLength(ArrayBufferWriter<byte> output, int start) =>
        BinaryPrimitives.WriteInt32LittleEndian(MemoryMarshal.AsMemory(output.WrittenMemory).Span[(start - sizeof(int))..], output.WrittenCount - start);

    private static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private static int Varint(Span<byte> bytes, int position, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            bytes[position++] = (byte)(value | 0x80);
        }

        bytes[position++] = (byte)value;
        return position;
    }
}

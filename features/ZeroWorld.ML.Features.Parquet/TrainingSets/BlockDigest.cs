using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>SHA-256 over the rows of a block, column by column.</summary>
/// <remarks>
/// What is hashed is as short as can be made without effort (docs/formats/training-set.md), since hashing takes its time by the byte. Not thread safe.
/// </remarks>
internal sealed class BlockDigest : IDisposable
{
    /// <summary>Bytes of a digest.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _narrow = new byte[ColumnBuffer.BlockRows * sizeof(int)];

    /// <summary>Digests a block.</summary>
    /// <param name="digest">Receives <see cref="Length"/> bytes.</param>
    public void Of(IReadOnlyList<ColumnBuffer> columns, int rows, Span<byte> digest)
    {
        foreach (var column in columns)
        {
            AppendNulls(column.Nulls.AsSpan(0, rows));
            if (ColumnTypes.IsOfBytes(column.Kind))
            {
                AppendBytes(column, rows);
            }
            else
            {
                AppendNumbers(column.Bits.AsSpan(0, rows));
            }
        }

        _hash.GetHashAndReset(digest);
    }

    public void Dispose() => _hash.Dispose();

    // Whether there is one, and then which rows.
    private void AppendNulls(ReadOnlySpan<bool> nulls)
    {
        var isAny = nulls.Contains(true);
        _hash.AppendData([(byte)(isAny ? 1 : 0)]);
        if (isAny)
        {
            _hash.AppendData(MemoryMarshal.AsBytes(nulls));
        }
    }

    // Many at once: each call costs more than the hash of a short text.
    private void AppendBytes(ColumnBuffer column, int rows)
    {
        var used = 0;
        for (var row = 0; row < rows; row++)
        {
            var bytes = column.Nulls[row] ? default : column.BytesAt(row);
            if (used + sizeof(int) + bytes.Length > _narrow.Length)
            {
                _hash.AppendData(_narrow.AsSpan(0, used));
                used = 0;
            }

            BinaryPrimitives.WriteInt32LittleEndian(_narrow.AsSpan(used), bytes.Length);
            used += sizeof(int);
            if (used + bytes.Length > _narrow.Length)
            {
                _hash.AppendData(_narrow.AsSpan(0, used));
                _hash.AppendData(bytes);
                used = 0;
                continue;
            }

            bytes.CopyTo(_narrow.AsSpan(used));
            used += bytes.Length;
        }

        _hash.AppendData(_narrow.AsSpan(0, used));
    }

    // The least, and how far the others are above it, in the fewest bytes that hold the greatest distance; as they are where that takes eight.
    private void AppendNumbers(ReadOnlySpan<long> values)
    {
        var (least, greatest) = Range(values);
        var distance = unchecked((ulong)(greatest - least));
        var width = distance <= byte.MaxValue ? sizeof(byte) : distance <= ushort.MaxValue ? sizeof(ushort) : distance <= uint.MaxValue ? sizeof(uint) : sizeof(long);
        Span<byte> header = stackalloc byte[1 + sizeof(long)];
        header[0] = (byte)width;
        BinaryPrimitives.WriteInt64LittleEndian(header[1..], least);
        _hash.AppendData(header);
        if (width == sizeof(long))
        {
            _hash.AppendData(MemoryMarshal.AsBytes(values));
            return;
        }

        Narrow(values, least, width);
        _hash.AppendData(_narrow.AsSpan(0, values.Length * width));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (long Least, long Greatest) Range(ReadOnlySpan<long> values)
    {
        var (least, greatest) = (Vector256.Create(long.MaxValue), Vector256.Create(long.MinValue));
        var rest = values;
        for (; rest.Length >= Vector256<long>.Count; rest = rest[Vector256<long>.Count..])
        {
            var some = Vector256.Create(rest[..Vector256<long>.Count]);
            (least, greatest) = (Vector256.Min(least, some), Vector256.Max(greatest, some));
        }

        var (minimum, maximum) = (long.MaxValue, long.MinValue);
        for (var lane = 0; lane < Vector256<long>.Count; lane++)
        {
            (minimum, maximum) = (Math.Min(minimum, least[lane]), Math.Max(maximum, greatest[lane]));
        }

        foreach (var value in rest)
        {
            (minimum, maximum) = (Math.Min(minimum, value), Math.Max(maximum, value));
        }

        return (minimum, maximum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Narrow(ReadOnlySpan<long> values, long least, int width)
    {
        switch (width)
        {
            case sizeof(byte):
                var bytes = _narrow.AsSpan(0, values.Length);
                for (var row = 0; row < bytes.Length; row++)
                {
                    bytes[row] = unchecked((byte)(values[row] - least));
                }

                break;
            case sizeof(ushort):
                var shorts = MemoryMarshal.Cast<byte, ushort>(_narrow.AsSpan())[..values.Length];
                for (var row = 0; row < shorts.Length; row++)
                {
                    shorts[row] = unchecked((ushort)(values[row] - least));
                }

                break;
            default:
                var words = MemoryMarshal.Cast<byte, uint>(_narrow.AsSpan())[..values.Length];
                for (var row = 0; row < words.Length; row++)
                {
                    words[row] = unchecked((uint)(values[row] - least));
                }

                break;
        }
    }
}

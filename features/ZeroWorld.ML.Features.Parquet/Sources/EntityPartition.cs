using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The partitions of entities (docs/formats/materialization-ledger.md): the lower half of the MD5 of their keys as text, modulo their number.</summary>
/// <remarks>
/// One per row of a table is wanted: the engine's and the platform's MD5 cost many times what the digest of so few bytes does. Texts of one block (RFC 1321) are
/// digested here, sixteen side by side, a longer one by the platform. Not thread safe.
/// </remarks>
internal sealed class EntityPartition
{
    private const int Lanes = 16;
    private const int Rounds = 4;
    private const int RoundSteps = 16;
    private const int BlockWords = 16;

    // A block has 64 bytes; the mark behind the text takes one, the length 8.
    private const int BlockTextMax = (BlockWords * sizeof(uint)) - 9;
    private const int LengthWord = BlockWords - 2;

    private const uint StartA = 0x67452301;
    private const uint StartB = 0xefcdab89;
    private const uint StartC = 0x98badcfe;
    private const uint StartD = 0x10325476;

    // floor(2^32 * abs(sin(i + 1))), section 3.4.
    private static readonly uint[] Sines = [.. Enumerable.Range(1, Rounds * RoundSteps).Select(static step => (uint)(4294967296.0 * Math.Abs(Math.Sin(step))))];

    // Word w of the text in lane l at w * Lanes + l.
    private readonly uint[] _words = new uint[BlockWords * Lanes];
    private readonly int[] _rows = new int[Lanes];
    private int _lanes;

    /// <summary>Finds the partitions of keys that are one integer: their text is its decimal digits.</summary>
    /// <param name="partitions">Receives one per key, 0 to <see cref="MaterializationLedger.PartitionCount"/> - 1.</param>
    public static void Find(ReadOnlySpan<long> keys, Span<byte> partitions)
    {
        const int DigitsMax = 20;
        var digests = new EntityPartition();
        Span<byte> text = stackalloc byte[DigitsMax];
        for (var row = 0; row < keys.Length; row++)
        {
            _ = keys[row].TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
            digests.Add(row, text[..length], partitions);
        }

        digests.Complete(partitions);
    }

    /// <summary>Takes the text of a row's keys: each as the engine writes it, joined with '|'.</summary>
    /// <param name="partitions">Receives the partition of the row, at <see cref="Complete"/> at the latest.</param>
    public void Add(int row, ReadOnlySpan<byte> text, Span<byte> partitions)
    {
        if (text.Length > BlockTextMax)
        {
            Span<byte> digest = stackalloc byte[MD5.HashSizeInBytes];
#pragma warning disable CA5351 // Not for security: it is the digest that the format names.
            MD5.HashData(text, digest);
#pragma warning restore CA5351
            partitions[row] = PartitionOf(BinaryPrimitives.ReadUInt64LittleEndian(digest[sizeof(ulong)..]));
            return;
        }

        var at = _lanes;
        for (; text.Length >= sizeof(uint); text = text[sizeof(uint)..], at += Lanes)
        {
            _words[at] = BinaryPrimitives.ReadUInt32LittleEndian(text);
        }

        var last = 0x80u << (8 * text.Length);
        for (var index = 0; index < text.Length; index++)
        {
            last |= (uint)text[index] << (8 * index);
        }

        _words[at] = last;
        _words[(LengthWord * Lanes) + _lanes] = (uint)(((at / Lanes * sizeof(uint)) + text.Length) << 3);
        _rows[_lanes++] = row;
        if (_lanes == Lanes)
        {
            Complete(partitions);
        }
    }

    /// <summary>Digests what was added and is not yet found.</summary>
    public void Complete(Span<byte> partitions)
    {
        if (_lanes == 0)
        {
            return;
        }

        var (c, d) = Digest();
        for (var lane = 0; lane < _lanes; lane++)
        {
            partitions[_rows[lane]] = PartitionOf(c[lane] | ((ulong)d[lane] << 32));
        }

        _words.AsSpan().Clear();
        _lanes = 0;
    }

    // The number of partitions is a power of two, and bytes 8 to 15 of a digest are little-endian.
    private static byte PartitionOf(ulong lowerHalf) => (byte)(lowerHalf % MaterializationLedger.PartitionCount);

    /// <returns>The third and fourth word of each lane's digest.</returns>
    private (Vector512<uint> C, Vector512<uint> D) Digest()
    {
        var (a, b, c, d) = (Vector512.Create(StartA), Vector512.Create(StartB), Vector512.Create(StartC), Vector512.Create(StartD));
        for (var step = 0; step < RoundSteps; step += 4)
        {
            a = b + RotateLeft(a + (d ^ (b & (c ^ d))) + Term(step, step), 7);
            d = a + RotateLeft(d + (c ^ (a & (b ^ c))) + Term(step + 1, step + 1), 12);
            c = d + RotateLeft(c + (b ^ (d & (a ^ b))) + Term(step + 2, step + 2), 17);
            b = c + RotateLeft(b + (a ^ (c & (d ^ a))) + Term(step + 3, step + 3), 22);
        }

        for (var step = RoundSteps; step < 2 * RoundSteps; step += 4)
        {
            a = b + RotateLeft(a + (c ^ (d & (b ^ c))) + Term(step, (5 * step) + 1), 5);
            d = a + RotateLeft(d + (b ^ (c & (a ^ b))) + Term(step + 1, (5 * step) + 6), 9);
            c = d + RotateLeft(c + (a ^ (b & (d ^ a))) + Term(step + 2, (5 * step) + 11), 14);
            b = c + RotateLeft(b + (d ^ (a & (c ^ d))) + Term(step + 3, (5 * step) + 16), 20);
        }

        for (var step = 2 * RoundSteps; step < 3 * RoundSteps; step += 4)
        {
            a = b + RotateLeft(a + (b ^ c ^ d) + Term(step, (3 * step) + 5), 4);
            d = a + RotateLeft(d + (a ^ b ^ c) + Term(step + 1, (3 * step) + 8), 11);
            c = d + RotateLeft(c + (d ^ a ^ b) + Term(step + 2, (3 * step) + 11), 16);
            b = c + RotateLeft(b + (c ^ d ^ a) + Term(step + 3, (3 * step) + 14), 23);
        }

        for (var step = 3 * RoundSteps; step < Rounds * RoundSteps; step += 4)
        {
            a = b + RotateLeft(a + (c ^ (b | ~d)) + Term(step, 7 * step), 6);
            d = a + RotateLeft(d + (b ^ (a | ~c)) + Term(step + 1, (7 * step) + 7), 10);
            c = d + RotateLeft(c + (a ^ (d | ~b)) + Term(step + 2, (7 * step) + 14), 15);
            b = c + RotateLeft(b + (d ^ (c | ~a)) + Term(step + 3, (7 * step) + 21), 21);
        }

        return (c + Vector512.Create(StartC), d + Vector512.Create(StartD));
    }

    /// <summary>What a step adds: its word of the texts, and its constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<uint> Term(int step, int word) => Vector512.LoadUnsafe(ref _words[(word & (BlockWords - 1)) * Lanes]) + Vector512.Create(Sines[step]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> RotateLeft(Vector512<uint> value, [ConstantExpected] int bits) => (value << bits) | (value >>> (32 - bits));
}

using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The partition of an entity (docs/formats/materialization-ledger.md): the lower half of the MD5 of its keys as text, modulo their number.</summary>
/// <remarks>
/// One per row of a table is wanted: a call of the engine's or the platform's MD5 costs several times what the digest of so few bytes does. A text of one
/// block (RFC 1321) is digested here, a longer one by the platform. Pure and thread safe.
/// </remarks>
internal static class EntityPartition
{
    /// <summary>Its name in statements, where the session was told of it.</summary>
    public const string Function = "zw_partition_of";

    // A block has 64 bytes; the mark behind the text takes one, the length 8.
    private const int BlockLength = 64;
    private const int BlockTextMax = BlockLength - 9;

    // floor(2^32 * abs(sin(i + 1))), section 3.4.
    private static readonly uint[] Sines = [.. Enumerable.Range(1, 64).Select(static step => (uint)(4294967296.0 * Math.Abs(Math.Sin(step))))];
    private static readonly int[] Shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

    /// <param name="text">The keys as the engine writes them as text, joined with '|'.</param>
    /// <returns>0 to <see cref="MaterializationLedger.PartitionCount"/> - 1.</returns>
    public static int Of(string text)
    {
        const int StackBytesMax = 512;
        var lengthMax = Encoding.UTF8.GetMaxByteCount(text.Length);
        Span<byte> bytes = lengthMax <= StackBytesMax ? stackalloc byte[StackBytesMax] : new byte[lengthMax];
        return Of(bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    public static int Of(ReadOnlySpan<byte> text) => (int)(LowerHalf(text) % MaterializationLedger.PartitionCount);

    /// <summary>Bytes 8 to 15 of the digest, little-endian.</summary>
    internal static ulong LowerHalf(ReadOnlySpan<byte> text)
    {
        if (text.Length <= BlockTextMax)
        {
            return DigestBlock(text);
        }

        Span<byte> digest = stackalloc byte[MD5.HashSizeInBytes];
#pragma warning disable CA5351 // Not for security: it is the digest that the format names.
        MD5.HashData(text, digest);
#pragma warning restore CA5351
        return BinaryPrimitives.ReadUInt64LittleEndian(digest[sizeof(ulong)..]);
    }

    private static ulong DigestBlock(ReadOnlySpan<byte> text)
    {
        Span<byte> block = stackalloc byte[BlockLength];
        block.Clear();
        text.CopyTo(block);
        block[text.Length] = 0x80;
        block[BlockLength - sizeof(ulong)] = (byte)(text.Length << 3);
        block[BlockLength - sizeof(ulong) + 1] = (byte)(text.Length >> 5);
        Span<uint> words = stackalloc uint[BlockLength / sizeof(uint)];
        for (var index = 0; index < words.Length; index++)
        {
            words[index] = BinaryPrimitives.ReadUInt32LittleEndian(block[(index * sizeof(uint))..]);
        }

        const uint StartC = 0x98badcfe;
        const uint StartD = 0x10325476;
        var (a, b, c, d) = (0x67452301u, 0xefcdab89u, StartC, StartD);
        for (var step = 0; step < 64; step++)
        {
            var (mixed, word) = (step >> 4) switch
            {
                0 => (d ^ (b & (c ^ d)), step),
                1 => (c ^ (d & (b ^ c)), (5 * step) + 1),
                2 => (b ^ c ^ d, (3 * step) + 5),
                _ => (c ^ (b | ~d), 7 * step),
            };
            var sum = a + mixed + words[word & 15] + Sines[step];
            (a, d, c, b) = (d, c, b, b + BitOperations.RotateLeft(sum, Shifts[((step >> 4) << 2) | (step & 3)]));
        }

        return (StartC + c) | ((ulong)(StartD + d) << 32);
    }
}

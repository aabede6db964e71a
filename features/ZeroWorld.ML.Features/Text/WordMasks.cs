using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ZeroWorld.ML.Features;

/// <summary>Where words lie among 64 code points of a normal form, a bit for each.</summary>
/// <param name="Inside">Those that are part of a run which is one word: letters, digits and marks, <c>_</c>, and an apostrophe between two letters.</param>
/// <param name="Starts">The first of each run, and every other sign but a space.</param>
internal readonly record struct WordMasks(ulong Inside, ulong Starts)
{
    /// <summary>Code points of one mask.</summary>
    public const int Width = 64;

    private const int BytesAtOnce = 16;
    private const int BytesOfWord = 8;

    /// <param name="codes">The normal form with a space at either end, and behind it whatever there is up to <see cref="CodeBuffer.Padding"/>.</param>
    /// <param name="count">Code points of the normal form.</param>
    /// <param name="first">The first of 64, a multiple of 64.</param>
    public static WordMasks Of(ReadOnlySpan<uint> codes, int count, int first)
    {
        var folding = UnicodeFolding.Default;
        var (letters, lines, apostrophes, spaces, others) = (0UL, 0UL, 0UL, 0UL, 0UL);
        for (var at = 0; at < Width && first + at < count; at += BytesAtOnce)
        {
            var bytes = Narrow(codes.Slice(first + at, BytesAtOnce));
            var isLetter = Vector128.LessThanOrEqual((bytes | Vector128.Create((byte)0x20)) - Vector128.Create((byte)'a'), Vector128.Create((byte)('z' - 'a')));
            var isDigit = Vector128.LessThanOrEqual(bytes - Vector128.Create((byte)'0'), Vector128.Create((byte)9));
            letters |= Bits(isLetter | isDigit, at);
            lines |= Bits(Vector128.Equals(bytes, Vector128.Create((byte)'_')), at);
            apostrophes |= Bits(Vector128.Equals(bytes, Vector128.Create((byte)'\'')), at);
            spaces |= Bits(Vector128.Equals(bytes, Vector128.Create((byte)TextNormalizer.Space)), at);
            others |= Bits(bytes, at);
        }

        var valid = count - first >= Width ? ulong.MaxValue : (1UL << (count - first)) - 1;
        var neighbours = letters;
        others &= valid;
        while (others != 0)
        {
            // Eight at once, whatever is among them.
            var at = BitOperations.TrailingZeroCount(others) & ~(BytesOfWord - 1);
            var flags = FlagsOf(codes.Slice(first + at, BytesOfWord), folding.Words);
            neighbours |= LowBits(flags) << at;
            letters |= LowBits(flags >> 1) << at;
            apostrophes |= LowBits(flags >> 2) << at;
            others &= ~(0xFFUL << at);
        }

        var inside = letters | lines | (apostrophes & Behind(neighbours, IsWordAt(codes, count, first - 1)) & ((neighbours >> 1) | (IsWordAt(codes, count, first + Width) ? 1UL << (Width - 1) : 0)));
        inside &= valid;
        var starts = ~spaces & ~(inside & Behind(inside, first > 0 && WordNgrams.IsInWord(codes[..count], first - 1, folding))) & valid;
        return new WordMasks(inside, starts);
    }

    private static ulong FlagsOf(ReadOnlySpan<uint> codes, ReadOnlySpan<byte> words)
    {
        ref var code = ref MemoryMarshal.GetReference(codes);
        ref var flags = ref MemoryMarshal.GetReference(words);
        return Flags(ref flags, code) | (Flags(ref flags, Unsafe.Add(ref code, 1)) << 8) | (Flags(ref flags, Unsafe.Add(ref code, 2)) << 16) | (Flags(ref flags, Unsafe.Add(ref code, 3)) << 24)
            | (Flags(ref flags, Unsafe.Add(ref code, 4)) << 32) | (Flags(ref flags, Unsafe.Add(ref code, 5)) << 40) | (Flags(ref flags, Unsafe.Add(ref code, 6)) << 48)
            | (Flags(ref flags, Unsafe.Add(ref code, 7)) << 56);
    }

    private static ulong Flags(ref byte first, uint code) => Unsafe.Add(ref first, Math.Min(code, UnicodeFolding.WordCodes));

    // The lowest bit of each of eight bytes, side by side: the product moves each to a place of its own in the highest byte.
    private static ulong LowBits(ulong bytes) => ((bytes & 0x0101_0101_0101_0101) * 0x0102_0408_1020_4080) >> 56;

    private static ulong Behind(ulong mask, bool isBefore) => (mask << 1) | (isBefore ? 1UL : 0);

    private static bool IsWordAt(ReadOnlySpan<uint> codes, int count, int place) => place >= 0 && place < count && UnicodeFolding.Default.IsWord(codes[place]);

    private static ulong Bits(Vector128<byte> lanes, int at) => (ulong)lanes.ExtractMostSignificantBits() << at;

    // Above 255 they are all 255, which is neither a letter nor a sign of ASCII.
    private static Vector128<byte> Narrow(ReadOnlySpan<uint> codes)
    {
        ref var code = ref MemoryMarshal.GetReference(codes);
        var low = Vector128.NarrowWithSaturation(Vector128.LoadUnsafe(ref code), Vector128.LoadUnsafe(ref code, 4));
        var high = Vector128.NarrowWithSaturation(Vector128.LoadUnsafe(ref code, 8), Vector128.LoadUnsafe(ref code, 12));
        return Vector128.NarrowWithSaturation(low, high);
    }
}

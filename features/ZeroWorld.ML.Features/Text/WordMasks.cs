using System.Numerics;
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

    /// <param name="codes">The normal form with a space at either end, and behind it whatever there is up to <see cref="CodeBuffer.Padding"/>.</param>
    /// <param name="count">Code points of the normal form.</param>
    /// <param name="first">The first of 64, a multiple of 64.</param>
    public static WordMasks Of(ReadOnlySpan<uint> codes, int count, int first)
    {
        var folding = UnicodeFolding.Default;
        var (letters, lines, apostrophes, spaces, others) = (0UL, 0UL, 0UL, 0UL, 0UL);
        for (var at = 0; at < Width; at += BytesAtOnce)
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
        for (others &= valid; others != 0; others &= others - 1)
        {
            var at = BitOperations.TrailingZeroCount(others);
            var code = codes[first + at];
            var (isWord, isRun) = folding.WordOf(code);
            neighbours |= (ulong)isWord << at;
            letters |= (ulong)isRun << at;
            apostrophes |= code == 0x2019 ? 1UL << at : 0;
        }

        var inside = letters | lines | (apostrophes & Behind(neighbours, IsWordAt(codes, count, first - 1)) & ((neighbours >> 1) | (IsWordAt(codes, count, first + Width) ? 1UL << (Width - 1) : 0)));
        inside &= valid;
        var starts = ~spaces & ~(inside & Behind(inside, first > 0 && WordNgrams.IsInWord(codes[..count], first - 1, folding))) & valid;
        return new WordMasks(inside, starts);
    }

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

using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>Words as they are written where a keyboard has no letters with marks. Pure functions; by the tables of the build, not by the runtime's.</summary>
public static class UnmarkedLetters
{
    private const uint LatinLast = 0x24F;

    /// <summary>A word of Latin letters in small letters without their marks; <see langword="null"/>: none of its letters has one, or it has other letters.</summary>
    /// <remarks>Letters that are none with a mark (<c>ø ł đ ı</c>) stay.</remarks>
    public static string? Of(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        var (folding, plain, isMarked) = (UnicodeFolding.Default, new StringBuilder(word.Length), false);
        foreach (var rune in word.ToLowerInvariant().EnumerateRunes())
        {
            var code = (uint)rune.Value;
            while (folding.TryDecompose(code, out var start, out _))
            {
                (code, isMarked) = (start, true);
            }

            if (folding.IsMark(code))
            {
                isMarked = true;
            }
            else if (code > LatinLast && folding.IsWord(code))
            {
                return null;
            }
            else
            {
                plain.Append(new Rune(code));
            }
        }

        return isMarked && plain.Length > 0 ? plain.ToString() : null;
    }
}

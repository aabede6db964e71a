using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>Code points of texts for tokenizers. Pure; independent of the Unicode data of the machine.</summary>
internal static class TextScalars
{
    private const int HangulFirst = 0xAC00;
    private const int HangulLast = 0xD7A3;
    private const int VowelTails = 588;
    private const int Tails = 28;

    /// <summary>Unpaired surrogates as U+FFFD.</summary>
    public static string Repair(string text)
    {
        var builder = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            builder.Append(rune);
        }

        return builder.ToString();
    }

    /// <summary>Small letters without their marks: what uncased models of BERT read (lower case, canonical decomposition, non-spacing marks dropped).</summary>
    public static string Uncase(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text.ToLowerInvariant();
        }

        var builder = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(builder, Rune.ToLowerInvariant(rune));
        }

        return builder.ToString();
    }

    private static void Decompose(StringBuilder builder, Rune rune)
    {
        var code = rune.Value;
        if (code is >= HangulFirst and <= HangulLast)
        {
            var place = code - HangulFirst;
            builder.Append((char)(0x1100 + (place / VowelTails))).Append((char)(0x1161 + (place % VowelTails / Tails)));
            if (place % Tails > 0)
            {
                builder.Append((char)(0x11A7 + (place % Tails)));
            }
        }
        else if (UnicodeFolding.Default.TryDecompose((uint)code, out var start, out var mark))
        {
            Decompose(builder, new Rune(start));
            Decompose(builder, new Rune(mark));
        }
        else if (Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark)
        {
            builder.Append(rune);
        }
    }
}

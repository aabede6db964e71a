using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Words as they are written where a keyboard has no letters with marks. Pure functions.</summary>
internal static class PlainLetters
{
    /// <summary>A word of Latin letters without their marks; <see langword="null"/>: it has none, or other letters.</summary>
    public static string? Of(string word)
    {
        var isMarked = false;
        var plain = new StringBuilder(word.Length);
        foreach (var letter in word.Normalize(NormalizationForm.FormD))
        {
            if (CharUnicodeInfo.GetUnicodeCategory(letter) == UnicodeCategory.NonSpacingMark)
            {
                isMarked = true;
            }
            else if (letter > '\u024f' && char.IsLetter(letter))
            {
                return null;
            }
            else
            {
                plain.Append(letter);
            }
        }

        return isMarked ? plain.ToString() : null;
    }
}

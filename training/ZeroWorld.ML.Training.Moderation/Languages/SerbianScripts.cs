using System.Buffers;
using System.Text;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Serbian in its other alphabet: every Latin letter, or pair of letters, stands for one Cyrillic letter (Pravopis srpskoga jezika). Pure functions.</summary>
internal static class SerbianScripts
{
    /// <summary>The language's code in the corpora.</summary>
    public const string Language = "srp";

    private const string Cyrillic = "абвгдђежзијклљмнњопрстћуфхцчџш";

    private static readonly SearchValues<char> CyrillicLetters = SearchValues.Create(Cyrillic);
    private static readonly string[] Latin = "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š".Split(' ');

    /// <summary>A text in small letters of the other alphabet: Latin where it has a Cyrillic letter, else Cyrillic. What is no Serbian letter stays.</summary>
    public static string InOther(string text)
    {
        var small = text.ToLowerInvariant();
        var written = new StringBuilder(small.Length);
        if (small.AsSpan().IndexOfAny(CyrillicLetters) >= 0)
        {
            foreach (var letter in small)
            {
                var place = Cyrillic.IndexOf(letter, StringComparison.Ordinal);
                written.Append(place < 0 ? letter.ToString() : Latin[place]);
            }

            return written.ToString();
        }

        for (var (at, length) = (0, 0); at < small.Length; at += length)
        {
            // Two letters that stand for one come first.
            var pair = at + 1 < small.Length ? Array.IndexOf(Latin, small.Substring(at, 2)) : -1;
            var place = pair >= 0 ? pair : Array.IndexOf(Latin, small.Substring(at, 1));
            length = pair >= 0 ? 2 : 1;
            written.Append(place < 0 ? small[at] : Cyrillic[place]);
        }

        return written.ToString();
    }
}

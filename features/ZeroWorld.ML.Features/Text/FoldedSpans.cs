using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>Where the letters of folded words stand in the given text. Pure functions of the text and a workspace that holds its folded form.</summary>
internal static class FoldedSpans
{
    /// <summary>What stands between the letters of a folded word.</summary>
    public static WordForm FormOf(ReadOnlySpan<char> text, TextWorkspace workspace, int start, int length)
    {
        // A letter per code unit leaves no room for anything.
        var (first, last) = (workspace.Folded.Origins[start], workspace.Folded.Origins[start + length - 1]);
        if (last - first < length)
        {
            return WordForm.Plain;
        }

        var form = WordForm.Plain;
        foreach (var character in text[first..last])
        {
            if (char.IsWhiteSpace(character))
            {
                return WordForm.Spelled;
            }

            form = char.IsLetterOrDigit(character) ? form : WordForm.Signed;
        }

        return form;
    }

    /// <summary>Whether more of a word's code units are digits than are not: it is a number or a code, whatever letters its digits look like.</summary>
    public static bool IsNumber(ReadOnlySpan<char> word)
    {
        var digits = 0;
        foreach (var character in word)
        {
            digits += char.IsDigit(character) ? 1 : 0;
        }

        return digits > word.Length - digits;
    }

    /// <summary>Of letters that white space parts, the place behind the run that begins with one of them.</summary>
    /// <param name="end">Behind the last letter.</param>
    public static int PieceEnd(ReadOnlySpan<char> text, TextWorkspace workspace, int start, int end)
    {
        var origins = workspace.Folded.Origins;
        var place = start + 1;
        while (place < end && !HasSpace(text[origins[place - 1]..origins[place]]))
        {
            place++;
        }

        return place;
    }

    /// <summary>The code unit behind a letter with its repetitions and the marks and unseen characters on it.</summary>
    /// <param name="place">Of the letter among the folded ones.</param>
    public static int EndOf(TextWorkspace workspace, int place)
    {
        var origins = workspace.Normal.Origins;
        ReadOnlySpan<uint> codes = workspace.Normal.Codes;
        var next = origins.BinarySearch(workspace.Folded.Origins[place]);
        var (origin, letter) = (origins[next], codes[next]);
        while (next < codes.Length - 1)
        {
            if (origins[next] == origin || codes[next] == letter || UnicodeFolding.Default.IsMark(codes[next]) || UnicodeFolding.Default.IsInvisible(codes[next]))
            {
                next++;
            }
            else if (codes[next] == TextNormalizer.Space && next + 2 < codes.Length && codes[next + 1] == letter && codes[next + 2] == TextNormalizer.Space && IsAlone(codes, next - 1))
            {
                // Letter by letter, twice the same.
                next += 2;
            }
            else
            {
                break;
            }
        }

        return origins[next];
    }

    /// <summary>Letters as a text.</summary>
    public static string ToText(ReadOnlySpan<uint> letters)
    {
        var text = new StringBuilder(letters.Length);
        foreach (var letter in letters)
        {
            text.Append(new Rune(letter).ToString());
        }

        return text.ToString();
    }

    /// <summary>A text without its white space.</summary>
    public static string Unspaced(ReadOnlySpan<char> text)
    {
        var kept = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (!char.IsWhiteSpace(character))
            {
                kept.Append(character);
            }
        }

        return kept.ToString();
    }

    private static bool IsAlone(ReadOnlySpan<uint> codes, int place) => codes[place - 1] == TextNormalizer.Space;

    private static bool HasSpace(ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (char.IsWhiteSpace(character))
            {
                return true;
            }
        }

        return false;
    }
}

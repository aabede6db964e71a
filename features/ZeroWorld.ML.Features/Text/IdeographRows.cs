using System.Buffers;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>Ideographs side by side, which folding makes words of one sign each: rows of two and three of them are in a lexicon as words, and a row that no text has is read as the one that it hides. Pure functions of a text and a workspace that holds its folded form.</summary>
internal static class IdeographRows
{
    // What stands in the place of a sign that is not to be written.
    private static readonly SearchValues<char> Masks = SearchValues.Create("*_#\uff0a\u25cb\u25cf\u25a1\u25ef");

    /// <summary>Longest row that is kept.</summary>
    public const int LengthMax = 3;

    /// <summary>How many ideographs stand side by side from a word on, the given number at most; 0 where the word is none.</summary>
    public static int LengthAt(TextWorkspace workspace, int place, int most)
    {
        var words = workspace.FoldedWords;
        ReadOnlySpan<uint> codes = workspace.Folded.Codes;
        var length = 0;
        while (length < most && place + length < words.Count && words[place + length] is var (start, letters) && letters == 1 && UnicodeFolding.Default.IsIdeograph(codes[start])
            && (length == 0 || workspace.Folded.Origins[start] == EndOf(workspace, words[place + length - 1].Start)))
        {
            length++;
        }

        return length;
    }

    /// <summary>Whether a word and the next one are ideographs with one sign between that masks a third.</summary>
    public static bool IsMaskedAt(ReadOnlySpan<char> text, TextWorkspace workspace, int place)
    {
        if (LengthAt(workspace, place, 1) == 0 || LengthAt(workspace, place + 1, 1) == 0)
        {
            return false;
        }

        var end = EndOf(workspace, workspace.FoldedWords[place].Start);
        return workspace.Folded.Origins[workspace.FoldedWords[place + 1].Start] == end + 1 && Masks.Contains(text[end]);
    }

    /// <summary>Whether a word of a lexicon is such a row.</summary>
    public static bool IsRow(ReadOnlySpan<uint> letters) => letters.Length is > 1 and <= LengthMax && !letters.ContainsAnyInRange(0u, 0x7Fu) && UnicodeFolding.Default.IsIdeograph(letters[0]);

    /// <summary>Hash of two signs.</summary>
    public static ulong PairOf(uint first, uint second) => WordHash.Step(WordHash.Step(WordHash.Start, first), second);

    /// <summary>The code unit behind a sign.</summary>
    public static int EndOf(TextWorkspace workspace, int start) => workspace.Folded.Origins[start] + new Rune(workspace.Folded.Codes[start]).Utf16SequenceLength;

    /// <summary>The sign before a word and the one behind it; 0 where no ideograph stands at its side.</summary>
    public static (uint Before, uint Behind) SidesOf(TextWorkspace workspace, int first, int last)
    {
        var words = workspace.FoldedWords;
        ReadOnlySpan<uint> codes = workspace.Folded.Codes;
        return (first > 0 && LengthAt(workspace, first - 1, 2) == 2 ? codes[words[first - 1].Start] : 0, LengthAt(workspace, last, 2) == 2 ? codes[words[last + 1].Start] : 0);
    }
}

namespace ZeroWorld.ML.Features;

/// <summary>The Arabic words of a lexicon by the skeletons of their spellings in Latin letters and digits. Immutable and thread safe.</summary>
internal sealed class ChatReadings
{
    private const int WordsMax = 8;
    private const double Cost = 3;
    private const double DistanceCost = 1.5;
    private const uint AsciiEnd = 0x80;

    // Words that are neither known nor such spellings, for each that is one.
    private const int UnreadMax = 2;

    private readonly Dictionary<ulong, List<int>> _alike;
    private readonly WordTable _known;
    private readonly IReadOnlyList<LexiconWord> _words;
    private readonly double[] _logs;

    private ChatReadings(Dictionary<ulong, List<int>> alike, IReadOnlyList<LexiconWord> words, double[] logs, WordTable known) => (_alike, _words, _logs, _known) = (alike, words, logs, known);

    /// <param name="words">Those of most texts first: of many with one skeleton the first count.</param>
    /// <param name="logs">Of their shares.</param>
    /// <param name="known">All words of the lexicon by the hash of their folded form.</param>
    /// <returns><see langword="null"/>: none of them is Arabic.</returns>
    public static ChatReadings? Of(IReadOnlyList<LexiconWord> words, double[] logs, WordTable known)
    {
        var all = new Dictionary<ulong, List<int>>();
        for (var place = 0; place < words.Count; place++)
        {
            if (!ChatSpelling.IsArabic(words[place].Folded))
            {
                continue;
            }

            foreach (var skeleton in ChatSpelling.SkeletonsOf(words[place].Folded))
            {
                if (!all.TryGetValue(skeleton, out var alike))
                {
                    all.Add(skeleton, alike = []);
                }

                if (alike.Count < WordsMax)
                {
                    alike.Add(place);
                }
            }
        }

        return all.Count == 0 ? null : new ChatReadings(all, words, logs, known);
    }

    /// <summary>Whether a text is Arabic in Latin letters: a single word of a language that the lexicon does not know may look like some Arabic one, too.</summary>
    public bool IsChat(ReadOnlySpan<char> text, TextWorkspace workspace)
    {
        ReadOnlySpan<uint> codes = workspace.Folded.Codes;
        var (known, read, unread) = (0, 0, 0);
        foreach (var (start, length) in workspace.FoldedWords)
        {
            if (length < WordLexicon.WordMin || codes[start] >= AsciiEnd || FoldedSpans.FormOf(text, workspace, start, length) == WordForm.Spelled)
            {
                continue;
            }

            var given = text[workspace.Folded.Origins[start]..FoldedSpans.EndOf(workspace, start + length - 1)];
            var isKnown = _known.Find(WordHash.Of(codes.Slice(start, length))) != WordTable.Absent;
            var isRead = !isKnown && Read(given).Score > WordLexicon.ScoreOfUnknown(length);
            (known, read, unread) = (known + (isKnown ? 1 : 0), read + (isRead ? 1 : 0), unread + (isKnown || isRead ? 0 : 1));
        }

        return read > 0 && read >= known && UnreadMax * read >= unread;
    }

    /// <summary>The likeliest word that a spelling stands for, and how likely that is.</summary>
    /// <returns>A place of -1 where there is none.</returns>
    public (double Score, int Place) Read(ReadOnlySpan<char> spelling)
    {
        var (best, read) = (double.NegativeInfinity, -1);
        if (ChatSpelling.SkeletonOf(spelling) is not 0 and var skeleton && _alike.TryGetValue(skeleton, out var alike))
        {
            foreach (var place in alike)
            {
                var score = _logs[place] - Cost - (DistanceCost * ChatSpelling.Distance(spelling, _words[place].Folded));
                (best, read) = score > best ? (score, place) : (best, read);
            }
        }

        return (best, read);
    }
}

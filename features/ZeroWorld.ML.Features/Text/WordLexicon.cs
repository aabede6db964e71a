using System.Runtime.InteropServices;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>The words of the texts that a model learned from. A word that none of them has is read as the likeliest of what it may hide: a known word without one of its letters or with two of them in each other's place,
/// with digits that look like its letters, several known words without the spaces between them, one with a space inside, or an Arabic one in Latin letters and digits.</summary>
/// <remarks>
/// Words are compared by their folded form, so that leetspeak, signs between letters and the like are undone before. What is likeliest says a noisy channel: a known word counts with the share of the texts that have it,
/// each change costs, and an unknown word is read as it stands where nothing known is likelier than its letters by chance. Immutable and thread safe; each thread brings a workspace.
/// Definition: docs/formats/text-features.md.
/// </remarks>
public sealed class WordLexicon
{
    internal const int WordMin = 3;
    internal const int PieceMax = 24;

    // Natural logarithms of probabilities, taken away.
    private const double MisspelledCost = 3;
    private const double SpelledCost = 3;
    private const double MissingSpaceCost = 1;
    private const double UnknownCost = 3;
    private const double LetterCost = 2.5;
    private const int NotInWords = -1;
    private const int StackLettersMax = 128;
    private const int ShorterOfMin = 4;

    // Place among the words by the hash of the folded form; NotInWords for a word of one text only.
    private readonly WordTable _places;

    // The same by the hash of the folded form without one of its letters: of several words the one in most texts.
    private readonly WordTable _shorter;
    private readonly double[] _logs;
    private readonly bool _hasRows;
    private readonly ChatReadings? _chat;

    /// <param name="words">Those that two texts or more have; of equal folded forms the first counts.</param>
    /// <param name="rare">Hashes of the folded forms of all others, which are known and nothing is read as.</param>
    /// <param name="readsChat">Whether Arabic in Latin letters and digits is read, too; of words without Arabic ones nothing is.</param>
    public WordLexicon(IReadOnlyList<LexiconWord> words, IReadOnlyList<ulong> rare, bool readsChat = true)
    {
        ArgumentNullException.ThrowIfNull(words);
        ArgumentNullException.ThrowIfNull(rare);
        (Words, Rare) = (words, rare);
        _places = new WordTable(words.Count + rare.Count);
        _logs = new double[words.Count];
        foreach (var hash in rare)
        {
            _places.Set(hash, NotInWords);
        }

        var folded = new uint[words.Count][];
        var total = (long)rare.Count;
        for (var place = 0; place < words.Count; place++)
        {
            folded[place] = [.. words[place].Folded.EnumerateRunes().Select(static rune => (uint)rune.Value)];
            var isRow = IdeographRows.IsRow(folded[place]);
            (_hasRows, total) = (_hasRows || isRow, total + (isRow ? 0 : words[place].Texts));
        }

        for (var place = words.Count - 1; place >= 0; place--)
        {
            _logs[place] = Math.Log((double)words[place].Texts / total);
            _places.Set(WordHash.Of(folded[place]), place);
        }

        _chat = readsChat ? ChatReadings.Of(words, _logs, _places) : null;
        var room = new List<uint>();
        _shorter = new WordTable(folded.Sum(static letters => letters.Length >= ShorterOfMin || IdeographRows.IsRow(letters) ? letters.Length - 1 : 0));
        for (var place = 0; place < words.Count; place++)
        {
            // Of a row of three the sign in the middle: without another one it is a row that is known.
            var last = IdeographRows.IsRow(folded[place]) ? folded[place].Length - 1 : folded[place].Length;
            for (var missing = 1; (folded[place].Length >= ShorterOfMin || last < folded[place].Length) && missing < last; missing++)
            {
                room.Clear();
                for (var at = 0; at < folded[place].Length; at++)
                {
                    AddCollapsed(room, folded[place][at], at != missing);
                }

                var hash = WordHash.Of(CollectionsMarshal.AsSpan(room));
                if (_shorter.Find(hash) is var other && (other < 0 || words[other].Texts < words[place].Texts))
                {
                    _shorter.Set(hash, place);
                }
            }
        }
    }

    /// <summary>Words that two texts or more have, those of most texts first.</summary>
    public IReadOnlyList<LexiconWord> Words { get; }

    /// <summary>Hashes of the folded forms of all other words.</summary>
    public IReadOnlyList<ulong> Rare { get; }

    /// <summary>Whether Arabic in Latin letters and digits is read.</summary>
    public bool ReadsChat => _chat is not null;

    /// <summary>Reads hidden words of a text.</summary>
    /// <param name="text">As given, of at most <see cref="TextFeaturizerSettings.LengthMax"/>; a longer one is left.</param>
    /// <param name="workspace">What <see cref="TextFeaturizer.Featurize(ReadOnlySpan{char}, TextWorkspace)"/> left of the text, by the featurizer that the lexicon was made with.</param>
    /// <returns><see langword="null"/>: nothing in it is read otherwise than it stands.</returns>
    public RestoredText? Restore(ReadOnlySpan<char> text, TextWorkspace workspace)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        if (workspace.IsTruncated)
        {
            return null;
        }

        var words = CollectionsMarshal.AsSpan(workspace.FoldedWords);
        ReadOnlySpan<uint> codes = workspace.Folded.Codes;
        for (var place = 0; place < words.Length; place++)
        {
            var (start, length) = words[place];
            if (FoldedSpans.FormOf(text, workspace, start, length) != WordForm.Plain || _places.Find(WordHash.Of(codes.Slice(start, length))) == WordTable.Absent || (_hasRows && ReadRow(text, workspace, place) is not null))
            {
                return RestoreFrom(place, text, workspace);
            }
        }

        return null;
    }

    private RestoredText? RestoreFrom(int first, ReadOnlySpan<char> text, TextWorkspace workspace)
    {
        var words = CollectionsMarshal.AsSpan(workspace.FoldedWords);
        ReadOnlySpan<uint> codes = workspace.Folded.Codes;
        var result = new StringBuilder();
        var parts = new List<(int, int, int, int)>();
        var done = 0;
        var isChat = _chat is not null && _chat.IsChat(text, workspace);
        for (var place = first; place < words.Length; place++)
        {
            var (start, length) = words[place];
            var (from, to) = (place, place);
            string? read = null;
            var form = FoldedSpans.FormOf(text, workspace, start, length);
            var known = form == WordForm.Spelled ? NotInWords : _places.Find(WordHash.Of(codes.Slice(start, length)));
            if (form == WordForm.Plain && known != WordTable.Absent && (!_hasRows || ReadRow(text, workspace, place) is null))
            {
                continue;
            }

            var given = text[workspace.Folded.Origins[start]..FoldedSpans.EndOf(workspace, start + length - 1)];
            if (_hasRows && form == WordForm.Plain && ReadRow(text, workspace, place) is { } row)
            {
                (read, to) = (row, place + 1);
            }
            else if (form == WordForm.Spelled)
            {
                read = length >= WordMin ? ReadSpelled(text, workspace, start, length) : null;
            }
            else if (known != WordTable.Absent)
            {
                read = form == WordForm.Signed && known >= 0 && !given.Equals(Words[known].Plain, StringComparison.OrdinalIgnoreCase) ? Words[known].Plain : null;
            }
            else if (!FoldedSpans.IsNumber(given))
            {
                (var score, read) = ReadUnknown(text, workspace, words[place]);
                if (isChat && _chat!.Read(given) is { Place: >= 0 } spelled && spelled.Score > score)
                {
                    (score, read) = (spelled.Score, Words[spelled.Place].Plain);
                }

                if (place + 1 < words.Length && ReadTogether(codes, words[place], words[place + 1], score + ScoreOf(codes, words[place + 1])) is { } withNext)
                {
                    (read, to) = (withNext, place + 1);
                }
                else if (place > 0 && workspace.Folded.Origins[words[place - 1].Start] >= done
                    && ReadTogether(codes, words[place - 1], words[place], score + ScoreOf(codes, words[place - 1])) is { } withLast)
                {
                    (read, from) = (withLast, place - 1);
                }
            }

            if (read is null)
            {
                continue;
            }

            var (begin, end) = (workspace.Folded.Origins[words[from].Start], FoldedSpans.EndOf(workspace, words[to].Start + words[to].Length - 1));
            result.Append(text[done..begin]);
            parts.Add((begin, end, result.Length, result.Length + read.Length));
            result.Append(read);
            (done, place) = (end, to);
        }

        return parts.Count == 0 ? null : new RestoredText(result.Append(text[done..]).ToString(), [.. parts]);
    }

    // As written, letter by letter with spaces between, or as the words that the letters are without these.
    private string? ReadSpelled(ReadOnlySpan<char> text, TextWorkspace workspace, int start, int length)
    {
        ReadOnlySpan<uint> codes = workspace.Folded.Codes;
        var kept = 0.0;
        for (int piece = start, end; piece < start + length; piece = end)
        {
            end = FoldedSpans.PieceEnd(text, workspace, piece, start + length);
            kept += ScoreOf(codes, (piece, end - piece));
        }

        return Segment(text, workspace, (start, length), kept + SpelledCost, 0).Read;
    }

    // What a word that no text has is read as, and how likely that is; null: as it stands.
    private (double Score, string? Read) ReadUnknown(ReadOnlySpan<char> text, TextWorkspace workspace, (int Start, int Length) word)
    {
        ReadOnlySpan<uint> codes = workspace.Folded.Codes.Slice(word.Start, word.Length);
        var (best, read) = (ScoreOfUnknown(codes.Length), (string?)null);
        if (codes.Length < WordMin)
        {
            return (best, null);
        }

        if (codes.Length <= PieceMax)
        {
            var likeliest = _shorter.Find(WordHash.Of(codes));
            Span<uint> swapped = stackalloc uint[PieceMax];
            for (var at = 0; codes.Length >= ShorterOfMin && at + 1 < codes.Length; at++)
            {
                codes.CopyTo(swapped);
                (swapped[at], swapped[at + 1]) = (swapped[at + 1], swapped[at]);
                var other = _places.Find(WordHash.Of(swapped[..codes.Length]));
                likeliest = other >= 0 && (likeliest < 0 || _logs[other] > _logs[likeliest]) ? other : likeliest;
            }

            var digits = ReadDigits(text, workspace, word);
            likeliest = digits >= 0 && (likeliest < 0 || _logs[digits] > _logs[likeliest]) ? digits : likeliest;
            if (likeliest >= 0 && _logs[likeliest] - MisspelledCost > best)
            {
                (best, read) = (_logs[likeliest] - MisspelledCost, Words[likeliest].Plain);
            }
        }

        var (score, words) = Segment(text, workspace, word, best, MissingSpaceCost);
        return words is null ? (best, read) : (score, words);
    }

    // The likeliest known word that some of the digits make which may stand for another letter than folding took.
    private int ReadDigits(ReadOnlySpan<char> text, TextWorkspace workspace, (int Start, int Length) word)
    {
        var origins = workspace.Folded.Origins.Slice(word.Start, word.Length);
        var readings = DigitReadings.Of(text[origins[0]..(origins[^1] + 1)]);
        if (readings.IsEmpty)
        {
            return NotInWords;
        }

        Span<(int At, uint Letter)> others = stackalloc (int, uint)[DigitReadings.DigitsMax];
        var count = 0;
        for (var at = 0; at < origins.Length && count < others.Length; at++)
        {
            if (ScriptRules.DigitOf(text[origins[at]]) is >= 0 and var digit && readings[digit] != 0)
            {
                others[count++] = (at, readings[digit]);
            }
        }

        ReadOnlySpan<uint> codes = workspace.Folded.Codes.Slice(word.Start, word.Length);
        Span<uint> letters = stackalloc uint[PieceMax];
        var likeliest = NotInWords;
        for (var chosen = 1; chosen < 1 << count; chosen++)
        {
            codes.CopyTo(letters);
            for (var other = 0; other < count; other++)
            {
                letters[others[other].At] = (chosen & (1 << other)) != 0 ? others[other].Letter : letters[others[other].At];
            }

            var place = _places.Find(WordHash.Of(letters[..codes.Length]));
            likeliest = place >= 0 && (likeliest < 0 || _logs[place] > _logs[likeliest]) ? place : likeliest;
        }

        return likeliest;
    }

    // An ideograph and the one beside it, which no text has in this order: in the other order, or with the sign between them that was left out or masked.
    private string? ReadRow(ReadOnlySpan<char> text, TextWorkspace workspace, int place)
    {
        var isMasked = IdeographRows.IsMaskedAt(text, workspace, place);
        if (!isMasked && IdeographRows.LengthAt(workspace, place, 2) < 2)
        {
            return null;
        }

        var words = workspace.FoldedWords;
        var (first, last) = (workspace.Folded.Codes[words[place].Start], workspace.Folded.Codes[words[place + 1].Start]);
        if (isMasked)
        {
            return BetweenOf(first, last);
        }

        // Of a sign that is in the next one's place the row before is no less strange: that one is read first.
        return IsKnown(first, last) ? null : SwappedAt(workspace, place) ?? (SwappedAt(workspace, place + 1) is null ? BetweenOf(first, last) : null);
    }

    // Two ideographs as the row that they are in the other order, where the signs beside them are no stranger to it.
    private string? SwappedAt(TextWorkspace workspace, int place)
    {
        if (IdeographRows.LengthAt(workspace, place, 2) < 2)
        {
            return null;
        }

        var words = workspace.FoldedWords;
        var (first, last) = (workspace.Folded.Codes[words[place].Start], workspace.Folded.Codes[words[place + 1].Start]);
        var (before, behind) = IdeographRows.SidesOf(workspace, place, place + 1);
        return !IsKnown(first, last) && _places.Find(IdeographRows.PairOf(last, first)) is >= 0 and var swapped && KnownSides(before, last, first, behind) >= KnownSides(before, first, last, behind)
            ? Words[swapped].Plain
            : null;
    }

    private bool IsKnown(uint first, uint last) => _places.Find(IdeographRows.PairOf(first, last)) != WordTable.Absent;

    private int KnownSides(uint before, uint first, uint last, uint behind) => (before != 0 && IsKnown(before, first) ? 1 : 0) + (behind != 0 && IsKnown(last, behind) ? 1 : 0);

    // The row of three in most texts of these two with a sign between.
    private string? BetweenOf(uint first, uint last) => _shorter.Find(IdeographRows.PairOf(first, last)) is >= 0 and var place ? Words[place].Plain : null;

    // Two words that are one with a space inside, where that is likelier than what they are each.
    private string? ReadTogether(ReadOnlySpan<uint> codes, (int Start, int Length) one, (int Start, int Length) other, double apart)
    {
        if (one.Length + other.Length is < ShorterOfMin or > PieceMax)
        {
            return null;
        }

        var hash = WordHash.Of(codes.Slice(one.Start, one.Length));
        var isAgain = codes[one.Start + one.Length - 1] == codes[other.Start];
        foreach (var code in codes.Slice(other.Start + (isAgain ? 1 : 0), other.Length - (isAgain ? 1 : 0)))
        {
            hash = WordHash.Step(hash, code);
        }

        return _places.Find(hash) is >= 0 and var place && _logs[place] - SpelledCost > apart ? Words[place].Plain : null;
    }

    // Known words one after the other and, where there is none, letters as they stand; null where that is no likelier than the given.
    private (double Score, string? Read) Segment(ReadOnlySpan<char> text, TextWorkspace workspace, (int Start, int Length) word, double given, double cost)
    {
        ReadOnlySpan<uint> codes = workspace.Folded.Codes.Slice(word.Start, word.Length);
        var scores = codes.Length < StackLettersMax ? stackalloc double[codes.Length + 1] : new double[codes.Length + 1];
        var pieces = codes.Length < StackLettersMax ? stackalloc (int From, int Place)[codes.Length + 1] : new (int From, int Place)[codes.Length + 1];
        scores.Fill(double.NegativeInfinity);
        scores[0] = -cost;
        for (var start = 0; start < codes.Length; start++)
        {
            var hash = WordHash.Start;
            for (var end = start + 1; end <= codes.Length && end - start <= PieceMax; end++)
            {
                hash = WordHash.Step(hash, codes[end - 1]);
                var place = _places.Find(hash);
                var score = scores[start] + (place >= 0 ? _logs[place] : ScoreOfUnknown(end - start));
                if (score > scores[end])
                {
                    (scores[end], pieces[end]) = (score, (start, place));
                }
            }
        }

        return scores[codes.Length] > given ? (scores[codes.Length], Join(text, workspace, word, pieces)) : (given, null);
    }

    // What is no letter of a word stays where it is, but for white space.
    private string Join(ReadOnlySpan<char> text, TextWorkspace workspace, (int Start, int Length) word, ReadOnlySpan<(int From, int Place)> pieces)
    {
        var words = new Stack<string>();
        var origins = workspace.Folded.Origins;
        var behind = FoldedSpans.EndOf(workspace, word.Start + word.Length - 1);
        for (var end = word.Length; end > 0; end = pieces[end].From)
        {
            var first = origins[word.Start + pieces[end].From];
            var last = FoldedSpans.EndOf(workspace, word.Start + end - 1);
            words.Push((pieces[end].Place >= 0 ? Words[pieces[end].Place].Plain : FoldedSpans.Unspaced(text[first..last])) + FoldedSpans.Unspaced(text[last..Math.Max(last, behind)]));
            behind = first;
        }

        return string.Join(' ', words);
    }

    private double ScoreOf(ReadOnlySpan<uint> codes, (int Start, int Length) word) =>
        _places.Find(WordHash.Of(codes.Slice(word.Start, word.Length))) is >= 0 and var place ? _logs[place] : ScoreOfUnknown(word.Length);

    internal static double ScoreOfUnknown(int length) => -UnknownCost - (LetterCost * length);

    // Letters of a folded word are never one after the same.
    private static void AddCollapsed(List<uint> letters, uint letter, bool isKept)
    {
        if (isKept && (letters.Count == 0 || letters[^1] != letter))
        {
            letters.Add(letter);
        }
    }
}

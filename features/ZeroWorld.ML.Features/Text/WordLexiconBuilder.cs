using System.Runtime.InteropServices;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>Gathers the words of texts for a <see cref="WordLexicon"/>. One thread at a time.</summary>
/// <param name="featurizer">Of the model; one without folded channels finds no words.</param>
public sealed class WordLexiconBuilder(TextFeaturizer featurizer)
{
    private const int WordsMax = 100_000;
    private const int RareMax = 500_000;

    // Rows of ideographs are many: behind so many of them no further ones are gathered.
    private const int RowsMax = 1_000_000;

    private readonly TextWorkspace _workspace = new();
    private readonly Dictionary<ulong, Entry> _entries = [];
    private int _texts;
    private int _rows;

    /// <summary>Adds the words of a text, each once.</summary>
    public void Add(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        featurizer.Featurize(text, _workspace);
        _texts++;
        foreach (var (start, length) in _workspace.FoldedWords)
        {
            for (int piece = start, end; piece < start + length; piece = end)
            {
                end = FoldedSpans.PieceEnd(text, _workspace, piece, start + length);
                Add(text, piece, end - piece);
            }
        }

        if (featurizer.Settings.Folding > 1)
        {
            AddRows(text);
        }
    }

    /// <summary>The lexicon: at most 100,000 words of two texts or more, and 500,000 others.</summary>
    public WordLexicon Build()
    {
        var words = _entries.Where(static entry => entry.Value.Texts > 1)
            .Select(static entry => (entry.Key, Word: new LexiconWord(entry.Value.Folded, entry.Value.Commonest(), entry.Value.Texts)))
            .OrderByDescending(static entry => entry.Word.Texts).ThenBy(static entry => entry.Word.Folded, StringComparer.Ordinal).ToList();
        var rare = words.Skip(WordsMax).Select(static entry => entry.Key).Concat(
            _entries.Where(static entry => entry.Value is { Texts: 1, Row: < IdeographRows.LengthMax }).OrderBy(static entry => entry.Value.Row).ThenBy(static entry => entry.Key).Select(static entry => entry.Key));
        return new WordLexicon([.. words.Take(WordsMax).Select(static entry => entry.Word)], [.. rare.Take(RareMax)]);
    }

    // Two and three ideographs side by side.
    private void AddRows(string text)
    {
        for (var place = 0; place < _workspace.FoldedWords.Count; place++)
        {
            var most = IdeographRows.LengthAt(_workspace, place, IdeographRows.LengthMax);
            for (var length = 2; length <= most; length++)
            {
                Add(text, _workspace.FoldedWords[place].Start, length, length);
            }
        }
    }

    private void Add(string text, int start, int length, int row = 0)
    {
        var codes = _workspace.Folded.Codes.Slice(start, length);
        var hash = WordHash.Of(codes);
        if (row > 0 && !_entries.ContainsKey(hash) && ++_rows > RowsMax)
        {
            return;
        }

        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_entries, hash, out _);
        entry ??= new Entry(FoldedSpans.ToText(codes), row);
        if (entry.LastText == _texts)
        {
            return;
        }

        (entry.LastText, entry.Texts) = (_texts, entry.Texts + 1);
        var first = _workspace.Folded.Origins[start];
        ref var times = ref CollectionsMarshal.GetValueRefOrAddDefault(entry.Spellings, text[first..FoldedSpans.EndOf(_workspace, start + length - 1)].ToLowerInvariant(), out _);
        times++;
    }

    private sealed class Entry(string folded, int row)
    {
        // Ideographs of a row; 0 of a word.
        public int Row { get; } = row;

        public string Folded { get; } = folded;

        public Dictionary<string, int> Spellings { get; } = new(1, StringComparer.Ordinal);

        public int LastText { get; set; }

        public int Texts { get; set; }

        // As a file gives it back: half of a surrogate pair is U+FFFD there.
        public string Commonest() => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(
            Spellings.OrderByDescending(static pair => pair.Value).ThenBy(static pair => pair.Key, StringComparer.Ordinal).First().Key));
    }
}

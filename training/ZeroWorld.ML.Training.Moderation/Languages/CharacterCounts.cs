using System.Runtime.InteropServices;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>How often each label has each character n-gram of one length. Sparse, since most labels have few of them.</summary>
/// <remarks>One thread at a time.</remarks>
internal sealed class CharacterCounts(int labels)
{
    private readonly Dictionary<uint, int> _rows = [];
    private readonly List<CharacterNgram> _ngrams = [];
    private readonly Dictionary<(int Row, int Label), float> _counts = [];

    /// <summary>Different n-grams.</summary>
    public int Count => _ngrams.Count;

    public CharacterNgram NgramOf(int row) => _ngrams[row];

    /// <summary>Row of an n-gram that was counted.</summary>
    public int RowOf(uint key) => _rows[key];

    /// <summary>Whether a label has any.</summary>
    public bool Has(int label) => _counts.Keys.Any(pair => pair.Label == label);

    /// <summary>Row of an n-gram, if it was counted.</summary>
    public bool TryRowOf(uint key, out int row) => _rows.TryGetValue(key, out row);

    /// <param name="count">How often; above 0.</param>
    public void Add(CharacterNgram ngram, int label, float count)
    {
        ref var row = ref CollectionsMarshal.GetValueRefOrAddDefault(_rows, ngram.Key, out var isKnown);
        if (!isKnown)
        {
            row = _ngrams.Count;
            _ngrams.Add(ngram);
        }

        CollectionsMarshal.GetValueRefOrAddDefault(_counts, (row, label), out _) += count;
    }

    /// <summary>The counts as tables.</summary>
    public Tables ToTables()
    {
        var contexts = new Dictionary<uint, int>();
        var contextOf = new int[Count];
        for (var row = 0; row < contextOf.Length; row++)
        {
            var key = _ngrams[row].ContextKey;
            contexts.TryAdd(key, contexts.Count);
            contextOf[row] = contexts[key];
        }

        var tables = new Tables(labels, [.. contexts.Keys], contextOf, new float[Count * labels], new float[contexts.Count * labels], new float[contexts.Count * labels]);
        foreach (var ((row, label), count) in _counts)
        {
            tables.Counts[(row * labels) + label] = count;
            tables.Totals[(contextOf[row] * labels) + label] += count;
            tables.Types[(contextOf[row] * labels) + label]++;
        }

        return tables;
    }

    /// <param name="Contexts">Key of each context.</param>
    /// <param name="ContextOf">Context of each n-gram.</param>
    /// <param name="Counts">[n-grams, labels].</param>
    /// <param name="Totals">[contexts, labels]: how often a context stands before a character.</param>
    /// <param name="Types">[contexts, labels]: before how many different ones.</param>
    internal sealed record Tables(int Labels, uint[] Contexts, int[] ContextOf, float[] Counts, float[] Totals, float[] Types)
    {
        public ReadOnlySpan<float> CountsOf(int row) => Counts.AsSpan(row * Labels, Labels);

        /// <summary>Of a context.</summary>
        public ReadOnlySpan<float> TotalsOf(int context) => Totals.AsSpan(context * Labels, Labels);

        /// <summary>Of a context.</summary>
        public ReadOnlySpan<float> TypesOf(int context) => Types.AsSpan(context * Labels, Labels);
    }
}

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

    /// <summary>The counts as tables, once: they take several hundred MiB, and are no longer held here.</summary>
    public Tables TakeTables()
    {
        var contexts = new Dictionary<uint, int>();
        var contextOf = new int[Count];
        for (var row = 0; row < contextOf.Length; row++)
        {
            var key = _ngrams[row].ContextKey;
            contexts.TryAdd(key, contexts.Count);
            contextOf[row] = contexts[key];
        }

        var counts = Group(Count, static (row, _) => row, contextOf);
        var (totals, types) = (new float[labels], new float[labels]);
        var (sums, starts, seen) = (new List<LabelSum>(), new int[contexts.Count + 1], new List<int>());
        var byContext = Group(contexts.Count, static (row, contextOf) => contextOf[row], contextOf);
        for (var context = 0; context < contexts.Count; context++)
        {
            foreach (var (label, count) in byContext.Of(context))
            {
                if (types[label]++ == 0)
                {
                    seen.Add(label);
                }

                totals[label] += count;
            }

            foreach (var label in seen)
            {
                sums.Add(new LabelSum(label, totals[label], types[label]));
                (totals[label], types[label]) = (0, 0);
            }

            seen.Clear();
            starts[context + 1] = sums.Count;
        }

        _counts.Clear();
        _counts.TrimExcess();
        return new Tables([.. contexts.Keys], contextOf, counts, [.. sums], starts);
    }

    // All counts by a number of their row, each group in the order in which they were seen first.
    private Groups Group(int groups, Func<int, int[], int> groupOf, int[] contextOf)
    {
        var (starts, grouped) = (new int[groups + 1], new LabelCount[_counts.Count]);
        foreach (var (row, _) in _counts.Keys)
        {
            starts[groupOf(row, contextOf) + 1]++;
        }

        for (var group = 0; group < groups; group++)
        {
            starts[group + 1] += starts[group];
        }

        var next = starts.AsSpan(0, groups).ToArray();
        foreach (var ((row, label), count) in _counts)
        {
            grouped[next[groupOf(row, contextOf)]++] = new LabelCount(label, count);
        }

        return new Groups(grouped, starts);
    }

    internal readonly record struct LabelCount(int Label, float Count);

    internal readonly record struct LabelSum(int Label, float Total, float Types);

    internal readonly record struct Groups(LabelCount[] Counts, int[] Starts)
    {
        public ReadOnlySpan<LabelCount> Of(int group) => Counts.AsSpan(Starts[group]..Starts[group + 1]);
    }

    /// <param name="Contexts">Key of each context.</param>
    /// <param name="ContextOf">Context of each n-gram.</param>
    /// <param name="Counts">Of each n-gram.</param>
    /// <param name="Sums">Of each context, by <paramref name="Starts"/>: how often it stands before a character, and before how many different ones.</param>
    internal sealed record Tables(uint[] Contexts, int[] ContextOf, Groups Counts, LabelSum[] Sums, int[] Starts)
    {
        /// <param name="counts">[labels]: how often each has the n-gram.</param>
        public void CountsOf(int row, Span<float> counts)
        {
            counts.Clear();
            foreach (var (label, count) in Counts.Of(row))
            {
                counts[label] = count;
            }
        }

        /// <summary>Of a context.</summary>
        /// <param name="totals">[labels].</param>
        /// <param name="types">[labels].</param>
        public void SumsOf(int context, Span<float> totals, Span<float> types)
        {
            totals.Clear();
            types.Clear();
            foreach (var sum in Sums.AsSpan(Starts[context]..Starts[context + 1]))
            {
                (totals[sum.Label], types[sum.Label]) = (sum.Total, sum.Types);
            }
        }
    }
}

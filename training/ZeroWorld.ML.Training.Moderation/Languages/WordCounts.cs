using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>How often each label has each word, where a word is what stands between white space. Immutable once made.</summary>
internal sealed class WordCounts
{
    /// <summary>How much an other spelling of a word counts of one that the texts have.</summary>
    public const float OtherSpelling = 0.5f;

    private readonly Dictionary<string, int>[] _counts;

    private WordCounts(IReadOnlyList<string> labels, Dictionary<string, int>[] counts) => (Labels, _counts) = (labels, counts);

    public IReadOnlyList<string> Labels { get; }

    /// <summary>The words of a label, in the order in which they were seen.</summary>
    public IReadOnlyDictionary<string, int> Of(int label) => _counts[label];

    /// <summary>The words of which something is true.</summary>
    public WordCounts Where(Func<string, bool> isKept) =>
        new(Labels, [.. _counts.Select(of => new Dictionary<string, int>(of.Where(pair => isKept(pair.Key)), StringComparer.Ordinal))]);

    /// <summary>With another spelling of each word where a label does not have it: 0 times.</summary>
    /// <param name="spell"><see langword="null"/> of a word that has no other.</param>
    public WordCounts With(Func<string, string?> spell)
    {
        var counts = _counts.Select(static of => new Dictionary<string, int>(of, StringComparer.Ordinal)).ToArray();
        foreach (var (of, more) in _counts.Zip(counts))
        {
            foreach (var word in of.Keys)
            {
                if (spell(word) is { } other)
                {
                    more.TryAdd(other, 0);
                }
            }
        }

        return new WordCounts(Labels, counts);
    }

    /// <param name="labels">Exclusive, one per text.</param>
    public static WordCounts Of(IReadOnlyList<string> texts, LabelMatrix labels)
    {
        Dictionary<string, int>[] counts = [.. labels.Names.Select(static _ => new Dictionary<string, int>(StringComparer.Ordinal))];
        for (var row = 0; row < texts.Count; row++)
        {
            var of = counts[labels.ClassOf(row)];
            foreach (var word in texts[row].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(of, word, out _)++;
            }
        }

        return new WordCounts(labels.Names, counts);
    }
}

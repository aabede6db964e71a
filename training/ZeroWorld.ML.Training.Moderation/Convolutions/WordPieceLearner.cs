using System.Text;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Learns a vocabulary of word pieces from texts: frequent words whole, of the others beginnings and continuations that stand for many characters. Pure functions.</summary>
/// <remarks>
/// The tokenizer takes the longest piece that fits, from left to right; a word with a character that is no piece is the unknown piece. Equal texts give an equal vocabulary.
/// </remarks>
public static class WordPieceLearner
{
    public const string Padding = "[PAD]";
    public const string Unknown = "[UNK]";
    public const string Begin = "[CLS]";
    public const string Separator = "[SEP]";

    /// <summary>What continues a word begins with it.</summary>
    public const string Continuation = "##";

    private const int PieceMin = 2;
    private const int PieceMax = 8;
    private const int CountMin = 2;
    private const double WordShare = 0.7;

    /// <param name="size">Pieces at most, 64 or more; fewer where the texts have no more that occur twice.</param>
    /// <returns>Padding first, then the unknown piece and those at both ends of a text.</returns>
    public static IReadOnlyList<string> Learn(IEnumerable<string> texts, int size)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 64);
        var words = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            foreach (var word in Words(text))
            {
                words[word] = words.GetValueOrDefault(word) + 1;
            }
        }

        List<string> pieces = [Padding, Unknown, Begin, Separator];
        var known = new HashSet<string>(pieces, StringComparer.Ordinal);
        Take(Characters(words), size / 4);
        Take(words.Where(static word => word.Value >= CountMin), (int)((size - pieces.Count) * WordShare));
        Take(Parts(words, known), size - pieces.Count);
        return pieces;

        void Take(IEnumerable<KeyValuePair<string, int>> counts, int most)
        {
            var frequent = counts.Where(pair => !known.Contains(pair.Key)).OrderByDescending(static pair => pair.Value).ThenBy(static pair => pair.Key, StringComparer.Ordinal);
            foreach (var (piece, _) in frequent.Take(most))
            {
                known.Add(piece);
                pieces.Add(piece);
            }
        }
    }

    // As the tokenizer splits: small letters without marks, every sign alone.
    private static IEnumerable<string> Words(string text)
    {
        var word = new StringBuilder();
        foreach (var character in TextTokenizer.Uncase(text))
        {
            if (char.IsWhiteSpace(character) || char.IsPunctuation(character) || char.IsSymbol(character) || char.IsControl(character))
            {
                if (word.Length > 0)
                {
                    yield return word.ToString();
                    word.Clear();
                }

                if (!char.IsWhiteSpace(character) && !char.IsControl(character))
                {
                    yield return character.ToString();
                }
            }
            else
            {
                word.Append(character);
            }
        }

        if (word.Length > 0)
        {
            yield return word.ToString();
        }
    }

    private static Dictionary<string, int> Characters(Dictionary<string, int> words)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (word, count) in words)
        {
            for (int place = 0, length; place < word.Length; place += length)
            {
                length = char.IsSurrogatePair(word, place) ? 2 : 1;
                var piece = string.Concat(place == 0 ? "" : Continuation, word.AsSpan(place, length));
                counts[piece] = counts.GetValueOrDefault(piece) + count;
            }
        }

        return counts;
    }

    // Beginnings and continuations of words that are no pieces themselves, seen twice or more; each counts as often as it occurs, times the pieces that it saves.
    private static Dictionary<string, int> Parts(Dictionary<string, int> words, HashSet<string> known)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (word, count) in words)
        {
            if (known.Contains(word))
            {
                continue;
            }

            for (var length = PieceMin; length <= PieceMax && length <= word.Length; length++)
            {
                Add(word[..length], count);
                for (var start = 1; start + length <= word.Length; start++)
                {
                    Add(string.Concat(Continuation, word.AsSpan(start, length)), count);
                }
            }
        }

        return counts.Where(static part => part.Value >= CountMin).ToDictionary(static part => part.Key, static part => part.Value * (Letters(part.Key) - 1));

        void Add(string piece, int count) => counts[piece] = counts.GetValueOrDefault(piece) + count;

        static int Letters(string piece) => piece.Length - (piece.StartsWith(Continuation, StringComparison.Ordinal) ? Continuation.Length : 0);
    }
}

using System.Globalization;
using Microsoft.ML.Tokenizers;

namespace ZeroWorld.ML.Features;

/// <summary>WordPiece as BERT has it.</summary>
/// <remarks>The library's own folding needs the Unicode data of the machine; <see cref="TextScalars.Uncase"/> brings its own, so that equal builds make equal ids everywhere.</remarks>
internal static class WordPieces
{
    public static (int Ids, Func<string, IReadOnlyList<int>> Encode) Open(string vocabulary, TextTokenizerSettings settings)
    {
        var lines = PieceFile.ReadLines(vocabulary, "a piece in each line (vocab.txt)");
        CheckEachOnce(vocabulary, lines);
        string Find(int? id, string usual) => id is null && Array.IndexOf(lines, usual) >= 0 ? usual
            : id is { } place && place >= 0 && place < lines.Length ? lines[place]
            : throw new FeatureException(FeatureError.InvalidInput, $"tokenizer '{vocabulary}': it has {lines.Length} pieces, and none for '{usual}'{(id is null ? "" : $" (id {id})")}.");

        var options = new BertOptions
        {
            LowerCaseBeforeTokenization = false,
            RemoveNonSpacingMarks = false,
            ApplyBasicTokenization = true,
            IndividuallyTokenizeCjk = true,
            SplitOnSpecialTokens = false,
            UnknownToken = Find(null, "[UNK]"),
            ClassificationToken = Find(settings.Begin, "[CLS]"),
            SeparatorToken = Find(settings.Separator, "[SEP]"),
            PaddingToken = Find(settings.Padding, "[PAD]"),
            MaskingToken = Array.IndexOf(lines, "[MASK]") >= 0 ? "[MASK]" : Find(settings.Padding, "[PAD]"),
        };
        var tokenizer = BertTokenizer.Create(vocabulary, options);
        var (begin, end) = (tokenizer.ClassificationTokenId, tokenizer.SeparatorTokenId);
        return (lines.Length, text => Inner(tokenizer.EncodeToIds(settings.LowerCase ? TextScalars.Uncase(text) : text, addSpecialTokens: true, considerPreTokenization: true, considerNormalization: true), begin, end));
    }

    private static void CheckEachOnce(string vocabulary, string[] lines)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var line = 0; line < lines.Length; line++)
        {
            if (!places.TryAdd(lines[line], line))
            {
                throw PieceFile.Invalid(vocabulary, string.Create(CultureInfo.InvariantCulture, $"the piece '{PieceFile.Shown(lines[line])}' is there twice, in lines {places[lines[line]] + 1} and {line + 1}; expected each once"));
            }
        }
    }

    // The tokenizer's special tokens go: those of the settings come. What a text of nothing gives is both of them, or nothing at all.
    private static List<int> Inner(IReadOnlyList<int> ids, int begin, int end)
    {
        var inner = new List<int>(ids.Count);
        for (var place = 0; place < ids.Count; place++)
        {
            if ((place == 0 && ids[place] == begin) || (place == ids.Count - 1 && ids[place] == end))
            {
                continue;
            }

            inner.Add(ids[place]);
        }

        return inner;
    }
}

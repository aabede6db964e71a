using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace ZeroWorld.ML.Features;

/// <summary>Byte-pair encoding over bytes as GPT-2 and RoBERTa have it.</summary>
internal static partial class ByteLevelBpe
{
    private const string Expected = "a JSON object of pieces with their ids (vocab.json)";
    private const string ExpectedMerges = "two pieces and a space between them in each line (merges.txt)";

    // More than any vocabulary has.
    private const int IdsMax = 1 << 24;

    private static readonly JsonSerializerOptions Json = new() { AllowDuplicateProperties = false };

    public static (int Ids, Func<string, IReadOnlyList<int>> Encode) Open(string vocabulary, string merges, TextTokenizerSettings settings)
    {
        var ids = ReadIds(vocabulary);
        var pairs = ReadMerges(merges, vocabulary, ids);
        var tokenizer = BpeTokenizer.Create(new BpeOptions(ids) { Merges = pairs, ByteLevel = true, PreTokenizer = new RegexPreTokenizer(Words(), null) });
        return (ids.Values.Max() + 1, text => tokenizer.EncodeToIds(settings.PrefixSpace && text is not ['\u0020', ..] ? $" {text}" : text));
    }

    private static Dictionary<string, int> ReadIds(string vocabulary)
    {
        // Its lines are read for what they may not hold.
        PieceFile.ReadLines(vocabulary, Expected);
        Dictionary<string, int>? ids;
        try
        {
            ids = JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllBytes(vocabulary), Json);
        }
        catch (JsonException exception)
        {
            throw PieceFile.Invalid(vocabulary, string.Create(CultureInfo.InvariantCulture, $"it is none from line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1} on; expected {Expected}, each piece once"), exception);
        }

        if (ids is not { Count: > 0 })
        {
            throw PieceFile.Invalid(vocabulary, $"it has no pieces; expected {Expected}");
        }

        var pieces = new Dictionary<int, string>();
        foreach (var (piece, id) in ids)
        {
            // A model would look one below 0 up from the end of its table.
            if (id is < 0 or >= IdsMax)
            {
                throw PieceFile.Invalid(vocabulary, string.Create(CultureInfo.InvariantCulture, $"the piece '{PieceFile.Shown(piece)}' has the id {id}; expected 0 or more, below {IdsMax}"));
            }

            if (!pieces.TryAdd(id, piece))
            {
                throw PieceFile.Invalid(vocabulary, string.Create(CultureInfo.InvariantCulture, $"the pieces '{PieceFile.Shown(pieces[id])}' and '{PieceFile.Shown(piece)}' have the id {id}; expected each its own"));
            }
        }

        return ids;
    }

    private static List<string> ReadMerges(string merges, string vocabulary, Dictionary<string, int> ids)
    {
        var pairs = new List<string>();
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (place, line) in new FileInfo(merges).Length == 0 ? [] : PieceFile.ReadLines(merges, ExpectedMerges).Index())
        {
            // The first line may say the version.
            if (line.Length == 0 || line.StartsWith("#version", StringComparison.Ordinal))
            {
                continue;
            }

            var parts = line.Split(' ');
            if (parts is not [{ Length: > 0 }, { Length: > 0 }])
            {
                throw PieceFile.Invalid(merges, string.Create(CultureInfo.InvariantCulture, $"line {place + 1} is '{PieceFile.Shown(line)}'; expected {ExpectedMerges}"));
            }

            if (parts.Append(parts[0] + parts[1]).FirstOrDefault(piece => !ids.ContainsKey(piece)) is { } unknown)
            {
                throw PieceFile.Invalid(merges, string.Create(CultureInfo.InvariantCulture, $"line {place + 1} joins '{PieceFile.Shown(line)}', but '{PieceFile.Shown(unknown)}' is no piece of '{Path.GetFileName(vocabulary)}'"));
            }

            if (!places.TryAdd(line, place))
            {
                throw PieceFile.Invalid(merges, string.Create(CultureInfo.InvariantCulture, $"line {place + 1} joins '{PieceFile.Shown(line)}', as line {places[line] + 1} does; expected each pair once"));
            }

            pairs.Add(line);
        }

        return pairs;
    }

    // GPT-2's own pattern; linear in the text.
    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}

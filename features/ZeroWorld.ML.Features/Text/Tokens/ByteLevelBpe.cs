using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace ZeroWorld.ML.Features;

/// <summary>Byte-pair encoding over bytes as GPT-2 and RoBERTa have it.</summary>
internal static partial class ByteLevelBpe
{
    public static (int Ids, Func<string, IReadOnlyList<int>> Encode) Open(string vocabulary, string merges, TextTokenizerSettings settings)
    {
        var ids = JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllBytes(vocabulary)) ?? throw new JsonException("it is null");
        if (ids.FirstOrDefault(static pair => pair.Value < 0) is { Key: { } piece, Value: var id })
        {
            // A model would look it up from the end of its table.
            throw new FeatureException(FeatureError.InvalidInput, $"tokenizer '{vocabulary}': the piece '{piece}' has the id {id}; expected 0 or more.");
        }

        // The first line may say the version.
        var pairs = File.ReadLines(merges).Where(static line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal)).ToList();
        var tokenizer = BpeTokenizer.Create(new BpeOptions(ids) { Merges = pairs, ByteLevel = true, PreTokenizer = new RegexPreTokenizer(Words(), null) });
        return (ids.Values.DefaultIfEmpty().Max() + 1, text => tokenizer.EncodeToIds(settings.PrefixSpace && text is not ['\u0020', ..] ? $" {text}" : text));
    }

    // GPT-2's own pattern; linear in the text.
    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ZeroWorld.ML.Features;

/// <summary>What a <see cref="TextTokenizer"/> makes of a text: the file <c>text-tokens.json</c> of a package (docs/formats/text-tokens.md). Immutable.</summary>
public sealed record TextTokenizerSettings
{
    /// <summary>Its name in a package.</summary>
    public const string FileName = "text-tokens.json";

    /// <summary>Version of the algorithm: another outcome for any text is a new one.</summary>
    public const int OperatorVersion = 1;

    private const int FileBytesMax = 1 << 16;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        WriteIndented = true,
        NewLine = "\n",
        Converters = { new JsonStringEnumConverter<TextTokenizerKind>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    /// <value>Of <see cref="OperatorVersion"/>.</value>
    public int Format { get; init; } = OperatorVersion;

    public required TextTokenizerKind Kind { get; init; }

    /// <value>File beside this one: <c>vocab.txt</c>, <c>vocab.json</c> or the model of SentencePiece.</value>
    public required string Vocabulary { get; init; }

    /// <value><c>merges.txt</c> of <see cref="TextTokenizerKind.Bpe"/>; else <see langword="null"/>.</value>
    public string? Merges { get; init; }

    /// <value>Tokens at most, special ones included; of a longer text the first ones, of a pair the longer text gives way. Range 4 to 8,192, default 128.</value>
    public int LengthMax { get; init; } = 128;

    /// <value>Whether letters are made small and their marks dropped; of <see cref="TextTokenizerKind.WordPiece"/>, default true.</value>
    public bool LowerCase { get; init; } = true;

    /// <value>Whether a text begins as if with a space; of <see cref="TextTokenizerKind.Bpe"/>, default false.</value>
    public bool PrefixSpace { get; init; }

    /// <value>Id before the first text; <see langword="null"/>: none.</value>
    public int? Begin { get; init; }

    /// <value>Id behind each text; <see langword="null"/>: none.</value>
    public int? Separator { get; init; }

    /// <value>How often the separator stands between the texts of a pair: 1, or 2 as RoBERTa has it.</value>
    public int PairSeparators { get; init; } = 1;

    /// <value>Id that fills tensors up; default 0.</value>
    public int Padding { get; init; }

    /// <value>Id of what is in no piece, where the vocabulary does not say it.</value>
    public int Unknown { get; init; }

    /// <value>What is added to the ids of SentencePiece; XLM-RoBERTa has 1. Its unknown piece is <see cref="Unknown"/> all the same.</value>
    public int IdOffset { get; init; }

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: the message names the file, the setting, the value and what was expected.</exception>
    public static TextTokenizerSettings Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = new FileInfo(path);
        if (!file.Exists || file.Length > FileBytesMax)
        {
            throw Invalid(path, file.Exists ? $"it has {file.Length} bytes; expected at most {FileBytesMax}" : "it does not exist");
        }

        try
        {
            var settings = JsonSerializer.Deserialize<TextTokenizerSettings>(File.ReadAllBytes(path), Json) ?? throw Invalid(path, "it is null");
            return settings.FindProblem() is { } problem ? throw Invalid(path, problem) : settings;
        }
        catch (JsonException exception)
        {
            throw new FeatureException(FeatureError.InvalidInput, $"tokenizer '{path}': it is no JSON of version {OperatorVersion}: {exception.Message}", exception);
        }
    }

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a setting is out of range.</exception>
    public void Write(string path)
    {
        if (FindProblem() is { } problem)
        {
            throw Invalid(path, problem);
        }

        File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(this, Json));
    }

    private string? FindProblem()
    {
        return Format != OperatorVersion ? string.Create(CultureInfo.InvariantCulture, $"format is {Format}; expected {OperatorVersion}")
            : LengthMax is < 4 or > 8_192 ? string.Create(CultureInfo.InvariantCulture, $"length_max is {LengthMax}; expected 4 to 8,192")
            : PairSeparators is not (1 or 2) ? string.Create(CultureInfo.InvariantCulture, $"pair_separators is {PairSeparators}; expected 1 or 2")
            : !IsFile(Vocabulary) ? $"vocabulary is '{Vocabulary}'; expected the name of a file beside it"
            : Kind == TextTokenizerKind.Bpe != IsFile(Merges) ? $"merges is '{Merges}'; expected the name of a file beside it, for bpe only"
            : null;
    }

    private static bool IsFile(string? name) => !string.IsNullOrEmpty(name) && name == Path.GetFileName(name) && name is not ("." or "..");

    private static FeatureException Invalid(string path, string problem) => new(FeatureError.InvalidInput, $"tokenizer '{path}': {problem}.");
}

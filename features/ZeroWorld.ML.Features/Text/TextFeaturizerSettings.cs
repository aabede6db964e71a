using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>What a <see cref="TextFeaturizer"/> makes of a text: which n-grams, how many ids, and how much each channel counts.</summary>
/// <remarks>
/// Immutable. A channel with a weight of 0 is left out. Channels: <b>words</b> and <b>characters</b> of the normalised text, and beside them <b>folded words</b> and
/// <b>squeezed characters</b> of the folded one (look-alikes, leetspeak, invisible characters, repeated letters and, in the last, spaces are undone).
/// </remarks>
public sealed record TextFeaturizerSettings
{
    /// <summary>Version of the algorithm: a change of any output for any text is a new version, and the old one stays while a live model pins it.</summary>
    public const int OperatorVersion = 1;

    internal const int BitsMin = 8;
    internal const int BitsMax = 24;

    /// <value>Ids are 0 to 2^bits - 1. Range 8 to 24, default 20.</value>
    public int Bits { get; init; } = 20;

    /// <value>Longest word n-gram, 1 to 4; default 2.</value>
    public int WordMax { get; init; } = 2;

    /// <value>Shortest character n-gram, 1 to <see cref="CharacterMax"/>; default 2.</value>
    public int CharacterMin { get; init; } = 2;

    /// <value>Longest character n-gram, at most 8; default 5. A space at either end of a word counts as a character.</value>
    public int CharacterMax { get; init; } = 5;

    /// <value>Shortest squeezed n-gram; default 3.</value>
    public int SqueezedMin { get; init; } = 3;

    /// <value>Longest squeezed n-gram, at most 8; default 5.</value>
    public int SqueezedMax { get; init; } = 5;

    /// <value>Length of the vector of the word channel, 0 to 16; default 1.</value>
    public float WordWeight { get; init; } = 1;

    /// <value>As <see cref="WordWeight"/>, of the character channel; default 1.</value>
    public float CharacterWeight { get; init; } = 1;

    /// <value>As <see cref="WordWeight"/>, of the folded words; default 1.</value>
    public float FoldedWeight { get; init; } = 1;

    /// <value>As <see cref="WordWeight"/>, of the squeezed characters; default 1.</value>
    public float SqueezedWeight { get; init; } = 1;

    /// <value>As <see cref="WordWeight"/>, of the shape (length, capitals, digits, marks, links, invisible characters); default 0.5.</value>
    public float ShapeWeight { get; init; } = 0.5f;

    /// <value>As <see cref="WordWeight"/>, of the blocks of 128 code points that letters are from, which tells scripts apart; default 0.</value>
    public float ScriptWeight { get; init; }

    /// <value>
    /// As <see cref="WordWeight"/>, of the folded words of four letters and more as the set of their letters, which a swap of two letters does not change; default 0. With 0 it is
    /// not part of <see cref="Canonical"/>, so that models of before it keep their fingerprint.
    /// </value>
    public float LettersWeight { get; init; }

    /// <value>
    /// As <see cref="WordWeight"/>, of the sets of letters that folded words of four letters and more have without one of them, which are what <see cref="LettersWeight"/> sees of a word
    /// with a letter missing; default 0, and then not part of <see cref="Canonical"/>.
    /// </value>
    public float NearWeight { get; init; }

    /// <value>
    /// The rule by which disguises are undone, 1 or 2. Rule 2 knows more scripts: digits that stand for letters of Arabic and Devanagari, letters of the Indic scripts with their signs
    /// and spaces between them, ideographs as words of one sign each, pairs of ideographs beside the sets of letters, and in all scripts words of a letter each of which one is there twice.
    /// Default 1, and then not part of <see cref="Canonical"/>.
    /// </value>
    public int Folding { get; init; } = 1;

    /// <value>
    /// Whether the characters' values are <see cref="CharacterWeight"/> times how often an n-gram is there, and their vector is not scaled: what a model of the order of characters adds up.
    /// Default: no, and then not part of <see cref="Canonical"/>.
    /// </value>
    public bool AreCharactersCounted { get; init; }

    /// <value>UTF-16 code units that are read; of a longer text the first three quarters of so many and the last quarter. Range 64 to 1,048,576, default 16,384.</value>
    public int LengthMax { get; init; } = 16_384;

    /// <summary>The settings with the version of the algorithm as one text: equal texts, equal features.</summary>
    public string Canonical => string.Create(
        CultureInfo.InvariantCulture,
        $"text_ngrams@{OperatorVersion}(bits={Bits},word_max={WordMax},character_min={CharacterMin},character_max={CharacterMax},squeezed_min={SqueezedMin},"
        + $"squeezed_max={SqueezedMax},word_weight={WordWeight},character_weight={CharacterWeight},folded_weight={FoldedWeight},squeezed_weight={SqueezedWeight},"
        + $"shape_weight={ShapeWeight},script_weight={ScriptWeight},length_max={LengthMax}{(LettersWeight > 0 ? string.Create(CultureInfo.InvariantCulture, $",letters_weight={LettersWeight}") : "")}{(NearWeight > 0 ? string.Create(CultureInfo.InvariantCulture, $",near_weight={NearWeight}") : "")}{(Folding > 1 ? string.Create(CultureInfo.InvariantCulture, $",folding={Folding}") : "")}{(AreCharactersCounted ? ",character_counts=1" : "")})");

    /// <summary><c>sha256:</c> and the digest of <see cref="Canonical"/>: what a model package pins.</summary>
    public string Fingerprint => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Canonical)));

    /// <summary>Reads what <see cref="Canonical"/> writes; settings that are not named have their defaults.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: another form or version, an unknown name, or a value that is out of range; the message says which.</exception>
    public static TextFeaturizerSettings Parse(string canonical)
    {
        ArgumentNullException.ThrowIfNull(canonical);
        var prefix = string.Create(CultureInfo.InvariantCulture, $"text_ngrams@{OperatorVersion}(");
        if (!canonical.StartsWith(prefix, StringComparison.Ordinal) || !canonical.EndsWith(')'))
        {
            throw new FeatureException(FeatureError.InvalidInput, $"text featurizer: '{canonical}' is of another form or version; expected {prefix}NAME=VALUE,...).");
        }

        var settings = new TextFeaturizerSettings();
        foreach (var part in canonical[prefix.Length..^1].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (name, text) = part.Split('=', 2) is [var key, var given] ? (key, given) : (part, "");
            settings = float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                ? settings.With(name, value)
                : throw new FeatureException(FeatureError.InvalidInput, $"text featurizer: '{part}' has no number; expected NAME=VALUE.");
        }

        settings.Validate();
        return settings;
    }

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: the message names the setting, its value and the range.</exception>
    public void Validate()
    {
        Check("bits", Bits, BitsMin, BitsMax);
        Check("word_max", WordMax, 1, 4);
        Check("character_max", CharacterMax, 1, 8);
        Check("character_min", CharacterMin, 1, CharacterMax);
        Check("squeezed_max", SqueezedMax, 1, 8);
        Check("squeezed_min", SqueezedMin, 1, SqueezedMax);
        Check("length_max", LengthMax, 64, 1 << 20);
        Check("word_weight", WordWeight, 0, 16);
        Check("character_weight", CharacterWeight, 0, 16);
        Check("folded_weight", FoldedWeight, 0, 16);
        Check("squeezed_weight", SqueezedWeight, 0, 16);
        Check("shape_weight", ShapeWeight, 0, 16);
        Check("script_weight", ScriptWeight, 0, 16);
        Check("letters_weight", LettersWeight, 0, 16);
        Check("near_weight", NearWeight, 0, 16);
        Check("folding", Folding, 1, 2);
    }

    private TextFeaturizerSettings With(string name, float value) => name switch
    {
        "bits" => this with { Bits = Whole(name, value) },
        "word_max" => this with { WordMax = Whole(name, value) },
        "character_min" => this with { CharacterMin = Whole(name, value) },
        "character_max" => this with { CharacterMax = Whole(name, value) },
        "squeezed_min" => this with { SqueezedMin = Whole(name, value) },
        "squeezed_max" => this with { SqueezedMax = Whole(name, value) },
        "length_max" => this with { LengthMax = Whole(name, value) },
        "word_weight" => this with { WordWeight = value },
        "character_weight" => this with { CharacterWeight = value },
        "folded_weight" => this with { FoldedWeight = value },
        "squeezed_weight" => this with { SqueezedWeight = value },
        "shape_weight" => this with { ShapeWeight = value },
        "script_weight" => this with { ScriptWeight = value },
        "letters_weight" => this with { LettersWeight = value },
        "near_weight" => this with { NearWeight = value },
        "folding" => this with { Folding = Whole(name, value) },
        "character_counts" when value is 0 or 1 => this with { AreCharactersCounted = value == 1 },
        _ => throw new FeatureException(FeatureError.InvalidInput, $"text featurizer: there is no setting '{name}'; expected those of {Canonical}."),
    };

    private static int Whole(string name, float value) => float.IsInteger(value) && Math.Abs(value) <= 1 << 24
        ? (int)value
        : throw new FeatureException(FeatureError.InvalidInput, string.Create(CultureInfo.InvariantCulture, $"text featurizer, {name}: {value} is no whole number."));

    private static void Check(string name, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
        {
            throw new FeatureException(
                FeatureError.InvalidInput, string.Create(CultureInfo.InvariantCulture, $"text featurizer, {name}: {value} is out of range; expected {least} to {most}."));
        }
    }
}

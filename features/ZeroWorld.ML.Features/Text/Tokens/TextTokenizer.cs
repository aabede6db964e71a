using Microsoft.ML.Tokenizers;

namespace ZeroWorld.ML.Features;

/// <summary>Turns texts into the token ids of a transformer: the same code for the data of a package and for the request (docs/formats/text-tokens.md).</summary>
/// <remarks>
/// Immutable and thread safe. A text is never more than text: what looks like a special token in it is not one. Work is bounded, whatever the text: of a long one only so much is read as
/// may make <see cref="TextTokenizerSettings.LengthMax"/> tokens. Unpaired surrogates are U+FFFD.
/// </remarks>
public sealed class TextTokenizer
{
    // No piece in use is longer on average over a whole text; white space alone may be.
    private const int UnitsPerToken = 64;
    private const long FileBytesMax = 64 << 20;

    private readonly Func<string, IReadOnlyList<int>> _encode;

    private TextTokenizer(TextTokenizerSettings settings, int ids, Func<string, IReadOnlyList<int>> encode) => (Settings, IdCount, _encode) = (settings, ids, encode);

    public TextTokenizerSettings Settings { get; }

    /// <summary>Ids are below it.</summary>
    public int IdCount { get; }

    /// <summary>Reads <see cref="TextTokenizerSettings.FileName"/> of a folder, and the files that it names.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a file is absent, too large or not of its kind; the message names it.</exception>
    public static TextTokenizer Open(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var settings = TextTokenizerSettings.Read(Path.Combine(folder, TextTokenizerSettings.FileName));
        return Open(settings, Path.Combine(folder, settings.Vocabulary), settings.Merges is { } merges ? Path.Combine(folder, merges) : null);
    }

    /// <summary>Reads files that lie anywhere.</summary>
    /// <param name="settings">As of a folder: the names in it are not looked at.</param>
    /// <param name="mergesPath">Of <see cref="TextTokenizerKind.Bpe"/>.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>, as <see cref="Open(string)"/>.</exception>
    public static TextTokenizer Open(TextTokenizerSettings settings, string vocabularyPath, string? mergesPath)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var vocabulary = Check(vocabularyPath);
        try
        {
            var (pieces, encode) = settings.Kind switch
            {
                TextTokenizerKind.WordPiece => WordPieces.Open(vocabulary, settings),
                TextTokenizerKind.Bpe => ByteLevelBpe.Open(vocabulary, Check(mergesPath!), settings),
                _ => OpenSentencePiece(vocabulary, settings),
            };
            int[] special = [settings.Begin ?? 0, settings.Separator ?? 0, settings.Padding, settings.Unknown];
            return new TextTokenizer(settings, Math.Max(pieces, special.Max() + 1), encode);
        }
#pragma warning disable CA1031 // What a library throws at a file that is none of its own is its own affair; to the caller it is a wrong file.
        catch (Exception exception) when (exception is not (FeatureException or OutOfMemoryException))
#pragma warning restore CA1031
        {
            throw PieceFile.Invalid(vocabulary, $"it cannot be used as a vocabulary of the kind {settings.Kind}; expected the file of a tokenizer of this kind, as it was published", exception);
        }
    }

    /// <summary>A text as a tokenizer with <see cref="TextTokenizerSettings.LowerCase"/> reads it: small letters without their marks, by the build's own tables.</summary>
    public static string Uncase(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TextScalars.Uncase(text);
    }

    /// <param name="pair">Second text; <see langword="null"/> for a single one.</param>
    public TextTokens Encode(string text, string? pair = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var first = _encode(Readable(text));
        var second = pair is null ? [] : _encode(Readable(pair));
        var specials = (Settings.Begin is null ? 0 : 1) + (Settings.Separator is null ? 0 : pair is null ? 1 : 1 + Settings.PairSeparators);
        var (firstCount, secondCount) = Truncate(first.Count, second.Count, Settings.LengthMax - specials);
        var ids = new List<int>(firstCount + secondCount + specials);
        if (Settings.Begin is { } begin)
        {
            ids.Add(begin);
        }

        Add(ids, first, firstCount, pair is null ? 1 : Settings.PairSeparators);

        // RoBERTa's doubled separator belongs to neither text, and its token types are all of one.
        var pairStart = ids.Count;
        if (pair is not null)
        {
            Add(ids, second, secondCount, 1);
        }

        return new TextTokens([.. ids], pairStart)
        {
            IsTruncated = firstCount + secondCount < first.Count + second.Count || Math.Max(text.Length, pair?.Length ?? 0) > Settings.LengthMax * UnitsPerToken,
        };
    }

    private void Add(List<int> ids, IReadOnlyList<int> tokens, int count, int separators)
    {
        for (var place = 0; place < count; place++)
        {
            ids.Add(tokens[place]);
        }

        for (var place = 0; place < separators && Settings.Separator is { } separator; place++)
        {
            ids.Add(separator);
        }
    }

    // The longer text gives way, one token after the other; of two alike the second.
    private static (int First, int Second) Truncate(int first, int second, int most)
    {
        var excess = Math.Max(0, first + second - most);
        var longer = Math.Min(excess, Math.Abs(first - second));
        (first, second) = first > second ? (first - longer, second) : (first, second - longer);
        excess -= longer;
        return (first - (excess / 2), second - ((excess + 1) / 2));
    }

    private string Readable(string text)
    {
        var most = Settings.LengthMax * UnitsPerToken;
        if (text.Length > most)
        {
            text = text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
        }

        return text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? TextScalars.Repair(text) : text;
    }

    private static (int Ids, Func<string, IReadOnlyList<int>> Encode) OpenSentencePiece(string model, TextTokenizerSettings settings)
    {
        SentencePieceFile.Check(model);
        using var stream = File.OpenRead(model);
        var tokenizer = SentencePieceTokenizer.Create(stream, addBeginningOfSentence: false, addEndOfSentence: false);
        var shift = settings.IdOffset;
        return (tokenizer.Vocabulary.Count + shift, text => Join(tokenizer.EncodeToIds(text, addBeginningOfSentence: false, addEndOfSentence: false)));

        // Unknown signs beside each other are one piece, as the processor of SentencePiece has it (PopulateSentencePieceText); the library gives one for each.
        List<int> Join(IReadOnlyList<int> ids)
        {
            var joined = new List<int>(ids.Count);
            for (var place = 0; place < ids.Count; place++)
            {
                var isUnknown = ids[place] == tokenizer.UnknownId;
                if (!isUnknown || place == 0 || ids[place - 1] != tokenizer.UnknownId)
                {
                    joined.Add(shift > 0 && isUnknown ? settings.Unknown : ids[place] + shift);
                }
            }

            return joined;
        }
    }

    private static string Check(string path)
    {
        var file = new FileInfo(path);
        return file is { Exists: true, Length: <= FileBytesMax }
            ? path
            : throw new FeatureException(FeatureError.InvalidInput, $"tokenizer '{path}': {(file.Exists ? $"it has {file.Length} bytes; expected at most {FileBytesMax}" : "it does not exist")}.");
    }
}

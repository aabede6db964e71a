using System.Numerics;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>Turns a text into a sparse vector of hashed word and character n-grams: the same code for the training set and for the request.</summary>
/// <remarks>
/// Immutable and thread safe; each thread brings a <see cref="TextWorkspace"/>. Work is linear in the text and bounded by <see cref="TextFeaturizerSettings.LengthMax"/>,
/// whatever the text is: empty, of one repeated character, with stacks of combining marks, unpaired surrogates (read as U+FFFD). An empty text has its shape features only.
/// Definition: docs/formats/text-features.md.
/// </remarks>
public sealed class TextFeaturizer
{
    private const uint WordSeed = 1;
    private const uint CharacterSeed = 2;
    private const uint FoldedSeed = 3;
    private const uint SqueezedSeed = 4;
    private const uint ShapeSeed = 5;
    private const uint ScriptSeed = 6;
    private const uint LettersSeed = 7;
    private const int LettersMin = 4;
    private const int LettersMax = 32;

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a setting is out of range.</exception>
    public TextFeaturizer(TextFeaturizerSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        Settings = settings;
    }

    /// <summary>The featurizer of the functions <c>text_ids</c> and <c>text_weights</c>.</summary>
    public static TextFeaturizer Default { get; } = new(new TextFeaturizerSettings());

    public TextFeaturizerSettings Settings { get; }

    /// <summary>Number of ids.</summary>
    public int Size => 1 << Settings.Bits;

    /// <summary>Writes the features of a text into the workspace.</summary>
    public void Featurize(ReadOnlySpan<char> text, TextWorkspace workspace)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        workspace.Trace = null;
        Run(text, workspace);
    }

    /// <summary>The same for UTF-8; bytes that are none are read as U+FFFD, one for each maximal ill-formed part.</summary>
    public void Featurize(ReadOnlySpan<byte> utf8, TextWorkspace workspace)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        var text = workspace.Decode(utf8);
        Featurize(text, workspace);
    }

    /// <summary>As <see cref="Featurize(ReadOnlySpan{char}, TextWorkspace)"/>, and says where each feature was seen.</summary>
    public IReadOnlyList<TextFeature> Trace(ReadOnlySpan<char> text, TextWorkspace workspace)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        var trace = new List<TextFeature>();
        workspace.Trace = trace;
        Run(text, workspace);
        workspace.Trace = null;
        return trace;
    }

    /// <summary>Every character n-gram of the plain text that is a feature, as often as it is there, in the order of lengths; and the space behind each word.</summary>
    /// <param name="ngrams">Filled anew.</param>
    public void CharacterNgrams(ReadOnlySpan<char> text, TextWorkspace workspace, List<CharacterNgram> ngrams)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        ArgumentNullException.ThrowIfNull(ngrams);
        ngrams.Clear();
        workspace.Begin();
        TextNormalizer.Normalize(text, workspace, Settings.LengthMax);
        var codes = workspace.Normal.Codes;
        ShapeDigits(codes);
        workspace.EnsurePlaces(codes.Length + Vector<uint>.Count);
        SetLimits(codes, workspace.Limits);
        var start = NgramHashes.Start(CharacterSeed);
        var states = workspace.States.AsSpan(0, codes.Length);
        var shorter = new uint[codes.Length];
        states.Fill(start);
        for (var length = 1; length <= Settings.CharacterMax && length <= codes.Length; length++)
        {
            states.CopyTo(shorter);
            for (var place = 0; place <= codes.Length - length; place++)
            {
                states[place] = NgramHashes.Step(states[place], codes[place + length - 1]);
            }

            for (var place = 0; length >= Settings.CharacterMin && place <= codes.Length - length; place++)
            {
                if (place + length - 1 <= workspace.Limits[place] && (length > 1 || place > 0))
                {
                    var suffix = length == 1 ? start : shorter[place + 1];
                    ngrams.Add(new CharacterNgram(states[place], shorter[place], suffix, (int)NgramHashes.Id(states[place], Settings.Bits), length));
                }
            }
        }
    }

    private void Run(ReadOnlySpan<char> text, TextWorkspace workspace)
    {
        workspace.Begin();
        TextNormalizer.Normalize(text, workspace, Settings.LengthMax);
        if (Settings.FoldedWeight > 0 || Settings.SqueezedWeight > 0 || Settings.LettersWeight > 0)
        {
            TextFolder.Fold(workspace);
        }

        ShapeDigits(workspace.Normal.Codes);
        workspace.EnsurePlaces(Math.Max(workspace.Normal.Count, workspace.Squeezed.Count) + Vector<uint>.Count);
        if (Settings.WordWeight > 0)
        {
            AddWords(workspace);
        }

        if (Settings.CharacterWeight > 0)
        {
            SetLimits(workspace.Normal.Codes, workspace.Limits);
            AddNgrams(workspace, workspace.Normal, Settings.CharacterMin, Settings.CharacterMax, CharacterSeed, Settings.CharacterWeight, Settings.AreCharactersCounted);
        }

        if (Settings.FoldedWeight > 0)
        {
            AddFoldedWords(workspace);
        }

        if (Settings.SqueezedWeight > 0)
        {
            workspace.Limits.AsSpan(0, workspace.Squeezed.Count).Fill(workspace.Squeezed.Count - 1);
            AddNgrams(workspace, workspace.Squeezed, Settings.SqueezedMin, Settings.SqueezedMax, SqueezedSeed, Settings.SqueezedWeight);
        }

        if (Settings.ShapeWeight > 0)
        {
            AddShape(workspace);
        }

        if (Settings.ScriptWeight > 0)
        {
            AddScripts(workspace);
        }

        if (Settings.LettersWeight > 0)
        {
            AddLetters(workspace);
        }
    }

    // Runs of three digits and more are numbers whose value says nothing: all their digits become 0.
    private static void ShapeDigits(Span<uint> codes)
    {
        for (int start = 0, end; start < codes.Length; start = end)
        {
            end = start + 1;
            if (codes[start] is not (>= '0' and <= '9'))
            {
                continue;
            }

            while (end < codes.Length && codes[end] is >= '0' and <= '9')
            {
                end++;
            }

            if (end - start >= 3)
            {
                codes[start..end].Fill('0');
            }
        }
    }

    // A word is a run of letters, digits and marks; an ideograph is one alone, and so is any other sign.
    private void AddWords(TextWorkspace workspace)
    {
        var folding = UnicodeFolding.Default;
        ReadOnlySpan<uint> codes = workspace.Normal.Codes;
        var origins = workspace.Normal.Origins;
        var history = new WordHistory(Settings.WordMax, WordSeed, Settings.Bits);
        workspace.BeginChannel(codes.Length * Settings.WordMax);
        for (int start = 0, end; start < codes.Length; start = end)
        {
            end = start + 1;
            if (codes[start] == TextNormalizer.Space)
            {
                continue;
            }

            if (IsInWord(codes, start, folding))
            {
                while (end < codes.Length && IsInWord(codes, end, folding))
                {
                    end++;
                }
            }

            history.Add(workspace, codes[start..end], origins[start], origins[end - 1] + 1);
        }

        workspace.EndChannel(Settings.WordWeight);
    }

    private static bool IsInWord(ReadOnlySpan<uint> codes, int place, UnicodeFolding folding)
    {
        var code = codes[place];
        return (folding.IsWord(code) && !folding.IsIdeograph(code))
            || code == '_'
            || (code is '\'' or 0x2019 && place > 0 && place + 1 < codes.Length && folding.IsWord(codes[place - 1]) && folding.IsWord(codes[place + 1]));
    }

    private void AddFoldedWords(TextWorkspace workspace)
    {
        ReadOnlySpan<uint> codes = workspace.Folded.Codes;
        var origins = workspace.Folded.Origins;
        var history = new WordHistory(Settings.WordMax, FoldedSeed, Settings.Bits);
        workspace.BeginChannel(workspace.FoldedWords.Count * Settings.WordMax);
        foreach (var (start, length) in workspace.FoldedWords)
        {
            history.Add(workspace, codes.Slice(start, length), origins[start], origins[start + length - 1] + 1);
        }

        workspace.EndChannel(Settings.FoldedWeight);
    }

    // A word as the set of its letters: equal for a word and the same with letters in another order, or with one of them twice.
    private void AddLetters(TextWorkspace workspace)
    {
        ReadOnlySpan<uint> codes = workspace.Folded.Codes;
        var origins = workspace.Folded.Origins;
        Span<uint> sorted = stackalloc uint[LettersMax];
        workspace.BeginChannel(workspace.FoldedWords.Count);
        foreach (var (start, length) in workspace.FoldedWords)
        {
            if (length is < LettersMin or > LettersMax)
            {
                continue;
            }

            var letters = sorted[..length];
            codes.Slice(start, length).CopyTo(letters);
            letters.Sort();
            var (state, last) = (NgramHashes.Start(LettersSeed), uint.MaxValue);
            foreach (var letter in letters)
            {
                state = letter == last ? state : NgramHashes.Step(state, letter);
                last = letter;
            }

            var feature = workspace.Add(NgramHashes.Id(state, Settings.Bits));
            workspace.Trace?.Add(new TextFeature(feature, origins[start], origins[start + length - 1] + 1));
        }

        workspace.EndChannel(Settings.LettersWeight);
    }

    // The last place that an n-gram starting here may reach: the next space, which it may hold as its end.
    private static void SetLimits(ReadOnlySpan<uint> codes, int[] limits)
    {
        var next = codes.Length - 1;
        for (var place = codes.Length - 1; place >= 0; place--)
        {
            limits[place] = next;
            next = codes[place] == TextNormalizer.Space ? place : next;
        }
    }

    private void AddNgrams(TextWorkspace workspace, CodeBuffer buffer, int least, int most, uint seed, float weight, bool areCounted = false)
    {
        ReadOnlySpan<uint> codes = buffer.Codes;
        var origins = buffer.Origins;
        var states = workspace.States.AsSpan(0, codes.Length);
        var ids = workspace.NgramIds.AsSpan(0, codes.Length);
        var limits = workspace.Limits.AsSpan(0, codes.Length);
        states.Fill(NgramHashes.Start(seed));
        workspace.BeginChannel(codes.Length * (most - least + 1));
        for (var length = 1; length <= most && length <= codes.Length; length++)
        {
            NgramHashes.StepAll(states, codes[(length - 1)..], ids, Settings.Bits);
            if (length < least)
            {
                continue;
            }

            for (var place = 0; place <= codes.Length - length; place++)
            {
                if (place + length - 1 > limits[place] || (length == 1 && codes[place] == TextNormalizer.Space))
                {
                    continue;
                }

                var feature = workspace.Add(ids[place]);
                workspace.Trace?.Add(new TextFeature(feature, origins[place], origins[place + length - 1] + 1));
            }
        }

        if (areCounted)
        {
            workspace.EndCounts(weight);
            return;
        }

        workspace.EndChannel(weight);
    }

    private void AddShape(TextWorkspace workspace)
    {
        var shape = workspace.Shape;
        workspace.BeginChannel(16);
        Add(workspace, 0, Magnitude(shape.Units));
        Add(workspace, 1, shape.Letters == 0 ? 9 : (uint)(8L * shape.Capitals / Math.Max(shape.Letters, shape.Capitals)));
        Add(workspace, 2, Magnitude(shape.Digits));
        Add(workspace, 3, Magnitude(shape.Exclamations));
        Add(workspace, 4, (uint)Math.Min(shape.Links, 3));
        Add(workspace, 5, (uint)Math.Min(shape.Mentions, 3));
        Add(workspace, 6, Magnitude(shape.Invisible));
        Add(workspace, 7, Magnitude(shape.DroppedMarks));
        workspace.EndChannel(Settings.ShapeWeight);
    }

    private void AddScripts(TextWorkspace workspace)
    {
        ReadOnlySpan<uint> codes = workspace.Normal.Codes;
        var origins = workspace.Normal.Origins;
        workspace.BeginChannel(codes.Length);
        for (var place = 0; place < codes.Length; place++)
        {
            if (UnicodeFolding.Default.IsWord(codes[place]) && codes[place] is not (>= '0' and <= '9'))
            {
                var feature = workspace.Add(NgramHashes.Id(NgramHashes.Step(NgramHashes.Start(ScriptSeed), codes[place] >> 7), Settings.Bits));
                workspace.Trace?.Add(new TextFeature(feature, origins[place], origins[place] + 1));
            }
        }

        workspace.EndChannel(Settings.ScriptWeight);
    }

    private void Add(TextWorkspace workspace, uint kind, uint level)
    {
        var feature = workspace.Add(NgramHashes.Id(NgramHashes.Step(NgramHashes.Step(NgramHashes.Start(ShapeSeed), kind), level), Settings.Bits));
        workspace.Trace?.Add(new TextFeature(feature, 0, 0));
    }

    private static uint Magnitude(int count) => count == 0 ? 0 : (uint)BitOperations.Log2((uint)count) + 1;
}

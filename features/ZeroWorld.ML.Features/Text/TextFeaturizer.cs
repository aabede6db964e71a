using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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
        Run(text, workspace, isTraced: false);
    }

    /// <summary>The same for UTF-8; bytes that are none are read as U+FFFD, one for each maximal ill-formed part.</summary>
    public void Featurize(ReadOnlySpan<byte> utf8, TextWorkspace workspace)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        var text = workspace.Decode(utf8);
        Featurize(text, workspace);
    }

    /// <summary>As <see cref="Featurize(ReadOnlySpan{char}, TextWorkspace)"/>, and says where each feature was seen, in the order of <see cref="TextWorkspace.Ids"/>' channels.</summary>
    /// <returns>In room of the workspace; weights of one id within a channel add up to the feature's.</returns>
    public ReadOnlySpan<TextFeature> Trace(ReadOnlySpan<char> text, TextWorkspace workspace)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        Run(text, workspace, isTraced: true);
        return workspace.Trace;
    }

    /// <summary>Every character n-gram of the plain text that is a feature, as often as it is there, in the order of lengths; and the space behind each word.</summary>
    /// <param name="ngrams">Filled anew.</param>
    public void CharacterNgrams(ReadOnlySpan<char> text, TextWorkspace workspace, List<CharacterNgram> ngrams)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        ArgumentNullException.ThrowIfNull(ngrams);
        ngrams.Clear();
        workspace.Begin(isTraced: false);
        TextNormalizer.Normalize(text, workspace, Settings.LengthMax);
        var codes = workspace.Normal.Codes;
        ShapeDigits(codes);
        workspace.EnsurePlaces(codes.Length);
        SetReaches(codes, workspace.Reaches);
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
                if (length <= workspace.Reaches[place] && (length > 1 || place > 0))
                {
                    var suffix = length == 1 ? start : shorter[place + 1];
                    ngrams.Add(new CharacterNgram(states[place], shorter[place], suffix, (int)NgramHashes.Id(states[place], Settings.Bits), length));
                }
            }
        }
    }

    private void Run(ReadOnlySpan<char> text, TextWorkspace workspace, bool isTraced)
    {
        workspace.Begin(isTraced);
        TextNormalizer.Normalize(text, workspace, Settings.LengthMax);
        if (Settings.FoldedWeight > 0 || Settings.SqueezedWeight > 0 || Settings.LettersWeight > 0 || Settings.NearWeight > 0)
        {
            TextFolder.Fold(workspace, Settings.Folding);
        }

        ShapeDigits(workspace.Normal.Codes);
        workspace.EnsurePlaces(Math.Max(workspace.Normal.Count, workspace.Squeezed.Count) + CodeBuffer.Padding);
        if (Settings.WordWeight > 0)
        {
            WordNgrams.Add(workspace, WordSeed, Settings.WordMax, Settings.Bits);
            workspace.EndChannel(Settings.WordWeight, Settings.Bits);
        }

        if (Settings.CharacterWeight > 0)
        {
            AddCharacters(workspace);
        }

        if (Settings.FoldedWeight > 0)
        {
            WordNgrams.AddFolded(workspace, FoldedSeed, Settings.WordMax, Settings.Bits);
            workspace.EndChannel(Settings.FoldedWeight, Settings.Bits);
        }

        if (Settings.SqueezedWeight > 0)
        {
            AddSqueezed(workspace);
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
            LetterSets.Add(workspace, Settings);
        }

        if (Settings.NearWeight > 0)
        {
            LetterSets.AddNear(workspace, Settings);
        }
    }

    // Runs of three digits and more are numbers whose value says nothing: all their digits become 0.
    private static void ShapeDigits(Span<uint> codes)
    {
        for (int next, start = 0, end; (next = codes[start..].IndexOfAnyInRange((uint)'0', '9')) >= 0; start = end)
        {
            start += next;
            end = start + 1;
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

    // How many code points an n-gram that starts here may have: it ends at the next space, which it may hold as its end.
    private static void SetReaches(ReadOnlySpan<uint> codes, int[] reaches)
    {
        var next = codes.Length - 1;
        for (var place = codes.Length - 1; place >= 0; place--)
        {
            reaches[place] = next - place + 1;
            next = codes[place] == TextNormalizer.Space ? place : next;
        }
    }

    private void AddCharacters(TextWorkspace workspace)
    {
        SetReaches(workspace.Normal.Codes, workspace.Reaches);
        AddNgrams(workspace, workspace.Normal, Settings.CharacterMin, Settings.CharacterMax, CharacterSeed);
        if (Settings.AreCharactersCounted)
        {
            workspace.EndCounts(Settings.CharacterWeight, Settings.Bits);
            return;
        }

        workspace.EndChannel(Settings.CharacterWeight, Settings.Bits);
    }

    private void AddSqueezed(TextWorkspace workspace)
    {
        // No n-gram ends but with the text.
        workspace.Reaches.AsSpan(0, workspace.Squeezed.Count).Fill(int.MaxValue);
        AddNgrams(workspace, workspace.Squeezed, Settings.SqueezedMin, Settings.SqueezedMax, SqueezedSeed);
        workspace.EndChannel(Settings.SqueezedWeight, Settings.Bits);
    }

    private void AddNgrams(TextWorkspace workspace, CodeBuffer buffer, int least, int most, uint seed)
    {
        var (count, width) = (buffer.Count, Vector<uint>.Count);
        workspace.BeginChannel(count * (most - least + 1));
        var states = workspace.States.AsSpan(0, (count + width - 1) / width * width);
        states.Fill(NgramHashes.Start(seed));
        for (var length = 1; length <= most && length <= count; length++)
        {
            // Whole vectors: what is made of code points behind the last is no n-gram's.
            var room = workspace.Room(states.Length);
            NgramHashes.StepAll(states, buffer.Padded(length - 1, states.Length), room, Settings.Bits);
            if (length >= least)
            {
                Keep(workspace, buffer, room[..(count - length + 1)], length);
            }
        }
    }

    // Of the ids of all places those that are n-grams move together, without a branch to guess.
    private static void Keep(TextWorkspace workspace, CodeBuffer buffer, Span<uint> ids, int length)
    {
        ReadOnlySpan<uint> codes = buffer.Codes[..ids.Length];
        ReadOnlySpan<int> reaches = workspace.Reaches.AsSpan(0, ids.Length);

        // A space alone is none.
        var hidden = length == 1 ? TextNormalizer.Space : uint.MaxValue;
        if (workspace.IsTraced)
        {
            var origins = buffer.Origins;
            for (var place = 0; place < ids.Length; place++)
            {
                if (reaches[place] >= length && codes[place] != hidden)
                {
                    workspace.Add(ids[place], origins[place], origins[place + length - 1] + 1);
                }
            }

            return;
        }

        if (Avx512F.IsSupported)
        {
            workspace.Saw(KeepVectors(ids, codes, reaches, length, hidden));
            return;
        }

        var kept = 0;
        for (var place = 0; place < ids.Length; place++)
        {
            ids[kept] = ids[place];
            kept += (reaches[place] >= length ? 1 : 0) & (codes[place] != hidden ? 1 : 0);
        }

        workspace.Saw(kept);
    }

    // Sixteen at once. Behind each there is as much room, and something to read, as CodeBuffer.Padding says.
    private static int KeepVectors(Span<uint> ids, ReadOnlySpan<uint> codes, ReadOnlySpan<int> reaches, int length, uint hidden)
    {
        ref var id = ref MemoryMarshal.GetReference(ids);
        ref var code = ref MemoryMarshal.GetReference(codes);
        ref var reach = ref MemoryMarshal.GetReference(reaches);
        var (kept, least, none) = (0, Vector512.Create(length), Vector512.Create(hidden));
        for (var place = 0; place < ids.Length; place += Vector512<uint>.Count)
        {
            var isThere = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(ids.Length - place));
            var isNgram = isThere & Vector512.GreaterThanOrEqual(Vector512.LoadUnsafe(ref reach, (nuint)place), least);
            var isKept = Vector512.AndNot(isNgram.AsUInt32(), Vector512.Equals(Vector512.LoadUnsafe(ref code, (nuint)place), none));
            Avx512F.Compress(Vector512<uint>.Zero, isKept, Vector512.LoadUnsafe(ref id, (nuint)place)).StoreUnsafe(ref id, (nuint)kept);
            kept += BitOperations.PopCount(isKept.ExtractMostSignificantBits());
        }

        return kept;
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
        workspace.EndChannel(Settings.ShapeWeight, Settings.Bits);
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
                workspace.Add(NgramHashes.Id(NgramHashes.Step(NgramHashes.Start(ScriptSeed), codes[place] >> 7), Settings.Bits), origins[place], origins[place] + 1);
            }
        }

        workspace.EndChannel(Settings.ScriptWeight, Settings.Bits);
    }

    private void Add(TextWorkspace workspace, uint kind, uint level) =>
        workspace.Add(NgramHashes.Id(NgramHashes.Step(NgramHashes.Step(NgramHashes.Start(ShapeSeed), kind), level), Settings.Bits), 0, 0);

    private static uint Magnitude(int count) => count == 0 ? 0 : (uint)BitOperations.Log2((uint)count) + 1;
}

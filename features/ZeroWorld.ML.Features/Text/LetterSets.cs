using System.Numerics;

namespace ZeroWorld.ML.Features;

/// <summary>Folded words as the sets of their letters: equal for a word and the same with letters in another order, or with one of them twice.</summary>
internal static class LetterSets
{
    private const uint Seed = 7;
    private const int WordMin = 4;
    private const int WordMax = 32;
    private const uint LettersAtOnce = 64;

    /// <summary>Adds the channel of the words' sets; by rule 2 of folding also of ideographs side by side.</summary>
    public static void Add(TextWorkspace workspace, TextFeaturizerSettings settings)
    {
        var (weight, bits) = (settings.LettersWeight, settings.Bits);
        ReadOnlySpan<uint> codes = workspace.Folded.Codes;
        var origins = workspace.Folded.Origins;
        Span<uint> room = stackalloc uint[WordMax];
        workspace.BeginChannel(workspace.FoldedWords.Count + workspace.Squeezed.Count);
        if (settings.Folding > 1)
        {
            AddIdeographs(workspace, 1, bits);
        }

        foreach (var (start, length) in workspace.FoldedWords)
        {
            if (length is >= WordMin and <= WordMax)
            {
                var letters = LettersOf(codes.Slice(start, length), room);
                workspace.Add(NgramHashes.Id(Hash(NgramHashes.Start(Seed), letters), bits), origins[start], origins[start + length - 1] + 1);
            }
        }

        workspace.EndChannel(weight, bits);
    }

    /// <summary>Adds the channel of the sets without one letter each, with the ids of <see cref="Add"/>: a word in which a letter is missing meets the whole one there. A word that is too short for a set of its own has it here. By rule 2 of folding also of ideographs with one between them.</summary>
    public static void AddNear(TextWorkspace workspace, TextFeaturizerSettings settings)
    {
        var (weight, bits) = (settings.NearWeight, settings.Bits);
        ReadOnlySpan<uint> codes = workspace.Folded.Codes;
        var origins = workspace.Folded.Origins;
        Span<uint> room = stackalloc uint[WordMax];
        workspace.BeginChannel(workspace.Folded.Count + workspace.Squeezed.Count);
        if (settings.Folding > 1)
        {
            AddIdeographs(workspace, 2, bits);
        }

        foreach (var (start, length) in workspace.FoldedWords)
        {
            if (length is < WordMin - 1 or > WordMax)
            {
                continue;
            }

            var letters = LettersOf(codes.Slice(start, length), room);
            var end = origins[start + length - 1] + 1;
            var before = NgramHashes.Start(Seed);
            if (length < WordMin)
            {
                workspace.Add(NgramHashes.Id(Hash(before, letters), bits), origins[start], end);
                continue;
            }

            for (var missing = 0; missing < letters.Length; missing++)
            {
                workspace.Add(NgramHashes.Id(Hash(before, letters[(missing + 1)..]), bits), origins[start], end);
                before = NgramHashes.Step(before, letters[missing]);
            }
        }

        workspace.EndChannel(weight, bits);
    }

    // Words of ideographs are short and have no ends: the set of two that are so far apart, among ideographs alone.
    private static void AddIdeographs(TextWorkspace workspace, int distance, int bits)
    {
        ReadOnlySpan<uint> codes = workspace.Squeezed.Codes;
        if (!codes.ContainsAnyExceptInRange(0u, 0x7Fu))
        {
            return;
        }

        var origins = workspace.Squeezed.Origins;
        var run = 0;
        for (var place = 0; place < codes.Length; place++)
        {
            run = UnicodeFolding.Default.IsIdeograph(codes[place]) ? run + 1 : 0;
            if (run > distance)
            {
                var (one, other) = (codes[place - distance], codes[place]);
                var state = NgramHashes.Step(NgramHashes.Step(NgramHashes.Start(Seed), Math.Min(one, other)), Math.Max(one, other));
                workspace.Add(NgramHashes.Id(state, bits), origins[place - distance], origins[place] + 1);
            }
        }
    }

    private static uint Hash(uint state, ReadOnlySpan<uint> letters)
    {
        foreach (var letter in letters)
        {
            state = NgramHashes.Step(state, letter);
        }

        return state;
    }

    // Each letter once, ascending: as bits of two words instead of by sorting, which letters of one script mostly fit in.
    private static ReadOnlySpan<uint> LettersOf(ReadOnlySpan<uint> word, Span<uint> room)
    {
        var (least, most) = (uint.MaxValue, 0U);
        foreach (var letter in word)
        {
            (least, most) = (Math.Min(least, letter), Math.Max(most, letter));
        }

        if (most - least >= 2 * LettersAtOnce)
        {
            return Sorted(word, room);
        }

        var (low, high, count) = (0UL, 0UL, 0);
        foreach (var letter in word)
        {
            var bit = 1UL << (int)(letter - least);
            var isHigh = letter - least >= LettersAtOnce;
            low |= isHigh ? 0 : bit;
            high |= isHigh ? bit : 0;
        }

        for (; low != 0; low &= low - 1)
        {
            room[count++] = least + (uint)BitOperations.TrailingZeroCount(low);
        }

        for (; high != 0; high &= high - 1)
        {
            room[count++] = least + LettersAtOnce + (uint)BitOperations.TrailingZeroCount(high);
        }

        return room[..count];
    }

    private static ReadOnlySpan<uint> Sorted(ReadOnlySpan<uint> word, Span<uint> room)
    {
        var sorted = room[..word.Length];
        var count = 0;
        word.CopyTo(sorted);
        sorted.Sort();
        foreach (var letter in sorted)
        {
            if (count == 0 || sorted[count - 1] != letter)
            {
                sorted[count++] = letter;
            }
        }

        return sorted[..count];
    }
}

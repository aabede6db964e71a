using System.Numerics;

namespace ZeroWorld.ML.Features;

/// <summary>N-grams of words: of the plain text, and of the folded one.</summary>
internal static class WordNgrams
{
    private static readonly bool[] IsPlainWord = [.. Enumerable.Range(0, 0x80).Select(static code => char.IsAsciiLetterOrDigit((char)code) || code == '_')];

    /// <summary>Starts the channel of the plain words and adds them: a word is a run of letters, digits and marks; an ideograph is one alone, and so is any other sign.</summary>
    public static void Add(TextWorkspace workspace, uint seed, int most, int bits)
    {
        var count = workspace.Normal.Count;
        workspace.BeginChannel(count * most);
        if (most == 1 && !workspace.IsTraced)
        {
            AddAlone(workspace, seed, bits);
            return;
        }

        AddRuns(workspace, seed, most, bits);
    }

    private static void AddRuns(TextWorkspace workspace, uint seed, int most, int bits)
    {
        var count = workspace.Normal.Count;
        var codes = workspace.Normal.Padded(0, count + CodeBuffer.Padding);
        var origins = workspace.Normal.Origins;
        var history = new WordHistory(most, seed, bits);
        var state = NgramHashes.Start(seed);
        for (var first = 0; first < count; first += WordMasks.Width)
        {
            var (inside, starts) = WordMasks.Of(codes, count, first);
            for (; starts != 0; starts &= starts - 1)
            {
                var at = BitOperations.TrailingZeroCount(starts);
                var (start, outside) = (first + at, ~inside >> at);
                var end = outside == 0
                    ? EndOf(codes[..count], first + WordMasks.Width)
                    : start + Math.Max(1, BitOperations.TrailingZeroCount(outside));
                history.Add(workspace, NgramHashes.Over(state, codes[start..], end - start), origins[start], origins[end - 1] + 1);
            }
        }
    }

    // Words alone, of which nobody asks where they stand: the same ids, without a call for each. What words begin with is hashed for all places at once, wherever words are.
    private static void AddAlone(TextWorkspace workspace, uint seed, int bits)
    {
        var count = workspace.Normal.Count;
        var codes = workspace.Normal.Padded(0, count + CodeBuffer.Padding);
        var room = workspace.Room(count + Vector<uint>.Count);
        Span<uint> begun = workspace.Begun;
        var (state, words) = (NgramHashes.Start(seed), 0);
        for (var first = 0; first < count; first += WordMasks.Width)
        {
            NgramHashes.Begin(state, codes[first..], begun, Math.Min(count - first, WordMasks.Width));
            var (inside, starts) = WordMasks.Of(codes, count, first);
            for (; starts != 0; starts &= starts - 1)
            {
                var at = BitOperations.TrailingZeroCount(starts);
                var (start, outside) = (first + at, ~inside >> at);
                var length = outside == 0 ? EndOf(codes[..count], first + WordMasks.Width) - start : Math.Max(1, BitOperations.TrailingZeroCount(outside));
                var hash = begun[NgramHashes.BegunAt(at, Math.Min(length, NgramHashes.AtOnce))];
                for (var place = start + NgramHashes.AtOnce; place < start + length; place++)
                {
                    hash = NgramHashes.Step(hash, codes[place]);
                }

                room[words++] = hash;
            }
        }

        NgramHashes.IdAll(NgramHashes.Start(seed + 0x100), room[..((words + Vector<uint>.Count - 1) / Vector<uint>.Count * Vector<uint>.Count)], bits);
        workspace.Saw(words);
    }

    /// <summary>Starts the channel of the folded words and adds them.</summary>
    public static void AddFolded(TextWorkspace workspace, uint seed, int most, int bits)
    {
        var codes = workspace.Folded.Padded(0, workspace.Folded.Count + CodeBuffer.Padding);
        var origins = workspace.Folded.Origins;
        var history = new WordHistory(most, seed, bits);
        var state = NgramHashes.Start(seed);
        workspace.BeginChannel(workspace.FoldedWords.Count * most);
        foreach (var (start, length) in workspace.FoldedWords)
        {
            history.Add(workspace, NgramHashes.Over(state, codes[start..], length), origins[start], origins[start + length - 1] + 1);
        }
    }

    // Of a run that goes on at a place.
    private static int EndOf(ReadOnlySpan<uint> codes, int place)
    {
        while (place < codes.Length && IsInWord(codes, place, UnicodeFolding.Default))
        {
            place++;
        }

        return place;
    }

    /// <summary>Whether a code point is part of a run that is one word.</summary>
    internal static bool IsInWord(ReadOnlySpan<uint> codes, int place, UnicodeFolding folding)
    {
        var code = codes[place];
        return code < 0x80 && code != '\'' ? IsPlainWord[code]
            : folding.IsWordButNoIdeograph(code)
            || (code is '\'' or 0x2019 && place > 0 && place + 1 < codes.Length && folding.IsWord(codes[place - 1]) && folding.IsWord(codes[place + 1]));
    }
}

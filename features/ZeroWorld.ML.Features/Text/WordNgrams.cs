namespace ZeroWorld.ML.Features;

/// <summary>N-grams of words: of the plain text, and of the folded one.</summary>
internal static class WordNgrams
{
    private static readonly bool[] IsPlainWord = [.. Enumerable.Range(0, 0x80).Select(static code => char.IsAsciiLetterOrDigit((char)code) || code == '_')];

    /// <summary>Starts the channel of the plain words and adds them: a word is a run of letters, digits and marks; an ideograph is one alone, and so is any other sign.</summary>
    public static void Add(TextWorkspace workspace, uint seed, int most, int bits)
    {
        var folding = UnicodeFolding.Default;
        ReadOnlySpan<uint> codes = workspace.Normal.Codes;
        var origins = workspace.Normal.Origins;
        var history = new WordHistory(most, seed, bits);
        var first = NgramHashes.Start(seed);
        workspace.BeginChannel(codes.Length * most);
        for (int start = 0, end; start < codes.Length; start = end)
        {
            end = start + 1;
            if (codes[start] == TextNormalizer.Space)
            {
                continue;
            }

            // What is read once is looked at and hashed.
            var hash = NgramHashes.Step(first, codes[start]);
            if (IsInWord(codes, start, folding))
            {
                for (; end < codes.Length && IsInWord(codes, end, folding); end++)
                {
                    hash = NgramHashes.Step(hash, codes[end]);
                }
            }

            history.Add(workspace, hash, origins[start], origins[end - 1] + 1);
        }
    }

    /// <summary>Starts the channel of the folded words and adds them.</summary>
    public static void AddFolded(TextWorkspace workspace, uint seed, int most, int bits)
    {
        ReadOnlySpan<uint> codes = workspace.Folded.Codes;
        var origins = workspace.Folded.Origins;
        var history = new WordHistory(most, seed, bits);
        workspace.BeginChannel(workspace.FoldedWords.Count * most);
        foreach (var (start, length) in workspace.FoldedWords)
        {
            var hash = NgramHashes.Start(seed);
            foreach (var code in codes.Slice(start, length))
            {
                hash = NgramHashes.Step(hash, code);
            }

            history.Add(workspace, hash, origins[start], origins[start + length - 1] + 1);
        }
    }

    private static bool IsInWord(ReadOnlySpan<uint> codes, int place, UnicodeFolding folding)
    {
        var code = codes[place];
        return code < 0x80 && code != '\'' ? IsPlainWord[code]
            : folding.IsWordButNoIdeograph(code)
            || (code is '\'' or 0x2019 && place > 0 && place + 1 < codes.Length && folding.IsWord(codes[place - 1]) && folding.IsWord(codes[place + 1]));
    }
}

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Texts with copies of themselves in disguise, so that a model learns to do with what a disguise leaves. Pure functions.</summary>
internal static class DisguisedCopies
{
    private const int TriesMax = 4;
    private const int RowsMax = 1_000_000;

    // Of Arabic texts so many copies are in Latin letters, in which nothing of a word is left as it was.
    private const double LatinShare = 0.5;
    private const char ArabicFirst = '\u0620';
    private const char ArabicLast = '\u06D3';

    // Those that no rule undoes are there six times: of the others there is little to learn.
    private static readonly TextObfuscation[] Kinds =
    [
        .. Enum.GetValues<TextObfuscation>().Where(static kind => kind != TextObfuscation.LatinLetters),
        .. Enumerable.Repeat<TextObfuscation[]>(
            [
                TextObfuscation.Swap, TextObfuscation.MissingCharacter, TextObfuscation.MaskedCharacter, TextObfuscation.Leetspeak, TextObfuscation.MissingSpace, TextObfuscation.AddedSpace,
            ],
            5).SelectMany(static kinds => kinds),
    ];

    /// <summary>The texts themselves, and behind them their copies: row <c>r + k x rows</c> is the k-th copy of row <c>r</c>, with its labels.</summary>
    /// <param name="copies">0 or more per text, each of a kind by chance, of every word or of half of them; fewer where there would be more than 1,000,000 rows.</param>
    public static LabelledTexts Append(LabelledTexts data, int copies, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(copies);
        var (rows, columns) = (data.Texts.Count, data.Labels.Columns);
        copies = Math.Min(copies, Math.Max(0, (RowsMax / Math.Max(1, rows)) - 1));
        var texts = new string[rows * (copies + 1)];
        var positive = new bool[texts.Length * columns];
        for (var row = 0; row < rows; row++)
        {
            texts[row] = data.Texts[row];
        }

        Parallel.For(rows, texts.Length, row => texts[row] = Disguise(data.Texts[row % rows], HashCode(seed, row)));
        for (var copy = 0; copy <= copies; copy++)
        {
            data.Labels.Positive.CopyTo(positive, copy * rows * columns);
        }

        return new LabelledTexts(texts, data.Labels with { Positive = positive });
    }

    // A kind that changes nothing, since the script has no such thing, gives way to another.
    private static string Disguise(string text, int seed)
    {
        var random = new Random(seed);
        if (text.AsSpan().ContainsAnyInRange(ArabicFirst, ArabicLast) && random.NextDouble() < LatinShare)
        {
            return TextObfuscator.Apply(text, TextObfuscation.LatinLetters, 1, random.Next());
        }

        for (var attempt = 0; attempt < TriesMax; attempt++)
        {
            var hidden = TextObfuscator.Apply(text, Kinds[random.Next(Kinds.Length)], random.Next(2) == 0 ? 0.5 : 1, random.Next());
            if (hidden != text)
            {
                return hidden;
            }
        }

        return text;
    }

    private static int HashCode(int seed, int row) => unchecked((int)(((uint)seed * 0x9E37_79B1) ^ ((uint)row * 0x85EB_CA6B)));
}

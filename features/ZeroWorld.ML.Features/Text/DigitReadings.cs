namespace ZeroWorld.ML.Features;

/// <summary>Letters of Arabic and Cyrillic that a digit stands for beside the one that folding takes: it looks like both, or is named like them. Pure functions.</summary>
internal static class DigitReadings
{
    /// <summary>Most digits of a word that are read otherwise.</summary>
    public const int DigitsMax = 4;

    // By digit, folded letters, 0 for none.
    private static readonly uint[] Arabic = [0x647, 0x627, 0, 0, 0, 0x647, 0, 0, 0, 0];
    private static readonly uint[] Cyrillic = FoldedOf([0, 0, 0, 0x437, 0x447, 0, 0x431, 0, 0x432, 0x434]);

    /// <summary>The letters by digit for a word as given; none in other scripts.</summary>
    public static ReadOnlySpan<uint> Of(ReadOnlySpan<char> word) =>
        word.ContainsAnyInRange('\u0620', '\u06ff') ? Arabic : word.ContainsAnyInRange('\u0400', '\u04ff') ? Cyrillic : [];

    private static uint[] FoldedOf(uint[] letters) =>
        [.. letters.Select(static letter => UnicodeFolding.Default.TrySkeleton(letter, out var skeleton) && skeleton is [var one] ? one : letter)];
}

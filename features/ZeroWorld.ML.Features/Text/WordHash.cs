using System.Numerics;

namespace ZeroWorld.ML.Features;

/// <summary>Hash of a folded word, of 64 bits, letter by letter. What it gives never changes: files hold it (docs/formats/text-model.md). Pure functions.</summary>
internal static class WordHash
{
    public const ulong Start = 0xCBF2_9CE4_8422_2325;

    public static ulong Step(ulong hash, uint letter) => (BitOperations.RotateLeft(hash, 7) ^ letter) * 0x9E37_79B9_7F4A_7C15;

    public static ulong Of(ReadOnlySpan<uint> letters)
    {
        var hash = Start;
        foreach (var letter in letters)
        {
            hash = Step(hash, letter);
        }

        return hash;
    }
}

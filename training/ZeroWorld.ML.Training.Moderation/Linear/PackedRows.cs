using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Rows of four weights of the ids that weigh anything, side by side, found by counting bits. Immutable.</summary>
internal sealed class PackedRows
{
    // Of more ids the rows would be no smaller by much.
    private const int ShareMost = 8;

    private readonly Word[] _words;
    private readonly Vector128<float>[] _rows;

    private PackedRows(Word[] words, Vector128<float>[] rows) => (_words, _rows) = (words, rows);

    /// <param name="weights">Four per id.</param>
    /// <returns><see langword="null"/>: more than an eighth of the ids weigh something.</returns>
    public static PackedRows? TryPack(ReadOnlySpan<float> weights, int size)
    {
        var all = MemoryMarshal.Cast<float, Vector128<float>>(weights);
        var words = new Word[(size + 63) / 64];

        // The first row is that of all ids that weigh nothing.
        var rows = new List<Vector128<float>> { Vector128<float>.Zero };
        for (var id = 0; id < size; id++)
        {
            ref var word = ref words[id >> 6];
            word.Before = (id & 63) == 0 ? rows.Count : word.Before;
            if (all[id] != Vector128<float>.Zero)
            {
                word.Bits |= 1UL << id;
                rows.Add(all[id]);
                if (rows.Count > size / ShareMost)
                {
                    return null;
                }
            }
        }

        return new PackedRows(words, [.. rows]);
    }

    /// <summary>As <see cref="LinearWeights.Score"/>.</summary>
    public void Score(ReadOnlySpan<int> ids, ReadOnlySpan<float> values, ReadOnlySpan<float> bias, Span<float> margins)
    {
        var sum = Vector128.Create(bias);
        for (var place = 0; place < ids.Length; place++)
        {
            var id = ids[place];
            var word = _words[id >> 6];
            var row = word.Before + BitOperations.PopCount(word.Bits & ((1UL << id) - 1));
            sum += _rows[row * (int)((word.Bits >> id) & 1)] * values[place];
        }

        sum.CopyTo(margins);
    }

    private struct Word
    {
        /// <summary>Which of 64 ids have a row.</summary>
        public ulong Bits;

        /// <summary>Place of the first of these rows.</summary>
        public int Before;
    }
}

using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Rows of weights of the ids that weigh anything, side by side, found by counting bits: what a processor's cache holds. Immutable.</summary>
internal sealed class PackedRows
{
    /// <summary>Most weights of a row: as many sums a processor has registers for.</summary>
    public const int StrideMax = 16;

    // Of more ids the rows would be no smaller by much.
    private const int ShareMost = 2;
    private const int Four = 4;
    private const int LineBytes = 64;

    // Ids of a text that are looked up at once.
    private const int PartMax = 128;
    private const int FewMax = 16;

    private readonly Word[] _words;
    private readonly float[] _rows;
    private readonly int _first;
    private readonly int _stride;

    private PackedRows(Word[] words, float[] rows, int first, int stride) => (_words, _rows, _first, _stride) = (words, rows, first, stride);

    /// <param name="weights">Of a stride of 1, or a multiple of 4 of at most <see cref="StrideMax"/>.</param>
    /// <returns><see langword="null"/>: more than half of the ids weigh something.</returns>
    public static PackedRows? TryPack(LinearWeights weights)
    {
        var (size, stride) = (weights.Size, weights.Stride);
        Debug.Assert(stride == 1 || (stride % Four == 0 && stride <= StrideMax));
        var (words, used) = (new Word[(size + 63) / 64], 0);
        for (var id = 0; id < size; id++)
        {
            ref var word = ref words[id >> 6];

            // The first row is that of all ids that weigh nothing.
            word.Before = (id & 63) == 0 ? used + 1 : word.Before;
            if (weights.HasRow(id) && weights.RowOf(id).ContainsAnyExcept(0f))
            {
                word.Bits |= 1UL << id;
                used++;
            }
        }

        if (used > size / ShareMost)
        {
            return null;
        }

        // A row of 12 takes the room of 16: what begins with a line of the cache ends with it.
        var wide = stride == 3 * Four ? StrideMax : stride;
        var rows = GC.AllocateArray<float>(((used + 1) * wide) + StrideMax, pinned: true);
        var first = (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(rows, 0) & (LineBytes - 1)) / sizeof(float);
        var next = first + wide;
        for (var at = 0; at < words.Length; at++)
        {
            for (var bits = words[at].Bits; bits != 0; bits &= bits - 1)
            {
                weights.RowOf((at << 6) + BitOperations.TrailingZeroCount(bits)).CopyTo(rows.AsSpan(next));
                next += wide;
            }
        }

        return new PackedRows(words, rows, first, wide);
    }

    /// <summary>As <see cref="LinearWeights.Score"/>, the same bits.</summary>
    /// <param name="bias">[stride].</param>
    /// <param name="sums">[<see cref="StrideMax"/>]; behind those of the labels all 0.</param>
    public void Score(ReadOnlySpan<int> ids, ReadOnlySpan<float> values, ReadOnlySpan<float> bias, Span<float> sums)
    {
        if (_stride == 1)
        {
            ScoreOne(ids, values, bias, sums);
            return;
        }

        sums.Clear();
        bias.CopyTo(sums);
        if (ids.Length <= FewMax)
        {
            AddFew(ids, values, sums);
            return;
        }

        AddMany(ids, values, sums);
    }

    // Every second one in a sum of its own, as of rows that are not packed.
    private void ScoreOne(ReadOnlySpan<int> ids, ReadOnlySpan<float> values, ReadOnlySpan<float> bias, Span<float> sums)
    {
        var (even, odd, place) = (bias[0], 0f, 0);
        for (; place + 1 < ids.Length; place += 2)
        {
            even += _rows[_first + RowOf(ids[place])] * values[place];
            odd += _rows[_first + RowOf(ids[place + 1])] * values[place + 1];
        }

        sums[0] = place < ids.Length ? even + odd + (_rows[_first + RowOf(ids[place])] * values[place]) : even + odd;
    }

    private void AddFew(ReadOnlySpan<int> ids, ReadOnlySpan<float> values, Span<float> sums)
    {
        Span<int> starts = stackalloc int[FewMax];
        Add(ids, values, starts, sums);
    }

    private void AddMany(ReadOnlySpan<int> ids, ReadOnlySpan<float> values, Span<float> sums)
    {
        Span<int> starts = stackalloc int[PartMax];
        for (var first = 0; first < ids.Length; first += PartMax)
        {
            var count = Math.Min(ids.Length - first, PartMax);
            Add(ids.Slice(first, count), values.Slice(first, count), starts, sums);
        }
    }

    // First where all rows are, then the rows: two short loops, of which the processor has many steps under way at once, where one would wait for memory twice in each.
    private void Add(ReadOnlySpan<int> ids, ReadOnlySpan<float> values, Span<int> starts, Span<float> sums)
    {
        starts = starts[..ids.Length];
        for (var place = 0; place < ids.Length; place++)
        {
            starts[place] = _first + (RowOf(ids[place]) * _stride);
        }

        switch (_stride)
        {
            case Four:
                AddFours(starts, values, sums);
                break;
            case 2 * Four:
                AddEights(starts, values, sums);
                break;
            default:
                AddSixteens(starts, values, sums);
                break;
        }
    }

    private void AddFours(ReadOnlySpan<int> starts, ReadOnlySpan<float> values, Span<float> sums)
    {
        ref var rows = ref MemoryMarshal.GetArrayDataReference(_rows);
        var sum = Vector128.Create<float>(sums);
        for (var place = 0; place < starts.Length; place++)
        {
            sum += Vector128.LoadUnsafe(ref rows, (nuint)starts[place]) * values[place];
        }

        sum.CopyTo(sums);
    }

    private void AddEights(ReadOnlySpan<int> starts, ReadOnlySpan<float> values, Span<float> sums)
    {
        ref var rows = ref MemoryMarshal.GetArrayDataReference(_rows);
        var sum = Vector256.Create<float>(sums);
        for (var place = 0; place < starts.Length; place++)
        {
            sum += Vector256.LoadUnsafe(ref rows, (nuint)starts[place]) * values[place];
        }

        sum.CopyTo(sums);
    }

    private void AddSixteens(ReadOnlySpan<int> starts, ReadOnlySpan<float> values, Span<float> sums)
    {
        ref var rows = ref MemoryMarshal.GetArrayDataReference(_rows);
        var (first, last) = (Vector256.Create<float>(sums), Vector256.Create<float>(sums[(2 * Four)..]));
        for (var place = 0; place < starts.Length; place++)
        {
            var (start, value) = ((nuint)starts[place], values[place]);
            first += Vector256.LoadUnsafe(ref rows, start) * value;
            last += Vector256.LoadUnsafe(ref rows, start + (2 * Four)) * value;
        }

        first.CopyTo(sums);
        last.CopyTo(sums[(2 * Four)..]);
    }

    // Of an id that weighs nothing the first row. A call for each word of a text would take as long as the rest.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int RowOf(int id)
    {
        ref readonly var word = ref _words[id >> 6];
        return (word.Before + BitOperations.PopCount(word.Bits & ((1UL << id) - 1))) * (int)((word.Bits >> id) & 1);
    }

    private struct Word
    {
        /// <summary>Which of 64 ids have a row.</summary>
        public ulong Bits;

        /// <summary>Place of the first of these rows.</summary>
        public int Before;
    }
}

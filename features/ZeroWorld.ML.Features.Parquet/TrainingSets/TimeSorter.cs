using System.Numerics;
using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Sorts times, and the rows that they are of, for one entity after the other. Rows of equal times stay in their order. Not thread safe.</summary>
internal sealed class TimeSorter
{
    private const int WordBits = 64;

    // Times that may share a place: more of them are sorted as a whole.
    private const int NeighboursMax = 16;

    private ulong[] _words = [];
    private int[] _rows = [];
    private int[] _ends = [];

    /// <param name="rows">One per time.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Sort(Span<long> times, Span<int> rows)
    {
        rows = rows[..times.Length];
        var (least, greatest, isSorted) = (long.MaxValue, long.MinValue, true);
        for (var (index, before) = (0, long.MinValue); index < times.Length; index++)
        {
            isSorted &= before <= times[index];
            before = times[index];
            (least, greatest) = (Math.Min(least, before), Math.Max(greatest, before));
        }

        if (isSorted)
        {
            return;
        }

        // A time and its place in one word are sorted in half the time of two arrays.
        var shift = BitOperations.Log2((uint)times.Length) + 1;
        if (BitOperations.LeadingZeroCount(unchecked((ulong)(greatest - least))) < shift)
        {
            SortApart(times, rows);
            return;
        }

        Reserve(times.Length);
        var words = _words.AsSpan(0, times.Length);
        if (!TryScatter(times, least, unchecked((ulong)(greatest - least)), shift, words))
        {
            for (var index = 0; index < words.Length; index++)
            {
                words[index] = (unchecked((ulong)(times[index] - least)) << shift) | (uint)index;
            }

            words.Sort();
        }

        rows.CopyTo(_rows);
        var mask = (1UL << shift) - 1;
        for (var index = 0; index < words.Length; index++)
        {
            times[index] = unchecked((long)(words[index] >> shift) + least);
            rows[index] = _rows[(int)(words[index] & mask)];
        }
    }

    /// <summary>Where times are spread evenly, about, each has its place by its value, and only neighbours are out of order.</summary>
    /// <returns>Whether they are; nothing counts as written where they are not.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryScatter(ReadOnlySpan<long> times, long least, ulong span, int shift, Span<ulong> words)
    {
        // As many places as times: by the high bits of what a time has beyond the least.
        var bits = BitOperations.Log2((uint)times.Length);
        var drop = Math.Max(0, WordBits - BitOperations.LeadingZeroCount(span) - bits);
        var places = (int)(span >> drop) + 1;
        var ends = _ends.AsSpan(0, places + 1);
        ends.Clear();
        foreach (var time in times)
        {
            ends[(int)(unchecked((ulong)(time - least)) >> drop) + 1]++;
        }

        var most = 0;
        for (var place = 0; place < places; place++)
        {
            most = Math.Max(most, ends[place + 1]);
            ends[place + 1] += ends[place];
        }

        if (most > NeighboursMax)
        {
            return false;
        }

        for (var index = 0; index < times.Length; index++)
        {
            var offset = unchecked((ulong)(times[index] - least));
            words[ends[(int)(offset >> drop)]++] = (offset << shift) | (uint)index;
        }

        for (var index = 1; index < words.Length; index++)
        {
            var word = words[index];
            var at = index;
            for (; at > 0 && words[at - 1] > word; at--)
            {
                words[at] = words[at - 1];
            }

            words[at] = word;
        }

        return true;
    }

    // Times that lie too far apart for one word beside a place.
    private static void SortApart(Span<long> times, Span<int> rows)
    {
        var places = Enumerable.Range(0, times.Length).ToArray();
        var (allTimes, allRows) = (times.ToArray(), rows.ToArray());
        Array.Sort(places, (one, other) => allTimes[one] != allTimes[other] ? allTimes[one].CompareTo(allTimes[other]) : one.CompareTo(other));
        for (var index = 0; index < places.Length; index++)
        {
            (times[index], rows[index]) = (allTimes[places[index]], allRows[places[index]]);
        }
    }

    private void Reserve(int count)
    {
        if (_words.Length < count)
        {
            var length = Math.Max(count, 2 * _words.Length);

            // Of n times at most 2 n places, and one more.
            (_words, _rows, _ends) = (new ulong[length], new int[length], new int[(2 * length) + 1]);
        }
    }
}

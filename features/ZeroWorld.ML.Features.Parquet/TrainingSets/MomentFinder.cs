using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Finds the moments at which rows become visible, some rows side by side: the memory that one needs next comes while others are looked at.</summary>
/// <remarks>
/// Where a moment is looked for first is a guess, and no matter for what is found: where rows come in the order of time, near the one that the entity's last row found; else where
/// it would be if the entity's moments were spread evenly. Whichever missed most rows of a batch is left for the other. Not thread safe.
/// </remarks>
/// <param name="starts">Per entity the number of its first moment; one more than there are entities.</param>
/// <param name="moments">Of the spine, entity by entity, ascending; each has one or more.</param>
internal sealed class MomentFinder(int[] starts, NativeArray<long> moments)
{
    /// <summary>Rows of a batch at most.</summary>
    public const int RowsMax = 64;

    // Per entity how many moments lie before the one that its last row found; empty where entities have few.
    private readonly int[] _last = moments.Length / NearbySearch.Count < starts.Length - 1 ? [] : new int[starts.Length - 1];
    private bool _isByTime;

    /// <summary>Per row its entity's first moment that is not before its arrival; -1 where there is none.</summary>
    /// <param name="first">The entity from which theirs are counted.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Find(ReadOnlySpan<Arrival> arrivals, int first, Span<int> found)
    {
        // Those of one part lie together.
        ReadOnlySpan<long> all = moments.Span;
        ReadOnlySpan<int> ends = starts.AsSpan(first);
        var last = _last.Length == 0 ? default : _last.AsSpan(first);
        if (_isByTime)
        {
            GuessByTime(arrivals, ends, all, found);
        }
        else
        {
            GuessByLast(arrivals, ends, last, all, found);
        }

        var missed = 0;
        for (var index = 0; index < arrivals.Length; index++)
        {
            ref readonly var arrival = ref arrivals[index];
            var entity = arrival.Entity;
            var (start, end) = (ends[entity], ends[entity + 1]);

            // The row before it may have been of the same entity.
            var near = _isByTime || last.Length == 0 ? found[index] : start + last[entity];
            var at = NearbySearch.Find(all, start, near, end, arrival.Time);
            missed += (uint)(at - near) < NearbySearch.Count ? 0 : 1;
            if (last.Length > 0)
            {
                last[entity] = Math.Min(at, end - 1) - start;
            }

            found[index] = at < end ? at : -1;
        }

        _isByTime ^= 2 * missed > arrivals.Length;
    }

    private static void GuessByLast(ReadOnlySpan<Arrival> arrivals, ReadOnlySpan<int> ends, ReadOnlySpan<int> last, ReadOnlySpan<long> all, Span<int> guesses)
    {
        for (var index = 0; index < arrivals.Length; index++)
        {
            var entity = arrivals[index].Entity;
            guesses[index] = ends[entity] + (last.Length > 0 ? last[entity] : 0);
            Prefetch.Read(in all[guesses[index]]);
        }
    }

    private static void GuessByTime(ReadOnlySpan<Arrival> arrivals, ReadOnlySpan<int> ends, ReadOnlySpan<long> all, Span<int> guesses)
    {
        const int LineMoments = 8;
        foreach (ref readonly var arrival in arrivals)
        {
            Prefetch.Read(in all[ends[arrival.Entity]]);
            Prefetch.Read(in all[ends[arrival.Entity + 1] - 1]);
        }

        for (var index = 0; index < arrivals.Length; index++)
        {
            ref readonly var arrival = ref arrivals[index];
            var (start, end) = (ends[arrival.Entity], ends[arrival.Entity + 1]);
            guesses[index] = NearbySearch.Guess(all, start, end, arrival.Time);
            Prefetch.Read(in all[guesses[index]]);
            Prefetch.Read(in all[Math.Min(guesses[index] + LineMoments, end - 1)]);
        }
    }
}

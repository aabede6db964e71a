using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Finds the moments at which rows become visible, some rows side by side: the memory that one needs next comes while others are looked at.</summary>
/// <remarks>
/// Where a moment is looked for first is a guess, and no matter for what is found: where rows come in the order of time, near the one that the entity's last row found; else where
/// it would be if the entity's moments were spread evenly. Whichever missed most rows of a batch is left for the other. Not thread safe.
/// </remarks>
internal sealed class MomentFinder(SpineMoments spine)
{
    /// <summary>Rows of a batch at most.</summary>
    public const int RowsMax = 64;

    // Per entity how many moments lie before the one that its last row found; empty where entities have few.
    private readonly int[] _last = spine.Moments.Length / NearbySearch.Count < spine.Keys.Count ? [] : new int[spine.Keys.Count];
    private bool _isByTime;

    /// <summary>Per row its entity's first moment that is not before its arrival; -1 where there is none.</summary>
    /// <param name="first">The entity from which theirs are counted.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Find(ReadOnlySpan<Arrival> arrivals, int first, Span<int> moments)
    {
        // Those of one part lie together.
        var all = spine.Moments;
        var starts = spine.Starts.AsSpan(first);
        var last = _last.Length == 0 ? default : _last.AsSpan(first);
        if (_isByTime)
        {
            GuessByTime(arrivals, starts, moments);
        }
        else
        {
            GuessByLast(arrivals, starts, last, moments);
        }

        var missed = 0;
        for (var index = 0; index < arrivals.Length; index++)
        {
            ref readonly var arrival = ref arrivals[index];
            var entity = arrival.Entity;
            var (start, end) = (starts[entity], starts[entity + 1]);

            // The row before it may have been of the same entity.
            var near = _isByTime || last.Length == 0 ? moments[index] : start + last[entity];
            var at = NearbySearch.Find(all, start, near, end, arrival.Time);
            missed += (uint)(at - near) < NearbySearch.Count ? 0 : 1;
            if (last.Length > 0)
            {
                last[entity] = Math.Min(at, end - 1) - start;
            }

            moments[index] = at < end ? at : -1;
        }

        _isByTime ^= 2 * missed > arrivals.Length;
    }

    private void GuessByLast(ReadOnlySpan<Arrival> arrivals, ReadOnlySpan<int> starts, ReadOnlySpan<int> last, Span<int> moments)
    {
        var all = spine.Moments;
        for (var index = 0; index < arrivals.Length; index++)
        {
            var entity = arrivals[index].Entity;
            moments[index] = starts[entity] + (last.Length > 0 ? last[entity] : 0);
            Prefetch.Read(ref all[moments[index]]);
        }
    }

    private void GuessByTime(ReadOnlySpan<Arrival> arrivals, ReadOnlySpan<int> starts, Span<int> moments)
    {
        const int LineMoments = 8;
        var all = spine.Moments;
        foreach (ref readonly var arrival in arrivals)
        {
            Prefetch.Read(ref all[starts[arrival.Entity]]);
            Prefetch.Read(ref all[starts[arrival.Entity + 1] - 1]);
        }

        for (var index = 0; index < arrivals.Length; index++)
        {
            ref readonly var arrival = ref arrivals[index];
            var (start, end) = (starts[arrival.Entity], starts[arrival.Entity + 1]);
            moments[index] = NearbySearch.Guess(all, start, end, arrival.Time);
            Prefetch.Read(ref all[moments[index]]);
            Prefetch.Read(ref all[Math.Min(moments[index] + LineMoments, end - 1)]);
        }
    }
}

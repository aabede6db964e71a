using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Finds a time among sorted ones, from a place that is probably near. Pure.</summary>
internal static class NearbySearch
{
    /// <summary>Times that are compared at once.</summary>
    public const int Count = 16;

    /// <summary>The first that is not before the wanted one; where there is none, the end.</summary>
    /// <param name="all">Times; those from <paramref name="first"/> to <paramref name="end"/> ascend.</param>
    /// <param name="near">Where it may be, from <paramref name="first"/> on and before <paramref name="end"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Find(ReadOnlySpan<long> all, int first, int near, int end, long wanted)
    {
        if (near > first && all[near - 1] >= wanted)
        {
            return FindBefore(all, first, near - 1, wanted);
        }

        if (near + Count > all.Length)
        {
            return FindBetween(all, near, end, wanted);
        }

        // Some at once, without a branch on what they are; those behind the end are of something else and do not count.
        var (arrival, before) = (Vector256.Create(wanted), 0U);
        for (var some = 0; some < Count; some += Vector256<long>.Count)
        {
            before |= Vector256.LessThan(Vector256.Create(all.Slice(near + some, Vector256<long>.Count)), arrival).ExtractMostSignificantBits() << some;
        }

        var at = near + BitOperations.TrailingZeroCount(~before);
        return at >= end ? end : at < near + Count ? at : FindBehind(all, at, end, wanted);
    }

    /// <summary>Where a time is if those of its entity are spread evenly, about: so that it probably lies within <see cref="Count"/> from there on.</summary>
    /// <param name="all">As for <see cref="Find"/>; there is one from <paramref name="first"/> on and before <paramref name="end"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Guess(ReadOnlySpan<long> all, int first, int end, long wanted)
    {
        var (least, count) = (all[first], end - first - 1);
        var share = ((double)wanted - least) / ((double)all[first + count] - least);

        // Of one time alone, or of many equal ones, the share is none.
        var behind = share > 0 ? Math.Min(share, 1) * count : 0;
        return first + Math.Max((int)behind - (Count / 2), 0);
    }

    // In ever greater steps, then between the last two.
    private static int FindBefore(ReadOnlySpan<long> all, int first, int end, long wanted)
    {
        for (var step = Count; end - step > first; step *= 2)
        {
            if (all[end - step] < wanted)
            {
                return FindBetween(all, end - step, end, wanted);
            }

            end -= step;
        }

        return FindBetween(all, first, end, wanted);
    }

    private static int FindBehind(ReadOnlySpan<long> all, int from, int end, long wanted)
    {
        for (var step = Count; from + step < end; step *= 2)
        {
            if (all[from + step] >= wanted)
            {
                return FindBetween(all, from, from + step, wanted);
            }

            from += step;
        }

        return FindBetween(all, from, end, wanted);
    }

    private static int FindBetween(ReadOnlySpan<long> all, int from, int end, long wanted)
    {
        var at = all[from..end].BinarySearch(wanted);
        return from + (at < 0 ? ~at : at);
    }
}

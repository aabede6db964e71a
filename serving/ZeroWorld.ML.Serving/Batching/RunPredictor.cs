using System.Numerics;

namespace ZeroWorld.ML.Serving;

/// <summary>How long a run of some rows takes, from the runs before it: a moving average per power of two of rows.</summary>
/// <remarks>Thread safe; writers may overwrite one another, which an average survives.</remarks>
internal sealed class RunPredictor
{
    private const int Weight = 8;
    private const double FullCost = 1.1;

    // Of a row, in thousandths of a tick: a moving average as well.
    private readonly long[] _perRow = new long[18];
    private readonly long[] _ticks = new long[18];
    private long _average;

    /// <summary>Moving average over all runs, in timestamp ticks; 0 before the first.</summary>
    public long Average => Volatile.Read(ref _average);

    /// <param name="rows">0 or more.</param>
    /// <returns>Timestamp ticks; 0 when nothing is known.</returns>
    public long Predict(int rows)
    {
        var bucket = BucketOf(rows);
        for (var other = bucket; other < _ticks.Length; other++)
        {
            // A larger run is an upper bound.
            if (Volatile.Read(ref _ticks[other]) is > 0 and var ticks)
            {
                return ticks;
            }
        }

        for (var other = bucket - 1; other >= 0; other--)
        {
            if (Volatile.Read(ref _ticks[other]) is > 0 and var ticks)
            {
                return ticks << (bucket - other);
            }
        }

        return 0;
    }

    /// <summary>Whether a run of so many rows costs each of them about as little as any larger one would: then nothing is gained by waiting for more.</summary>
    /// <remarks>Larger runs that were seen say so; where there are none, a smaller one does, whose rows cost no more by a tenth. Where only one size was seen, it is not known.</remarks>
    public bool IsFull(int rows)
    {
        // The sizes that these rows have reached; the nearest that was seen.
        var bucket = rows <= 1 ? 0 : Math.Min(BitOperations.Log2((uint)rows), _ticks.Length - 1);
        while (bucket > 0 && PerRow(bucket) == 0)
        {
            bucket--;
        }

        var mine = PerRow(bucket);
        var larger = long.MaxValue;
        for (var other = bucket + 1; other < _ticks.Length; other++)
        {
            larger = PerRow(other) is > 0 and var cost ? Math.Min(larger, cost) : larger;
        }

        if (mine == 0 || larger != long.MaxValue)
        {
            return mine > 0 && mine <= larger * FullCost;
        }

        for (var other = bucket - 1; other >= 0; other--)
        {
            if (PerRow(other) is > 0 and var cost)
            {
                return mine * FullCost >= cost;
            }
        }

        return false;
    }

    public void Add(int rows, long ticks)
    {
        ref var slot = ref _ticks[BucketOf(rows)];
        Move(ref slot, ticks);
        if (rows > 0)
        {
            Move(ref _perRow[BucketOf(rows)], ticks * 1000 / rows);
        }

        Move(ref _average, ticks);
    }

    private long PerRow(int bucket) => Volatile.Read(ref _perRow[bucket]);

    private static int BucketOf(int rows) => rows <= 1 ? 0 : Math.Min(BitOperations.Log2((uint)rows - 1) + 1, 17);

    private static void Move(ref long average, long ticks)
    {
        var before = Volatile.Read(ref average);
        Volatile.Write(ref average, before == 0 ? Math.Max(ticks, 1) : Math.Max(before + ((ticks - before) / Weight), 1));
    }
}

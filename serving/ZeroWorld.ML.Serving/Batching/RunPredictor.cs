using System.Numerics;

namespace ZeroWorld.ML.Serving;

/// <summary>How long a run of some rows takes, from the runs before it: a moving average per power of two of rows.</summary>
/// <remarks>Thread safe; writers may overwrite one another, which an average survives.</remarks>
internal sealed class RunPredictor
{
    private const int Weight = 8;
    private const double FullShare = 1.8;
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

    /// <summary>Whether a run of so many rows takes almost as long as two of half as many: nothing is gained by waiting for more. Not before both have been seen.</summary>
    public bool IsFull(int rows)
    {
        var bucket = BucketOf(rows);
        return bucket > 0 && Volatile.Read(ref _ticks[bucket - 1]) is > 0 and var half && Volatile.Read(ref _ticks[bucket]) >= half * FullShare;
    }

    public void Add(int rows, long ticks)
    {
        ref var slot = ref _ticks[BucketOf(rows)];
        Move(ref slot, ticks);
        Move(ref _average, ticks);
    }

    private static int BucketOf(int rows) => rows <= 1 ? 0 : Math.Min(BitOperations.Log2((uint)rows - 1) + 1, 17);

    private static void Move(ref long average, long ticks)
    {
        var before = Volatile.Read(ref average);
        Volatile.Write(ref average, before == 0 ? Math.Max(ticks, 1) : Math.Max(before + ((ticks - before) / Weight), 1));
    }
}

using System.Numerics;

namespace ZeroWorld.ML.Serving;

/// <summary>How long a run of some rows takes, from the runs before it: a moving average per power of two of rows.</summary>
/// <remarks>Thread safe; writers may overwrite one another, which an average survives.</remarks>
internal sealed class RunPredictor
{
    private const int Weight = 8;
    private const double FixedShare = 0.25;

    // Nearer ones say more of the noise than of the rows.
    private const double SizesApart = 1.6;

    // Thousandths of rows: moving averages as well.
    private readonly long[] _rows = new long[18];
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

    /// <summary>Whether a run of so many rows is mostly its rows, so that little is gained by waiting for more of them: what any run costs, however few its rows, is a quarter of it or less.</summary>
    /// <remarks>By the line through two sizes that were seen: the one that these rows have reached, and the next smaller one, or else larger one, that differs enough. Where there is no such one it is not known.</remarks>
    public bool IsFull(int rows)
    {
        var mine = rows <= 1 ? 0 : Math.Min(BitOperations.Log2((uint)rows), _ticks.Length - 1);
        while (mine > 0 && Volatile.Read(ref _ticks[mine]) == 0)
        {
            mine--;
        }

        var (size, ticks) = Read(mine);
        if (ticks == 0)
        {
            return false;
        }

        for (var other = mine - 1; other >= 0; other--)
        {
            if (Read(other) is { Ticks: > 0 } less && less.Rows * SizesApart <= size)
            {
                return FixedCost(less, (size, ticks)) <= ticks * FixedShare;
            }
        }

        for (var other = mine + 1; other < _ticks.Length; other++)
        {
            if (Read(other) is { Ticks: > 0 } more && more.Rows >= size * SizesApart)
            {
                return FixedCost((size, ticks), more) <= ticks * FixedShare;
            }
        }

        return false;
    }

    public void Add(int rows, long ticks)
    {
        ref var slot = ref _ticks[BucketOf(rows)];
        Move(ref slot, ticks);
        Move(ref _rows[BucketOf(rows)], rows * 1000L);
        Move(ref _average, ticks);
    }

    private (double Rows, long Ticks) Read(int bucket) => (Volatile.Read(ref _rows[bucket]) / 1000.0, Volatile.Read(ref _ticks[bucket]));

    private static double FixedCost((double Rows, long Ticks) less, (double Rows, long Ticks) more) =>
        less.Ticks - ((more.Ticks - less.Ticks) / (more.Rows - less.Rows) * less.Rows);

    private static int BucketOf(int rows) => rows <= 1 ? 0 : Math.Min(BitOperations.Log2((uint)rows - 1) + 1, 17);

    private static void Move(ref long average, long ticks)
    {
        var before = Volatile.Read(ref average);
        Volatile.Write(ref average, before == 0 ? Math.Max(ticks, 1) : Math.Max(before + ((ticks - before) / Weight), 1));
    }
}

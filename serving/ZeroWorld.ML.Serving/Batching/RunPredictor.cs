using System.Numerics;

namespace ZeroWorld.ML.Serving;

/// <summary>How long a run of some rows takes, and what it costs, from the runs before it: a moving average per power of two of rows.</summary>
/// <remarks>
/// A run beside another takes longer, and costs no more of the processor: by their times alone, small runs would look as if they cost what large ones do, and be made all the more often.
/// Thread safe; writers may overwrite one another, which an average survives.
/// </remarks>
internal sealed class RunPredictor
{
    private const int Weight = 8;

    // What any run costs, of the cost of one of so many rows, that is not worth waiting for; of as many rows as most models need to be at their fastest more, since waiting leaves a processor idle.
    private const double FixedShare = 0.2;
    private const double FixedShareOfMany = 0.5;
    private const int RowsMany = 32;

    // Nearer ones say more of the noise than of the rows.
    private const double SizesApart = 1.6;

    // Thousandths of rows: moving averages as well.
    private readonly long[] _rows = new long[18];
    private readonly long[] _ticks = new long[18];
    private readonly long[] _costs = new long[18];
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

    /// <summary>Whether a run of so many rows is mostly its rows, so that little is gained by waiting for more of them: what any run costs, however few its rows, is a fifth of it or less; of 32 rows or more half.</summary>
    /// <remarks>
    /// By the line through two sizes that were seen: the one that these rows have reached, and the next smaller one, or else larger one, that differs enough. Where there is no such one it is not known,
    /// and said of 32 rows or more.
    /// </remarks>
    public bool IsFull(int rows)
    {
        var isMany = rows >= RowsMany;
        return FixedShareOf(rows) is { } share ? share <= (isMany ? FixedShareOfMany : FixedShare) : isMany;
    }

    private double? FixedShareOf(int rows)
    {
        var mine = rows <= 1 ? 0 : Math.Min(BitOperations.Log2((uint)rows), _ticks.Length - 1);
        while (mine > 0 && Volatile.Read(ref _costs[mine]) == 0)
        {
            mine--;
        }

        var (size, cost) = Read(mine);
        if (cost == 0)
        {
            return null;
        }

        for (var other = mine - 1; other >= 0; other--)
        {
            if (Read(other) is { Cost: > 0 } less && less.Rows * SizesApart <= size)
            {
                return FixedCost(less, (size, cost)) / cost;
            }
        }

        for (var other = mine + 1; other < _ticks.Length; other++)
        {
            if (Read(other) is { Cost: > 0 } more && more.Rows >= size * SizesApart)
            {
                return FixedCost((size, cost), more) / cost;
            }
        }

        return null;
    }

    /// <param name="rows">0 or more.</param>
    /// <param name="ticks">Timestamp ticks from its start to its end.</param>
    /// <param name="cost">Time of the processor, in any unit; 0: it was not measured.</param>
    public void Add(int rows, long ticks, long cost)
    {
        var bucket = BucketOf(rows);
        Move(ref _ticks[bucket], ticks);
        Move(ref _average, ticks);
        if (cost > 0)
        {
            Move(ref _costs[bucket], cost);
            Move(ref _rows[bucket], rows * 1000L);
        }
    }

    private (double Rows, long Cost) Read(int bucket) => (Volatile.Read(ref _rows[bucket]) / 1000.0, Volatile.Read(ref _costs[bucket]));

    private static double FixedCost((double Rows, long Cost) less, (double Rows, long Cost) more) =>
        less.Cost - ((more.Cost - less.Cost) / (more.Rows - less.Rows) * less.Rows);

    private static int BucketOf(int rows) => rows <= 1 ? 0 : Math.Min(BitOperations.Log2((uint)rows - 1) + 1, 17);

    private static void Move(ref long average, long ticks)
    {
        var before = Volatile.Read(ref average);
        Volatile.Write(ref average, before == 0 ? Math.Max(ticks, 1) : Math.Max(before + ((ticks - before) / Weight), 1));
    }
}

namespace ZeroWorld.ML.Features;

/// <summary>A mergeable histogram with 64 buckets per power of two, for percentiles: every value is told within 1/128 of it.</summary>
/// <remarks>
/// The bucket of a number is its sign, its exponent and the first six bits of its mantissa; a value in it is told as the middle of the bucket, so that the
/// relative error is at most (1/64)/2. Counts are added, so order and grouping leave no trace. As many buckets as distinct ones are used, never more than
/// values. The same guarantee as DDSketch's (Masson, Rim and Lee, VLDB 2019), with bits in the place of logarithms, which differ between machines.
/// Numbers below 2^-1022 are told as within 2^-1029 of them. NaN is not for here. Not thread safe.
/// </remarks>
internal sealed class QuantileBuckets
{
    private const int Shift = 52 - 6;
    private const int KeyInfinity = 0x7FF << 6;

    // Ascending keys are ascending values.
    private readonly SortedDictionary<int, long> _counts = [];

    public void Add(double value) => Add(KeyOf(value), 1);

    /// <summary>The value at a rank from 0 to count - 1, linear between whole ranks.</summary>
    public double Find(double rank)
    {
        var low = (long)Math.Floor(rank);
        var left = ValueAt(low);
        return rank == low ? left : Interpolate(left, ValueAt(low + 1), rank - low);
    }

    /// <summary>Between two neighbours; the left one alone where nothing of the right is wanted, since 0 times infinity is NaN.</summary>
    public static double Interpolate(double left, double right, double share) =>
        share == 0 || left.Equals(right) ? left : (left * (1 - share)) + (right * share);

    public void Write(TileWriter writer)
    {
        writer.WriteVariable((ulong)_counts.Count);
        foreach (var (key, count) in _counts)
        {
            writer.WriteVariable((ulong)((key << 1) ^ (key >> 31)));
            writer.WriteVariable((ulong)count);
        }
    }

    /// <summary>Adds what <see cref="Write"/> wrote.</summary>
    public bool TryMerge(ref TileReader reader)
    {
        if (!reader.TryReadCount(out var buckets))
        {
            return false;
        }

        for (; buckets > 0; buckets--)
        {
            if (!reader.TryReadVariable(out var folded) || !reader.TryReadVariable(out var count) || folded > (2 * KeyInfinity) + 1 || count is 0 or > long.MaxValue)
            {
                return false;
            }

            Add((int)(folded >> 1) ^ -(int)(folded & 1), (long)count);
        }

        return true;
    }

    // Zero has key 0 with the smallest positive numbers; -1 holds the smallest negative ones, so that keys ascend with values.
    private static int KeyOf(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var key = (int)((bits & long.MaxValue) >> Shift);
        return bits < 0 && value != 0 ? ~key : key;
    }

    private static double MiddleOf(int key)
    {
        var magnitude = key < 0 ? ~key : key;
        var value = magnitude switch
        {
            0 => 0,
            >= KeyInfinity => double.PositiveInfinity,
            _ => BitConverter.Int64BitsToDouble(((long)magnitude << Shift) + (1L << (Shift - 1))),
        };
        return key < 0 ? -value : value;
    }

    private double ValueAt(long rank)
    {
        var seen = 0L;
        foreach (var (key, count) in _counts)
        {
            seen += count;
            if (seen > rank)
            {
                return MiddleOf(key);
            }
        }

        return double.NaN;
    }

    private void Add(int key, long count) => _counts[key] = _counts.GetValueOrDefault(key) + count;
}

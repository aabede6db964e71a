using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Counts the values of one column: blocks side by side, then one behind the other.</summary>
/// <remarks>
/// Blocks are cut at fixed row numbers and added in the order of the rows, so that the mean has the same bits every time. Thread safety: <see cref="Summarize"/> may run
/// concurrently, the rest is for one thread at a time.
/// </remarks>
internal sealed class ColumnStatisticsBuilder(string name, FeatureType type, FeatureBounds? bounds)
{
    private readonly double _least = bounds?.Minimum ?? double.NegativeInfinity;
    private readonly double _most = bounds?.Maximum ?? double.PositiveInfinity;
    private BlockStatistics _all = BlockStatistics.OfNothing(0, 0);

    // Texts and lists are only counted.
    private bool IsNumber => type is not (FeatureType.String or FeatureType.Bytes or FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList);

    /// <summary>What the rows of one block come to.</summary>
    public BlockStatistics Summarize(ColumnBuffer column, int rows)
    {
        var nulls = column.Nulls.AsSpan(0, rows);
        var missing = nulls.Count(true);
        if (!IsNumber || missing == rows)
        {
            return BlockStatistics.OfNothing(rows, missing);
        }

        Span<long> room = stackalloc long[missing == 0 ? 0 : rows];
        var values = missing == 0 ? column.Bits.AsSpan(0, rows) : room[..column.CopyPresent(rows, room)];
        var summary = type switch
        {
            FeatureType.Float64 => SummarizeFloats(MemoryMarshal.Cast<long, double>(values)),
            FeatureType.Float32 => SummarizeSingles(values),
            _ => SummarizeIntegers(values),
        };
        return new BlockStatistics(
            rows, missing, summary.NotANumber, summary.OutOfBounds + (bounds is null ? 0 : summary.NotANumber), summary.Minimum, summary.Maximum, summary.Sum, summary.Total);
    }

    /// <summary>Adds the next block.</summary>
    public void Add(in BlockStatistics block) => _all = new BlockStatistics(
        _all.Rows + block.Rows, _all.Nulls + block.Nulls, _all.NotANumber + block.NotANumber, _all.OutOfBounds + block.OutOfBounds,
        Math.Min(_all.Minimum, block.Minimum), Math.Max(_all.Maximum, block.Maximum), _all.Sum + block.Sum, _all.Total + block.Total);

    public ColumnStatistics Complete()
    {
        var count = _all.Rows - _all.Nulls - _all.NotANumber;
        return !IsNumber || count == 0
            ? new ColumnStatistics(name, type, _all.Rows, _all.Nulls, _all.NotANumber, null, null, null, _all.OutOfBounds)
            : new ColumnStatistics(name, type, _all.Rows, _all.Nulls, _all.NotANumber, _all.Minimum, _all.Maximum, MeanOf(count), _all.OutOfBounds);
    }

    // Of integers and times the exact sum, divided once: in float64 the sum of ten million times would be off by microseconds for each.
    private double MeanOf(long count)
    {
        if (type is FeatureType.Float32 or FeatureType.Float64)
        {
            return _all.Sum / count;
        }

        var (whole, rest) = Int128.DivRem(_all.Total, count);
        return (double)whole + ((double)rest / count);
    }

    // Four sums, each of every fourth value, whatever the processor has: the mean has the same bits everywhere.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Summary SummarizeFloats(ReadOnlySpan<double> values)
    {
        var (sum, notANumber, outOfBounds) = (Vector256<double>.Zero, Vector256<long>.Zero, Vector256<long>.Zero);
        var (minimum, maximum) = (Vector256.Create(double.PositiveInfinity), Vector256.Create(double.NegativeInfinity));
        var (least, most) = (Vector256.Create(_least), Vector256.Create(_most));
        var row = 0;
        for (; row + Vector256<double>.Count <= values.Length; row += Vector256<double>.Count)
        {
            var value = Vector256.Create(values.Slice(row, Vector256<double>.Count));
            var isNumber = Vector256.Equals(value, value);
            sum += value & isNumber;
            minimum = Vector256.Min(minimum, Vector256.ConditionalSelect(isNumber, value, minimum));
            maximum = Vector256.Max(maximum, Vector256.ConditionalSelect(isNumber, value, maximum));
            notANumber += Vector256<long>.One & ~isNumber.AsInt64();
            outOfBounds += Vector256<long>.One & (Vector256.LessThan(value, least) | Vector256.GreaterThan(value, most)).AsInt64();
        }

        Span<double> sums = [sum[0], sum[1], sum[2], sum[3]];
        var all = new Summary(Vector256.Sum(notANumber), Vector256.Sum(outOfBounds), Least(minimum), Greatest(maximum), 0, 0);
        for (; row < values.Length; row++)
        {
            all = Add(all, values[row], ref sums[row % Vector256<double>.Count]);
        }

        return all with { Sum = sums[0] + sums[1] + (sums[2] + sums[3]) };
    }

    // The halves of the values are added apart: no sum of a block leaves an int64.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Summary SummarizeIntegers(ReadOnlySpan<long> values)
    {
        const long LowHalf = uint.MaxValue;
        var (high, low, outOfBounds) = (Vector256<long>.Zero, Vector256<long>.Zero, Vector256<long>.Zero);
        var (minimum, maximum) = (Vector256.Create(long.MaxValue), Vector256.Create(long.MinValue));
        var (least, most) = (Vector256.Create(_least), Vector256.Create(_most));
        var row = 0;
        for (; row + Vector256<long>.Count <= values.Length; row += Vector256<long>.Count)
        {
            var value = Vector256.Create(values.Slice(row, Vector256<long>.Count));
            high += Vector256.ShiftRightArithmetic(value, 32);
            low += value & Vector256.Create(LowHalf);
            minimum = Vector256.Min(minimum, value);
            maximum = Vector256.Max(maximum, value);
            if (bounds is not null)
            {
                var number = Vector256.ConvertToDouble(value);
                outOfBounds += Vector256<long>.One & (Vector256.LessThan(number, least) | Vector256.GreaterThan(number, most)).AsInt64();
            }
        }

        // Of numbers in order their roundings are in order, too.
        var (smallest, greatest) = (Math.Min(Math.Min(minimum[0], minimum[1]), Math.Min(minimum[2], minimum[3])), Math.Max(Math.Max(maximum[0], maximum[1]), Math.Max(maximum[2], maximum[3])));
        var outside = Vector256.Sum(outOfBounds);
        var total = ((Int128)Vector256.Sum(high) << 32) + Vector256.Sum(low);
        for (; row < values.Length; row++)
        {
            smallest = Math.Min(smallest, values[row]);
            greatest = Math.Max(greatest, values[row]);
            outside += values[row] < _least || values[row] > _most ? 1 : 0;
            total += values[row];
        }

        return new Summary(0, outside, smallest, greatest, 0, total);
    }

    private Summary SummarizeSingles(ReadOnlySpan<long> values)
    {
        var all = new Summary(0, 0, double.PositiveInfinity, double.NegativeInfinity, 0, 0);
        var sum = 0.0;
        foreach (var bits in values)
        {
            all = Add(all, BitConverter.Int32BitsToSingle((int)bits), ref sum);
        }

        return all with { Sum = sum };
    }

    private Summary Add(in Summary all, double value, ref double sum)
    {
        if (double.IsNaN(value))
        {
            return all with { NotANumber = all.NotANumber + 1 };
        }

        sum += value;
        return all with
        {
            OutOfBounds = all.OutOfBounds + (value < _least || value > _most ? 1 : 0), Minimum = Math.Min(all.Minimum, value), Maximum = Math.Max(all.Maximum, value),
        };
    }

    private static double Least(Vector256<double> values) => Math.Min(Math.Min(values[0], values[1]), Math.Min(values[2], values[3]));

    private static double Greatest(Vector256<double> values) => Math.Max(Math.Max(values[0], values[1]), Math.Max(values[2], values[3]));

    private readonly record struct Summary(long NotANumber, long OutOfBounds, double Minimum, double Maximum, double Sum, Int128 Total);
}

/// <summary>What the values of some rows of a column come to; minimum, maximum and sum are those of its numbers.</summary>
/// <param name="Sum">The sum of floats; else 0.</param>
/// <param name="Total">The sum of what is no float; else 0.</param>
internal readonly record struct BlockStatistics(long Rows, long Nulls, long NotANumber, long OutOfBounds, double Minimum, double Maximum, double Sum, Int128 Total)
{
    public static BlockStatistics OfNothing(long rows, long nulls) => new(rows, nulls, 0, 0, double.PositiveInfinity, double.NegativeInfinity, 0, 0);
}

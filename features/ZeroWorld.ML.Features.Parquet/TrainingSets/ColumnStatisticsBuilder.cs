using System.Runtime.CompilerServices;

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
    private BlockStatistics _all = new(0, 0, 0, 0, double.PositiveInfinity, double.NegativeInfinity, 0);

    // Texts and lists are only counted.
    private bool IsNumber => type is not (FeatureType.String or FeatureType.Bytes or FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList);

    /// <summary>What the rows of one block come to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public BlockStatistics Summarize(ColumnBuffer column, int rows)
    {
        var nulls = column.Nulls.AsSpan(0, rows);
        var missing = nulls.Count(true);
        var (notANumber, outOfBounds, sum) = (0, 0, 0.0);
        var (minimum, maximum) = (double.PositiveInfinity, double.NegativeInfinity);
        for (var row = 0; IsNumber && row < rows; row++)
        {
            if (nulls[row])
            {
                continue;
            }

            var value = ToDouble(column.Bits[row]);
            if (double.IsNaN(value))
            {
                notANumber++;
                continue;
            }

            sum += value;
            minimum = Math.Min(minimum, value);
            maximum = Math.Max(maximum, value);
            outOfBounds += value < _least || value > _most ? 1 : 0;
        }

        return new BlockStatistics(rows, missing, notANumber, outOfBounds + (bounds is null ? 0 : notANumber), minimum, maximum, sum);
    }

    /// <summary>Adds the next block.</summary>
    public void Add(in BlockStatistics block) => _all = new BlockStatistics(
        _all.Rows + block.Rows, _all.Nulls + block.Nulls, _all.NotANumber + block.NotANumber, _all.OutOfBounds + block.OutOfBounds,
        Math.Min(_all.Minimum, block.Minimum), Math.Max(_all.Maximum, block.Maximum), _all.Sum + block.Sum);

    public ColumnStatistics Complete()
    {
        var count = _all.Rows - _all.Nulls - _all.NotANumber;
        return !IsNumber || count == 0
            ? new ColumnStatistics(name, type, _all.Rows, _all.Nulls, _all.NotANumber, null, null, null, _all.OutOfBounds)
            : new ColumnStatistics(name, type, _all.Rows, _all.Nulls, _all.NotANumber, _all.Minimum, _all.Maximum, _all.Sum / count, _all.OutOfBounds);
    }

    private double ToDouble(long bits) => type switch
    {
        FeatureType.Float64 => BitConverter.Int64BitsToDouble(bits),
        FeatureType.Float32 => BitConverter.Int32BitsToSingle((int)bits),
        _ => bits,
    };
}

/// <summary>What the values of some rows of a column come to; minimum, maximum and sum are those of its numbers.</summary>
internal readonly record struct BlockStatistics(long Rows, long Nulls, long NotANumber, long OutOfBounds, double Minimum, double Maximum, double Sum);

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Counts the values of one column while its blocks pass.</summary>
/// <remarks>Blocks come in the order of the rows, so that the mean has the same bits every time. Not thread safe.</remarks>
internal sealed class ColumnStatisticsBuilder(string name, FeatureType type, FeatureBounds? bounds)
{
    private readonly double _least = bounds?.Minimum ?? double.NegativeInfinity;
    private readonly double _most = bounds?.Maximum ?? double.PositiveInfinity;
    private long _rows;
    private long _nulls;
    private long _notANumber;
    private long _outOfBounds;
    private double _minimum = double.PositiveInfinity;
    private double _maximum = double.NegativeInfinity;
    private double _sum;

    public void Append(ColumnBuffer column, int rows)
    {
        _rows += rows;
        for (var row = 0; row < rows; row++)
        {
            if (column.Nulls[row])
            {
                _nulls++;
            }
            else if (IsNumber)
            {
                Add(ToDouble(column.Bits[row]));
            }
        }
    }

    public ColumnStatistics Complete()
    {
        var count = _rows - _nulls - _notANumber;
        return !IsNumber || count == 0
            ? new ColumnStatistics(name, type, _rows, _nulls, _notANumber, null, null, null, _outOfBounds)
            : new ColumnStatistics(name, type, _rows, _nulls, _notANumber, _minimum, _maximum, _sum / count, _outOfBounds);
    }

    // Texts and lists are only counted.
    private bool IsNumber => type is not (FeatureType.String or FeatureType.Bytes or FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList);

    private double ToDouble(long bits) => type switch
    {
        FeatureType.Float64 => BitConverter.Int64BitsToDouble(bits),
        FeatureType.Float32 => BitConverter.Int32BitsToSingle((int)bits),
        _ => bits,
    };

    private void Add(double value)
    {
        if (double.IsNaN(value))
        {
            _notANumber++;
            _outOfBounds += bounds is null ? 0 : 1;
            return;
        }

        _sum += value;
        _minimum = Math.Min(_minimum, value);
        _maximum = Math.Max(_maximum, value);
        if (value < _least || value > _most)
        {
            _outOfBounds++;
        }
    }
}

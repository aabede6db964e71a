namespace ZeroWorld.ML.Features;

/// <summary>The non-null values of one column in some set of events, as far as the aggregates of a view need them.</summary>
/// <remarks>
/// Every part is the same whatever the order in which values and other summaries are added, bit for bit: sums are exact until they are asked for, values
/// are ordered by their event, counts are integers. That is why tiles may be merged in any grouping. Nothing is subtracted. Not thread safe.
/// </remarks>
internal sealed class ColumnSummary(SummaryPlan plan)
{
    private readonly ExactSum? _sum = Has(plan, SummaryNeeds.Sum) ? new ExactSum(isOfSquares: false) : null;
    private readonly ExactSum? _squares = Has(plan, SummaryNeeds.Squares) ? new ExactSum(isOfSquares: true) : null;
    private readonly KeyedValues? _oldest = Has(plan, SummaryNeeds.Oldest) ? new KeyedValues(plan.Type, plan.OldestMax, isNewest: false) : null;
    private readonly KeyedValues? _newest = Has(plan, SummaryNeeds.Newest) ? new KeyedValues(plan.Type, plan.NewestMax, isNewest: true) : null;
    private readonly HyperLogLog? _distinct = Has(plan, SummaryNeeds.Distinct) ? new HyperLogLog() : null;
    private readonly ValueCounts? _counts = Has(plan, SummaryNeeds.Counts) ? new ValueCounts(plan.Type) : null;
    private readonly QuantileBuckets? _buckets = Has(plan, SummaryNeeds.Buckets) ? new QuantileBuckets() : null;
    private readonly List<double>? _values = Has(plan, SummaryNeeds.Values) ? [] : null;
    private readonly bool _isNumeric = plan.Type != FeatureType.String;

    private long _count;
    private long _nans;
    private long _infinities;
    private long _negativeInfinities;
    private double _min = double.PositiveInfinity;
    private double _max = double.NegativeInfinity;

    public void Add(in EventKey key, in WindowValue value)
    {
        _count++;
        _oldest?.Add(key, value);
        _newest?.Add(key, value);
        if (_counts is not null || _distinct is not null)
        {
            var canonical = value.Canonical(plan.Type);
            _counts?.Add(canonical, 1);
            _distinct?.Add(canonical.Hash());
        }

        if (_isNumeric)
        {
            AddNumber(value.ToDouble(plan.Type));
        }
    }

    /// <summary>The value of an aggregate: PRESENT, NULL, or UNAVAILABLE where the aggregate's bound is passed.</summary>
    /// <param name="eventTime">Of the newest event in the window.</param>
    public FeatureCell Finish(WindowFeature feature, long? eventTime) => feature.Function switch
    {
        AggregateFunction.Count => Present(FeatureValue.FromInt64(_count), eventTime),
        AggregateFunction.Sum => Present(FeatureValue.FromFloat64(Sum()), eventTime),
        AggregateFunction.Mean => Number(1, Sum() / _count, eventTime),
        AggregateFunction.Min => Number(1, _nans > 0 ? double.NaN : _min, eventTime),
        AggregateFunction.Max => Number(1, _nans > 0 ? double.NaN : _max, eventTime),
        AggregateFunction.Variance => Number(2, Variance(), eventTime),
        AggregateFunction.StandardDeviation => Number(2, Math.Sqrt(Variance()), eventTime),
        AggregateFunction.Percentile => Number(1, Percentile(feature.Rank), eventTime),
        AggregateFunction.First => Single(_oldest!, eventTime),
        AggregateFunction.Last => Single(_newest!, eventTime),
        AggregateFunction.FirstK => Present(WindowValue.ToList(_oldest!.Values(feature.Length), plan.Type), eventTime),
        AggregateFunction.LastK => Present(WindowValue.ToList(_newest!.Values(feature.Length), plan.Type), eventTime),
        AggregateFunction.ApproximateCountDistinct => Present(FeatureValue.FromInt64(_distinct!.Estimate()), eventTime),
        AggregateFunction.CountDistinct when !_counts!.IsOverfull => Present(FeatureValue.FromInt64(_counts.Distinct), eventTime),
        AggregateFunction.TopK when !_counts!.IsOverfull => Present(WindowValue.ToList(_counts.Top(feature.Length), plan.Type), eventTime),
        AggregateFunction.CountDistinct or AggregateFunction.TopK => FeatureCell.Missing(feature.Field.Type, FeatureStatus.Unavailable),
        _ => throw new ArgumentOutOfRangeException(nameof(feature), feature.Function, null),
    };

    /// <summary>Writes the parts that tiles hold; the values of exact percentiles are none of them.</summary>
    public void Write(TileWriter writer)
    {
        writer.WriteVariable((ulong)_count);
        if (_count == 0)
        {
            return;
        }

        if (Has(plan, SummaryNeeds.Sum | SummaryNeeds.Extremes | SummaryNeeds.Buckets))
        {
            writer.WriteVariable((ulong)_nans);
            writer.WriteVariable((ulong)_infinities);
            writer.WriteVariable((ulong)_negativeInfinities);
        }

        if (Has(plan, SummaryNeeds.Extremes))
        {
            writer.WriteInt64(BitConverter.DoubleToInt64Bits(_min));
            writer.WriteInt64(BitConverter.DoubleToInt64Bits(_max));
        }

        _sum?.Write(writer);
        _squares?.Write(writer);
        _oldest?.Write(writer);
        _newest?.Write(writer);
        _distinct?.Write(writer);
        _counts?.Write(writer);
        _buckets?.Write(writer);
    }

    /// <summary>Merges what <see cref="Write"/> wrote.</summary>
    /// <returns><see langword="false"/> when the bytes are no summary of this plan; then this one is of no use any more.</returns>
    public bool TryMerge(ref TileReader reader)
    {
        if (!reader.TryReadVariable(out var count) || count > long.MaxValue)
        {
            return false;
        }

        if (count == 0)
        {
            return true;
        }

        _count += (long)count;
        if (Has(plan, SummaryNeeds.Sum | SummaryNeeds.Extremes | SummaryNeeds.Buckets))
        {
            if (!reader.TryReadVariable(out var nans) || !reader.TryReadVariable(out var infinities) || !reader.TryReadVariable(out var negative))
            {
                return false;
            }

            _nans += (long)nans;
            _infinities += (long)infinities;
            _negativeInfinities += (long)negative;
        }

        if (Has(plan, SummaryNeeds.Extremes))
        {
            if (!reader.TryReadInt64(out var min) || !reader.TryReadInt64(out var max))
            {
                return false;
            }

            _min = Math.Min(_min, BitConverter.Int64BitsToDouble(min));
            _max = Math.Max(_max, BitConverter.Int64BitsToDouble(max));
        }

        return (_sum?.TryAdd(ref reader) ?? true)
            && (_squares?.TryAdd(ref reader) ?? true)
            && (_oldest?.TryMerge(ref reader) ?? true)
            && (_newest?.TryMerge(ref reader) ?? true)
            && (_distinct?.TryMerge(ref reader) ?? true)
            && (_counts?.TryMerge(ref reader) ?? true)
            && (_buckets?.TryMerge(ref reader) ?? true);
    }

    private static bool Has(SummaryPlan plan, SummaryNeeds needs) => (plan.Needs & needs) != 0;

    private void AddNumber(double value)
    {
        _values?.Add(value);
        if (double.IsNaN(value))
        {
            _nans++;
            return;
        }

        _min = Math.Min(_min, value);
        _max = Math.Max(_max, value);
        _buckets?.Add(value);
        if (double.IsFinite(value))
        {
            _sum?.Add(value);
            _squares?.Add(value);
        }
        else if (value > 0)
        {
            _infinities++;
        }
        else
        {
            _negativeInfinities++;
        }
    }

    private double Sum() => (_nans, _infinities, _negativeInfinities) switch
    {
        (0, 0, 0) => ExactSum.Round(_sum!.ToInteger(), 1, ExactSum.Scale),
        (0, > 0, 0) => double.PositiveInfinity,
        (0, 0, > 0) => double.NegativeInfinity,
        _ => double.NaN,
    };

    // (n * sum of squares - square of the sum) / (n * (n - 1)): exact, and rounded once.
    private double Variance()
    {
        if (_count < 2 || _nans + _infinities + _negativeInfinities > 0)
        {
            return double.NaN;
        }

        var sum = _sum!.ToInteger();
        return ExactSum.Round((_count * _squares!.ToInteger()) - (sum * sum), (System.Numerics.BigInteger)_count * (_count - 1), 2 * ExactSum.Scale);
    }

    private double Percentile(double share)
    {
        if (_count == 0 || _nans > 0)
        {
            return double.NaN;
        }

        var rank = share * (_count - 1);
        if (_values is null)
        {
            return _buckets!.Find(rank);
        }

        _values.Sort();
        var low = (int)rank;
        return QuantileBuckets.Interpolate(_values[low], _values[Math.Min(low + 1, _values.Count - 1)], rank - low);
    }

    private FeatureCell Number(int countMin, double value, long? eventTime) => _count >= countMin
        ? Present(FeatureValue.FromFloat64(value), eventTime)
        : new FeatureCell(FeatureValue.Null(FeatureType.Float64), FeatureStatus.Null, eventTime, false);

    private FeatureCell Single(KeyedValues values, long? eventTime) => values.Values(1) is [var value]
        ? Present(value.ToFeatureValue(plan.Type), eventTime)
        : new FeatureCell(FeatureValue.Null(plan.Type), FeatureStatus.Null, eventTime, false);

    private static FeatureCell Present(FeatureValue value, long? eventTime) => new(value, FeatureStatus.Present, eventTime, false);
}

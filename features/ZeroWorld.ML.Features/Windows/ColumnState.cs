namespace ZeroWorld.ML.Features;

/// <summary>What the aggregates over a column need beyond count, sum, first and last.</summary>
[Flags]
internal enum ColumnNeeds : byte
{
    None = 0,
    Extremes = 1,
    Variance = 2,
}

/// <summary>What a scan from new to old knows of one column so far.</summary>
internal struct ColumnState
{
    public long Count;
    public double Min;
    public double Max;
    public double Newest;
    public double Oldest;
    private double _plainSum;
    private double _compensation;
    private double _mean;
    private double _squares;

    /// <summary>The compensated sum; the plain one where it is not finite, since the compensation of an infinity is NaN.</summary>
    public readonly double Sum => double.IsFinite(_plainSum) ? _plainSum + _compensation : _plainSum;

    /// <summary>Sample variance by Welford's recurrence (Technometrics 4, 1962).</summary>
    public readonly double Variance => _squares / (Count - 1);

    public void Add(double value, ColumnNeeds needs)
    {
        if (Count == 0)
        {
            (Newest, Min, Max) = (value, value, value);
        }

        Count++;
        Oldest = value;

        var total = _plainSum + value;
        _compensation += Math.Abs(_plainSum) >= Math.Abs(value) ? (_plainSum - total) + value : (value - total) + _plainSum;
        _plainSum = total;
        if ((needs & ColumnNeeds.Extremes) != 0)
        {
            // Math.Min and Math.Max hand a NaN on, as the contract wants.
            Min = Math.Min(Min, value);
            Max = Math.Max(Max, value);
        }

        if ((needs & ColumnNeeds.Variance) != 0)
        {
            var delta = value - _mean;
            _mean += delta / Count;
            _squares += delta * (value - _mean);
        }
    }
}

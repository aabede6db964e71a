namespace ZeroWorld.ML.Features;

/// <summary>What a <see cref="ColumnSummary"/> keeps of the values of a column. Numbers are part of the storage fingerprint of precision <c>hop</c>.</summary>
[Flags]
internal enum SummaryNeeds
{
    None = 0,
    Sum = 1,
    Squares = 2,
    Extremes = 4,
    Oldest = 8,
    Newest = 16,
    Distinct = 32,
    Counts = 64,
    Buckets = 128,

    /// <summary>Every value: exact percentiles, only where the events themselves are at hand.</summary>
    Values = 256,
}

/// <summary>What the aggregates over one column need.</summary>
/// <param name="Type">Type of the column.</param>
/// <param name="Needs">Parts of the summary.</param>
/// <param name="OldestMax">Values of the oldest events kept.</param>
/// <param name="NewestMax">Values of the newest events kept.</param>
internal sealed record SummaryPlan(FeatureType Type, SummaryNeeds Needs, int OldestMax, int NewestMax)
{
    /// <summary>The plan of each stored column; <see langword="null"/> for one that none of the view's features reads.</summary>
    public static IEnumerable<SummaryPlan?> Of(WindowedView view, IReadOnlyList<StoredColumn> columns) => columns.Select(column =>
    {
        var features = view.Features.Where(feature => feature.Column == column.Name).ToList();
        return features.Count == 0 ? null : new SummaryPlan(
            column.Type,
            features.Aggregate(SummaryNeeds.None, (needs, feature) => needs | NeedsOf(feature.Function, view.Precision)),
            features.Max(static feature => feature.Function is AggregateFunction.FirstK ? feature.Length : 1),
            features.Max(static feature => feature.Function is AggregateFunction.LastK ? feature.Length : 1));
    });

    /// <summary>Whether the aggregate is one of those for which a scan of events needs more than <see cref="ColumnState"/>.</summary>
    public static bool IsBeyondScan(WindowFeature feature) =>
        feature.Function > AggregateFunction.Last || (feature.ColumnType != FeatureType.Float64 && feature.Function is AggregateFunction.First or AggregateFunction.Last);

    public static SummaryNeeds NeedsOf(AggregateFunction function, WindowPrecision precision) => function switch
    {
        AggregateFunction.Sum or AggregateFunction.Mean => SummaryNeeds.Sum,
        AggregateFunction.Variance or AggregateFunction.StandardDeviation => SummaryNeeds.Sum | SummaryNeeds.Squares,
        AggregateFunction.Min or AggregateFunction.Max => SummaryNeeds.Extremes,
        AggregateFunction.First or AggregateFunction.FirstK => SummaryNeeds.Oldest,
        AggregateFunction.Last or AggregateFunction.LastK => SummaryNeeds.Newest,
        AggregateFunction.ApproximateCountDistinct => SummaryNeeds.Distinct,
        AggregateFunction.CountDistinct or AggregateFunction.TopK => SummaryNeeds.Counts,
        AggregateFunction.Percentile => precision == WindowPrecision.Exact ? SummaryNeeds.Values : SummaryNeeds.Buckets,
        _ => SummaryNeeds.None,
    };
}

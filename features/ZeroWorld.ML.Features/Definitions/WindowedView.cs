namespace ZeroWorld.ML.Features;

/// <summary>Aggregates over an entity's events in windows that end at the moment of the read (or a label delay before it).</summary>
/// <remarks>Precision <c>exact</c>: the events themselves are kept.</remarks>
public sealed record WindowedView : FeatureView
{
    /// <value>One or more.</value>
    public required IReadOnlyList<WindowFeature> Features { get; init; }

    /// <value>d of <c>q - d - W &lt; event time &lt;= q - d</c>. Zero: <c>q - W &lt; event time &lt; q</c>.</value>
    public TimeSpan LabelDelay { get; init; }

    /// <value>Source column to request value: the request is itself an event at q. Empty: it is not. Always empty with a label delay.</value>
    public IReadOnlyDictionary<string, string> IncludeRequest { get; init; } = new Dictionary<string, string>();

    /// <value>Whether the request's own event is counted. True also for a view that only counts, with no column to map.</value>
    public bool IncludesRequest { get; init; }

    /// <value>Events kept online per entity, 1 to 65,536. Default 4,096.</value>
    public int EventsMax { get; init; } = 4096;

    /// <value>How far q may lie behind the newest event and still be answered online. Default one day.</value>
    public TimeSpan History { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Label delay plus longest window plus history: events older than that behind the newest are dropped online.</summary>
    public TimeSpan Retention => LabelDelay + Features.Max(static feature => feature.Window) + History;

    public override IReadOnlyList<FeatureField> Fields => [.. Features.Select(static feature => feature.Field)];

    public override IReadOnlyList<StoredColumn> StoredColumns =>
    [
        .. Features.Where(static feature => feature.Column is not null)
            .Select(static feature => feature.Column!)
            .Distinct(StringComparer.Ordinal)
            .Select(static column => new StoredColumn(column, FeatureType.Float64)),
    ];
}

/// <param name="Field">Name, type (int64 for counts, else float64), default.</param>
/// <param name="Function">The aggregate.</param>
/// <param name="Column">Source column (bool, int64, float32 or float64); <see langword="null"/> only for a count of rows.</param>
/// <param name="Window">W, positive.</param>
public sealed record WindowFeature(FeatureField Field, AggregateFunction Function, string? Column, TimeSpan Window);

/// <summary>Aggregates over the events of a window. Null inputs are skipped; NaN is a value.</summary>
public enum AggregateFunction
{
    /// <summary>Rows, or non-null values of a column. 0 of nothing.</summary>
    Count,

    /// <summary>0 of nothing.</summary>
    Sum,

    /// <summary>NULL of nothing.</summary>
    Mean,

    /// <summary>NULL of nothing; NaN when any value is NaN.</summary>
    Min,

    /// <summary>NULL of nothing; NaN when any value is NaN.</summary>
    Max,

    /// <summary>Sample variance (n - 1); NULL below two values.</summary>
    Variance,

    /// <summary>Square root of the sample variance; NULL below two values.</summary>
    StandardDeviation,

    /// <summary>Value of the oldest event by (event time, created time, id); NULL of nothing.</summary>
    First,

    /// <summary>Value of the newest event by (event time, created time, id); NULL of nothing.</summary>
    Last,
}

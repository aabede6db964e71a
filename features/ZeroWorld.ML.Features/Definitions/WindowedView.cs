namespace ZeroWorld.ML.Features;

/// <summary>Aggregates over an entity's events in windows that end at the moment of the read (or a label delay before it).</summary>
public sealed record WindowedView : FeatureView
{
    /// <value>One or more.</value>
    public required IReadOnlyList<WindowFeature> Features { get; init; }

    /// <value>What is kept online. Default <see cref="WindowPrecision.Exact"/>.</value>
    public WindowPrecision Precision { get; init; }

    /// <value>d of <c>q - d - W &lt; event time &lt;= q - d</c>. Zero: <c>q - W &lt; event time &lt; q</c>.</value>
    public TimeSpan LabelDelay { get; init; }

    /// <value>Source column to request value: the request is itself an event at q. Empty: it is not. Always empty with a label delay.</value>
    public IReadOnlyDictionary<string, string> IncludeRequest { get; init; } = new Dictionary<string, string>();

    /// <value>Whether the request's own event is counted. True also for a view that only counts, with no column to map.</value>
    public bool IncludesRequest { get; init; }

    /// <value>Events kept online per entity, 1 to 65,536. Default 4,096. With precision <c>hop</c>: of the newest ones, beside the tiles, and as many ids of older ones.</value>
    public int EventsMax { get; init; } = 4096;

    /// <value>How far q may lie behind the newest event and still be answered online. Default one day.</value>
    public TimeSpan History { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Label delay plus longest window (with its hop) plus history: what is older than that behind the newest event is dropped online.</summary>
    public TimeSpan Retention => LabelDelay + History
        + Features.Max(feature => feature.Window + (Precision == WindowPrecision.Hop ? HopLadder.Of(feature) : TimeSpan.Zero));

    public override IReadOnlyList<FeatureField> Fields => [.. Features.Select(static feature => feature.Field)];

    /// <summary>The distinct columns in order of first use; int64 or string where any aggregate declares the column so, else float64.</summary>
    public override IReadOnlyList<StoredColumn> StoredColumns =>
    [
        .. Features.Where(static feature => feature.Column is not null)
            .GroupBy(static feature => feature.Column!, StringComparer.Ordinal)
            .Select(static group => new StoredColumn(
                group.Key,
                group.Select(static feature => feature.ColumnType).FirstOrDefault(static type => type != FeatureType.Float64, FeatureType.Float64))),
    ];
}

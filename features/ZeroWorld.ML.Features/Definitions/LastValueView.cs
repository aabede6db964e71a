namespace ZeroWorld.ML.Features;

/// <summary>The newest visible row of an entity: the greatest (event time, created time, row hash).</summary>
public sealed record LastValueView : FeatureView
{
    /// <value>One or more.</value>
    public required IReadOnlyList<LastValueFeature> Features { get; init; }

    /// <value>How old (q - event time) the row may be, inclusive; <see langword="null"/>: any age. Never zero.</value>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>Whether a row is too old to be shown at a moment; at the age of the ttl itself it is not.</summary>
    /// <param name="q">The moment of the read, microseconds; not before the row's event time.</param>
    /// <param name="eventTime">Microseconds.</param>
    /// <param name="ttl">Microseconds; <see langword="null"/>: no row is.</param>
    // The age is never negative here; as an unsigned number it cannot overflow either.
    public static bool IsOutsideMaxAge(long q, long eventTime, long? ttl) => ttl is { } limit && unchecked((ulong)(q - eventTime)) > (ulong)limit;

    public override IReadOnlyList<FeatureField> Fields => [.. Features.Select(static feature => feature.Field)];

    public override IReadOnlyList<StoredColumn> StoredColumns =>
        [.. Features.Select(static feature => new StoredColumn(feature.Column, feature.Field.Type))];
}

/// <param name="Field">Name, type, default.</param>
/// <param name="Column">Source column.</param>
public sealed record LastValueFeature(FeatureField Field, string Column);

namespace ZeroWorld.ML.Features;

/// <summary>Where a view's rows come from: a table of the offline store, and pushes of the same columns.</summary>
public sealed record ViewSource
{
    public required string Table { get; init; }

    public required string EventTimeColumn { get; init; }

    /// <value><see langword="null"/>: the created time of every row equals its event time.</value>
    public string? CreatedTimeColumn { get; init; }

    /// <value>An int64 or string column that identifies an event; <see langword="null"/>: a hash of the row does.</value>
    public string? EventIdColumn { get; init; }

    /// <value>Source column of each join key, in the order of the entity's keys.</value>
    public required IReadOnlyList<string> KeyColumns { get; init; }

    /// <value>Whether only pushes bring rows: there is no such table offline, and the online store knows all there is from the first push on.</value>
    public bool IsPushOnly { get; init; }

    /// <value>The stream that feeds the table, where there is one: the online store knows all there is from its first event on.</value>
    public EventStream? Stream { get; init; }

    /// <value>Whether the online store is fed without a materialization: by pushes or a stream.</value>
    public bool IsFedOnline => IsPushOnly || Stream is not null;

    /// <value>Which rows count; <see langword="null"/>: all.</value>
    public RowFilter? Filter { get; init; }

    /// <value>How far an event may lie after its arrival before it is quarantined. Default 5 minutes.</value>
    public TimeSpan AllowedSkew { get; init; } = TimeSpan.FromMinutes(5);
}

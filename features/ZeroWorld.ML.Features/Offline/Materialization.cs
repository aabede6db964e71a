namespace ZeroWorld.ML.Features;

/// <summary>What one run of the <see cref="Materializer"/> wrote.</summary>
/// <param name="Views">One per view, in the order asked for.</param>
public sealed record Materialization(IReadOnlyList<ViewMaterialization> Views)
{
    /// <summary>Rows and events of all views.</summary>
    public long Rows => Views.Sum(static view => view.Rows);
}

/// <param name="View">Name of the view.</param>
/// <param name="Entities">Entities that were written.</param>
/// <param name="Rows">Rows (last-value views) or events (windowed views) that were written.</param>
/// <param name="Quarantined">Source rows left out because they lie in the future of their arrival.</param>
/// <param name="Coverage">What the online store may answer from now on.</param>
/// <param name="Elapsed">Time from the first read to the last acknowledged write.</param>
public sealed record ViewMaterialization(string View, long Entities, long Rows, long Quarantined, ViewCoverage Coverage, TimeSpan Elapsed)
{
    /// <value>One per feature that declares bounds, over the rows of the source that features may see; of last-value views only.</value>
    public IReadOnlyList<FeatureQuality> Quality { get; init; } = [];

    /// <value>Source rows left out because a key is null.</value>
    public long NullKeys { get; init; }

    /// <summary>Rows or events per second; 0 when nothing was written.</summary>
    public double RowsPerSecond => Elapsed > TimeSpan.Zero ? Rows / Elapsed.TotalSeconds : 0;
}

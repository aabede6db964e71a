namespace ZeroWorld.ML.Features;

/// <summary>Brings the history of views from the offline store to the online store.</summary>
/// <remarks>
/// A run may be repeated or interrupted anywhere: rows win by (event time, created time, row hash) and events count once by their id, so
/// writing again changes nothing; the coverage is written last, when the store has acknowledged every chunk. Reads go on meanwhile.
/// Where the source table was replaced by an import since, what the store holds of the old one is forgotten first, so that the two never mix: until the
/// new one is there, the view's features are UNAVAILABLE.
/// <para>Thread safety: immutable; runs of different views may overlap.</para>
/// </remarks>
public sealed class Materializer(IOfflineStore offline, IOnlineStore online, TimeProvider time)
{
    /// <summary>Materializes the whole history that the online store keeps, view by view.</summary>
    /// <inheritdoc cref="RunAsync(IReadOnlyList{StorageField}, long?, IProgress{long}?, CancellationToken)"/>
    public Task<Materialization> RunAsync(IReadOnlyList<StorageField> fields, IProgress<long>? progress, CancellationToken cancellationToken) =>
        RunAsync(fields, until: null, progress, cancellationToken);

    /// <summary>Materializes the history as it stood at a moment, view by view.</summary>
    /// <param name="fields">The stored forms of the views; <see cref="FeatureServicePlan.Views"/> and <see cref="StorageField.Of"/> give them.</param>
    /// <param name="until">What arrived later (microseconds since the epoch) is left out; <see langword="null"/>: nothing is.</param>
    /// <param name="progress">Receives rows and events acknowledged so far, over all views.</param>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.NotFound"/>: a source table is missing. <see cref="FeatureError.InvalidInput"/>: it does not fit its view.
    /// <see cref="FeatureError.StoreUnavailable"/>: the online store; repeating is safe.
    /// </exception>
    public async Task<Materialization> RunAsync(
        IReadOnlyList<StorageField> fields, long? until, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fields);
        var views = new List<ViewMaterialization>(fields.Count);
        var before = 0L;
        foreach (var field in fields)
        {
            // What only pushes bring is online already, and nowhere else.
            if (field.View.Source.IsPushOnly)
            {
                continue;
            }

            var extent = Cut(await offline.ReadExtentAsync(field.View, cancellationToken).ConfigureAwait(false), until);
            var view = await MaterializeAsync(field, extent, before, progress, cancellationToken).ConfigureAwait(false);
            before += view.Rows;
            views.Add(view);
        }

        return new Materialization(views);
    }

    /// <summary>Events at or before this time are not kept online: older than the view's retention behind the newest event.</summary>
    /// <returns><see cref="long.MinValue"/> when every event is kept.</returns>
    internal static long ChooseTrim(FeatureView view, SourceExtent extent)
    {
        if (view is not WindowedView windowed || extent.FirstEvent is not { } first || extent.LastEvent is not { } last)
        {
            return long.MinValue;
        }

        var retention = UnixMicroseconds.FromTimeSpan(windowed.Retention);
        return last < long.MinValue + retention || first > last - retention ? long.MinValue : last - retention;
    }

    private static SourceExtent Cut(SourceExtent extent, long? until) => until is not { } moment
        ? extent
        : extent with
        {
            LastEvent = extent.LastEvent is { } last ? Math.Min(last, moment) : null,
            LastArrival = extent.LastArrival is { } arrival ? Math.Min(arrival, moment) : null,
        };

    private async Task<ViewMaterialization> MaterializeAsync(
        StorageField field, SourceExtent extent, long before, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var trim = ChooseTrim(field.View, extent);
        var range = new MaterializationRange(long.MinValue, extent.LastArrival ?? long.MinValue, trim);
        var count = new Count(0, 0);
        await PrepareAsync(field, extent.Generation, range.ArrivedUntil, cancellationToken).ConfigureAwait(false);
        if (extent.Rows > 0)
        {
            count = field.IsWindow
                ? await CopyAsync(
                    offline.ReadEventsAsync(field, range, cancellationToken),
                    batch => online.AppendEventsAsync(field, batch, trim, cancellationToken),
                    append => EventsOf(field, append.Block), before, progress).ConfigureAwait(false)
                : await CopyAsync(
                    offline.ReadRowsAsync(field, range, cancellationToken),
                    batch => online.WriteRowsAsync(field, batch, cancellationToken),
                    static _ => 1, before, progress).ConfigureAwait(false);
        }

        var coverage = new ViewCoverage(trim, range.ArrivedUntil, extent.Generation);
        await online.WriteCoverageAsync(field, coverage, cancellationToken).ConfigureAwait(false);
        return new ViewMaterialization(
            field.View.Name, count.Entities, count.Rows, extent.Quarantined, coverage, time.GetElapsedTime(started)) { Quality = extent.Quality, NullKeys = extent.NullKeys };
    }

    /// <summary>
    /// Makes sure that what is in the store, and what is going to be, are of one import; a run that ends half-way leaves that known. What arrived after both
    /// imports ended was pushed and stays.
    /// </summary>
    private async Task PrepareAsync(StorageField field, string generation, long arrivedUntil, CancellationToken cancellationToken)
    {
        var known = await online.ReadCoverageAsync(field, cancellationToken).ConfigureAwait(false);
        if (known?.Generation == generation)
        {
            return;
        }

        if (known is not null)
        {
            await online.ClearAsync(field, Math.Max(known.To, arrivedUntil), cancellationToken).ConfigureAwait(false);
        }

        await online.WriteCoverageAsync(field, ViewCoverage.NothingYet(arrivedUntil, generation), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the next batch while the one before it is being written; never more than two are in memory.</summary>
    private static async Task<Count> CopyAsync<T>(
        IAsyncEnumerable<IReadOnlyList<T>> batches, Func<IReadOnlyList<T>, Task> write, Func<T, int> rowsOf, long before, IProgress<long>? progress)
    {
        var (entities, rows) = (0L, 0L);
        var pending = Task.CompletedTask;
        try
        {
            await foreach (var batch in batches.ConfigureAwait(false))
            {
                await pending.ConfigureAwait(false);
                progress?.Report(before + rows);
                entities += batch.Count;
                rows += batch.Sum(rowsOf);
                pending = write(batch);
            }
        }
        finally
        {
            // Also when reading failed: a write must not be left behind unobserved.
            await pending.ConfigureAwait(false);
        }

        progress?.Report(before + rows);
        return new Count(entities, rows);
    }

    private static int EventsOf(StorageField field, ReadOnlyMemory<byte> block) =>
        field.IsHop ? HopBlockMerge.CountEvents(field, block.Span) : (block.Length - WindowBlockCodec.HeaderLength) / WindowBlockCodec.RowWidth(field);

    private readonly record struct Count(long Entities, long Rows);
}

namespace ZeroWorld.ML.Features;

/// <summary>Brings the history of views from the offline store to the online store: what was not brought yet, partition by partition.</summary>
/// <remarks>
/// What is done is written into a ledger in the online store, per view and partition, after the store has acknowledged it: a run that was killed goes on behind
/// the last partition that it ended, and ends with the same rows, since rows win by (event time, created time, row hash) and events count once by their id. The
/// cursor is the time at which files were stored, with a window behind it for files that came late; a run of a table that has no new file writes nothing.
/// Reads go on meanwhile. A writer that lost its turn to another one cannot write any more (<see cref="IMaterializationLedger"/>).
/// Where the source table was replaced by an import since, what the store holds of the old one is forgotten first, so that the two never mix: until the
/// new one is there, the view's features are UNAVAILABLE.
/// <para>Thread safety: immutable; runs of different views, and shards of one run, may overlap.</para>
/// </remarks>
public sealed class Materializer(IOfflineStore offline, IMaterializationLedger online, TimeProvider time)
{
    private const int BatchesInFlightMax = 4;

    /// <summary>Materializes what is new, view by view.</summary>
    /// <inheritdoc cref="RunAsync(MaterializationRequest, CancellationToken)"/>
    public Task<Materialization> RunAsync(IReadOnlyList<StorageField> fields, IProgress<long>? progress, CancellationToken cancellationToken) =>
        RunAsync(fields, until: null, progress, cancellationToken);

    /// <summary>Materializes the history as it stood at a moment, view by view.</summary>
    /// <param name="fields">The stored forms of the views; <see cref="FeatureServicePlan.Views"/> and <see cref="StorageField.Of"/> give them.</param>
    /// <param name="until">What arrived later (microseconds since the epoch) is left out; <see langword="null"/>: nothing is.</param>
    /// <param name="progress">Receives rows and events acknowledged so far, over all views.</param>
    /// <inheritdoc cref="RunAsync(MaterializationRequest, CancellationToken)"/>
    public Task<Materialization> RunAsync(IReadOnlyList<StorageField> fields, long? until, IProgress<long>? progress, CancellationToken cancellationToken) =>
        RunAsync(new MaterializationRequest { Fields = fields, Until = until, Progress = progress }, cancellationToken);

    /// <summary>Materializes what is asked for, view by view.</summary>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.NotFound"/>: a source table is missing; all views whose tables are there were brought online. <see cref="FeatureError.InvalidInput"/>: it does not fit its view, or the request is wrong.
    /// <see cref="FeatureError.StoreUnavailable"/>: the online store; repeating is safe. <see cref="FeatureError.Superseded"/>: another run took the place of this one.
    /// </exception>
    public async Task<Materialization> RunAsync(MaterializationRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Shards is < 1 or > MaterializationLedger.PartitionCount || request.Shard < 0 || request.Shard >= request.Shards)
        {
            throw new FeatureException(
                FeatureError.InvalidInput,
                $"Shard {request.Shard} of {request.Shards} is none; expected 0 to n - 1 of n, with n at most {MaterializationLedger.PartitionCount}.");
        }

        var views = new List<ViewMaterialization>(request.Fields.Count);
        var missing = new List<FeatureException>();
        var total = new MaterializationProgress(request);
        Task<IViewHistory?>? opening = null;
        try
        {
            for (var index = 0; index < request.Fields.Count; index++)
            {
                var (field, next) = (request.Fields[index], index + 1);
                opening ??= FindHistoryAsync(field, cancellationToken);
                var opened = await TakeAsync(field, opening, missing).ConfigureAwait(false);
                opening = null;
                if (opened is { } history)
                {
                    var run = new ViewRun(field, history, request, total, OnRead: () => opening = next < request.Fields.Count ? FindHistoryAsync(request.Fields[next], cancellationToken) : null);
                    views.Add(await MaterializeAndCloseAsync(run, cancellationToken).ConfigureAwait(false));
                }

                total.EndView();
            }
        }
        catch
        {
            if (opening is not null)
            {
                await CloseAsync(opening).ConfigureAwait(false);
            }

            throw;
        }

        return missing.Count == 0 ? new Materialization(views) : throw Incomplete(missing, views);
    }

    /// <summary>Events at or before this time are not kept online: older than the view's retention behind the newest event.</summary>
    /// <returns><see cref="long.MinValue"/> when every event is kept.</returns>
    internal static long ChooseTrim(FeatureView view, SourceExtent extent)
    {
        if (view is not WindowedView windowed || extent.FirstEvent is not { } first || extent.LastEvent is not { } last)
        {
            return long.MinValue;
        }

        var retention = RetentionOf(windowed)!.Value;
        return last < long.MinValue + retention || first > last - retention ? long.MinValue : last - retention;
    }

    private static long? RetentionOf(FeatureView view) => view is WindowedView windowed ? UnixMicroseconds.FromTimeSpan(windowed.Retention) : null;

    /// <returns><see langword="null"/>: what the view reads is online already, and nowhere else.</returns>
    private async Task<IViewHistory?> FindHistoryAsync(StorageField field, CancellationToken cancellationToken)
    {
        if (field.View.Source.IsPushOnly)
        {
            return null;
        }

        try
        {
            return await offline.OpenHistoryAsync(field, cancellationToken).ConfigureAwait(false);
        }
        catch (FeatureException exception) when (exception.Error == FeatureError.NotFound && field.View.Source.Stream is not null)
        {
            // A stream that has archived nothing yet.
            return null;
        }
    }

    /// <summary>A table that is not there keeps back the view that reads it, and no other.</summary>
    private static async Task<IViewHistory?> TakeAsync(StorageField field, Task<IViewHistory?> opening, List<FeatureException> missing)
    {
        try
        {
            return await opening.ConfigureAwait(false);
        }
        catch (FeatureException exception) when (exception.Error == FeatureError.NotFound)
        {
            missing.Add(new FeatureException(exception.Error, $"View '{field.View.Name}' cannot be brought online: {exception.Message}", exception));
            return null;
        }
    }

    private static FeatureException Incomplete(List<FeatureException> missing, List<ViewMaterialization> done)
    {
        var others = done.Count == 0 ? "" : $" These views were brought online: {string.Join(", ", done.Select(static view => view.View))}.";
        return new FeatureException(FeatureError.NotFound, string.Join(' ', missing.Select(static view => view.Message)) + others, missing[0]);
    }

    private static SourceExtent Cut(SourceExtent extent, long? until) => until is not { } moment
        ? extent
        : extent with
        {
            LastEvent = extent.LastEvent is { } last ? Math.Min(last, moment) : null,
            LastArrival = extent.LastArrival is { } arrival ? Math.Min(arrival, moment) : null,
        };

    /// <summary>Closes a history that nobody will read.</summary>
    private static async Task CloseAsync(Task<IViewHistory?> opening)
    {
        // What stopped the run is what is told, not what this one met.
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (opening.IsCompletedSuccessfully && await opening.ConfigureAwait(false) is { } history)
        {
            await history.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>An engine that has read all ends, and that of the next view starts, while the last of this one is being written.</summary>
    private async Task<ViewMaterialization> MaterializeAndCloseAsync(ViewRun run, CancellationToken cancellationToken)
    {
        Task? closing = null;
        try
        {
            return await MaterializeAsync(
                run with
                {
                    OnRead = () =>
                    {
                        closing = run.History.DisposeAsync().AsTask();
                        run.OnRead();
                    },
                },
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await (closing ?? run.History.DisposeAsync().AsTask()).ConfigureAwait(false);
        }
    }

    private async Task<ViewMaterialization> MaterializeAsync(ViewRun run, CancellationToken cancellationToken)
    {
        var (field, request) = (run.Field, run.Request);
        var extent = Cut(run.History.Extent, request.Until);
        var started = time.GetTimestamp();
        var trim = ChooseTrim(field.View, extent);
        var arrivedUntil = extent.LastArrival ?? long.MinValue;
        var known = await online.ReadCoverageAsync(field, cancellationToken).ConfigureAwait(false);
        var session = await LedgerSession.OpenAsync(online, field, time, request, extent.Generation, known, arrivedUntil, cancellationToken).ConfigureAwait(false);
        try
        {
            var made = await MaterializeAsync(run, session, extent, trim, cancellationToken).ConfigureAwait(false);
            return made with { Elapsed = time.GetElapsedTime(started) };
        }
        catch (FeatureException exception) when (exception.Error is FeatureError.StoreUnavailable or FeatureError.Superseded)
        {
            // Of one that stood still the connection broke off too; why it may not go on is that its turn is another's.
            if (await session.FindSuccessorAsync(cancellationToken).ConfigureAwait(false) is { } successor)
            {
                throw new FeatureException(FeatureError.Superseded, successor, exception);
            }

            throw;
        }
    }

    private async Task<ViewMaterialization> MaterializeAsync(ViewRun run, LedgerSession session, SourceExtent extent, long trim, CancellationToken cancellationToken)
    {
        var arrivedUntil = extent.LastArrival ?? long.MinValue;
        var plan = MaterializationPlan.Of(session.Ledger, extent, run.Request, arrivedUntil, trim, RetentionOf(run.Field.View), session.Now);
        run.Total.BeginView(plan);
        var (entities, rows) = (0L, 0L);
        for (var group = 0; group < plan.Groups.Count; group++)
        {
            var range = new MaterializationRange(long.MinValue, arrivedUntil, trim) { StoredAfter = plan.Groups[group].StoredAfter, Partitions = plan.Groups[group].Partitions };
            var isLast = group == plan.Groups.Count - 1;
            var count = await CopyAsync(isLast ? run : run with { OnRead = static () => { } }, session, range, plan.Entry, cancellationToken).ConfigureAwait(false);
            (entities, rows) = (entities + count.Entities, rows + count.Rows);
        }

        // Read again in the last moment: other shards may have ended meanwhile, and this one may have lost its turn.
        await session.RenewAsync(cancellationToken, always: true).ConfigureAwait(false);
        var coverage = session.Ledger.Coverage;
        if (coverage is not null && coverage != session.Coverage)
        {
            await session.CoverAsync(coverage, cancellationToken).ConfigureAwait(false);
        }

        await session.LeaveAsync(cancellationToken).ConfigureAwait(false);
        return new ViewMaterialization(
            run.Field.View.Name, entities, rows, extent.Quarantined, coverage ?? ViewCoverage.NothingYet(arrivedUntil, extent.Generation), TimeSpan.Zero)
        {
            Quality = extent.Quality,
            NullKeys = extent.NullKeys,
        };
    }

    private async Task<Count> CopyAsync(ViewRun run, LedgerSession session, MaterializationRange range, LedgerPartition entry, CancellationToken cancellationToken)
    {
        var (field, history) = (run.Field, run.History);
        var left = range.Partitions!.ToHashSet();
        var count = history.Extent.Rows == 0
            ? default
            : field.IsWindow
                ? await CopyAsync(
                    run, history.ReadEventsAsync(range, cancellationToken), session, entry, left,
                    (items, validUntil) => online.AppendEventsAsync(field, items, range.Trim, range.StoredAfter == long.MinValue ? range.ArrivedUntil : null, validUntil, cancellationToken),
                    append => EventsOf(field, append.Block), cancellationToken).ConfigureAwait(false)
                : await CopyAsync(
                    run, history.ReadRowsAsync(range, cancellationToken), session, entry, left,
                    (items, validUntil) => online.WriteRowsAsync(field, items, validUntil, cancellationToken),
                    static _ => 1, cancellationToken).ConfigureAwait(false);
        if (left.Count > 0)
        {
            // Partitions of which there is nothing.
            await session.MarkAsync(left, entry, cancellationToken).ConfigureAwait(false);
            run.Total.EndPartitions(left.Count);
        }

        return count;
    }

    /// <summary>Reads the next batches while those before them are being written; what is acknowledged is marked meanwhile, some partitions at once.</summary>
    private static async Task<Count> CopyAsync<T>(
        ViewRun run, IAsyncEnumerable<HistoryBatch<T>> batches, LedgerSession session, LedgerPartition entry, HashSet<int> left,
        Func<IReadOnlyList<T>, long, Task> write, Func<T, int> rowsOf, CancellationToken cancellationToken)
    {
        var (entities, rows) = (0L, 0L);
        var unanswered = new Queue<(Task Answer, HistoryBatch<T> Batch)>(BatchesInFlightMax);
        var (ended, unmarked) = (new List<int>(), 0);
        var (marked, marking) = (Array.Empty<int>(), Task.CompletedTask);
        try
        {
            await foreach (var batch in batches.ConfigureAwait(false))
            {
                while (unanswered.Count == BatchesInFlightMax)
                {
                    await EndOldestAsync().ConfigureAwait(false);
                }

                if (session.IsRenewalDue)
                {
                    await EndMarkAsync().ConfigureAwait(false);
                    await session.RenewAsync(cancellationToken).ConfigureAwait(false);
                }

                unanswered.Enqueue((write(batch.Items, session.ValidUntil), batch));
            }

            run.OnRead();
            while (unanswered.Count > 0)
            {
                await EndOldestAsync().ConfigureAwait(false);
            }

            await StartMarkAsync().ConfigureAwait(false);
            await EndMarkAsync().ConfigureAwait(false);
        }
        catch
        {
            // A write must not be left behind unobserved, nor a mark; what stopped the reading, or the first of them that failed, is what is told.
            await Task.WhenAll(unanswered.Select(static sent => sent.Answer).Append(marking)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        return new Count(entities, rows);

        async Task EndOldestAsync()
        {
            var (answer, batch) = unanswered.Peek();
            await answer.ConfigureAwait(false);
            unanswered.Dequeue();
            var added = batch.Items.Sum(rowsOf) - batch.Repeated;
            (entities, rows, unmarked) = (entities + batch.Items.Count - batch.Repeated, rows + added, unmarked + batch.Items.Count);
            run.Total.Add(added);
            batch.Memory?.Dispose();
            if (batch is { IsLast: true, Partition: { } partition })
            {
                ended.Add(partition);
                if (unmarked >= run.Request.EntitiesPerMark)
                {
                    await StartMarkAsync().ConfigureAwait(false);
                }
            }
        }

        // Writes go on meanwhile. One mark at a time: the session is not thread safe.
        async Task StartMarkAsync()
        {
            await EndMarkAsync().ConfigureAwait(false);
            if (ended.Count > 0)
            {
                (marked, unmarked) = ([.. ended], 0);
                marking = session.MarkAsync(marked, entry, cancellationToken);
                ended.Clear();
            }
        }

        async Task EndMarkAsync()
        {
            await marking.ConfigureAwait(false);
            if (marked.Length > 0)
            {
                left.ExceptWith(marked);
                run.Total.EndPartitions(marked.Length);
                marked = [];
            }
        }
    }

    private static int EventsOf(StorageField field, ReadOnlyMemory<byte> block) =>
        field.IsHop ? HopBlockMerge.CountEvents(field, block.Span) : (block.Length - WindowBlockCodec.HeaderLength) / WindowBlockCodec.RowWidth(field);

    private readonly record struct Count(long Entities, long Rows);

    /// <param name="OnRead">Is called when the history has been read and is not needed any more, while the last of it is being written.</param>
    private sealed record ViewRun(StorageField Field, IViewHistory History, MaterializationRequest Request, MaterializationProgress Total, Action OnRead);
}

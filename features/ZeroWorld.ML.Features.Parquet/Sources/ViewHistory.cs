using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The history of a view in the files of its table, with one engine for all that is asked of it.</summary>
internal sealed class ViewHistory : IViewHistory
{
    // Read before they are written.
    private const int BatchesAhead = 8;

    // Of fewer rows the last is read hardly later than the first.
    private const int EarlyRowsMin = 4096;
    private const int EarlyEntitiesMax = 500_000;

    private readonly DuckDbSession _session;
    private readonly SpareEngine _spare;
    private readonly SourceQuery _source;
    private readonly StorageField _field;
    private readonly TableFolder _tables;
    private readonly Erasures _erasures;
    private readonly long _groupedBytesMax;
    private readonly int _workers;
    private readonly long _sliceRowsMax;

    private ViewHistory(DuckDbSession session, SpareEngine spare, SourceQuery source, StorageField field, TableFolder tables, Erasures erasures, ParquetOfflineOptions options)
    {
        _session = session;
        _spare = spare;
        _source = source;
        _field = field;
        _tables = tables;
        _erasures = erasures;
        _groupedBytesMax = options.CellBytes;
        _workers = options.ThreadCount;
        _sliceRowsMax = options.SliceRows;
    }

    /// <inheritdoc/>
    public required SourceExtent Extent { get; init; }

    /// <param name="spare">Gives the engine, and is given the next one when the history is closed.</param>
    /// <param name="warn">Is told of the source before it is read.</param>
    /// <param name="warnOfNullKeys">Is told how many rows have no key, if any, and which is the first.</param>
    /// <exception cref="FeatureException">As <see cref="IOfflineStore.OpenHistoryAsync"/> says.</exception>
    public static ViewHistory Open(
        ParquetOfflineOptions options, SpareEngine spare, TableFolder tables, Erasures erasures, StorageField field, Action<SourceQuery> warn,
        Action<SourceQuery, long, string> warnOfNullKeys, CancellationToken cancellationToken)
    {
        var session = new DuckDbSession(options, spare);
        try
        {
            // Read before the rows: an import in between makes the generation too old, never too new.
            var view = field.View;
            var generation = tables.GenerationOf(view.Project, view.Source.Table);
            var files = tables.SourceFilesOf(view.Project, view.Source.Table);
            var source = SourceQuery.Create(session, tables, view, cancellationToken);
            warn(source);
            var extent = (source.TryInspectByStatistics(session, cancellationToken) ?? source.Inspect(session, cancellationToken)) with { Generation = generation, Files = files };

            if (extent.NullKeys > 0)
            {
                warnOfNullKeys(source, extent.NullKeys, source.FirstNullKey(session));
            }

            // What is read is put in order by all that its order depends on.
            session.Execute("SET preserve_insertion_order = false", cancellationToken);
            PartitionFunction.Register(session);
            return new ViewHistory(session, spare, source, field, tables, erasures, options) { Extent = extent };
        }
        catch (FeatureException failure)
        {
            // Nobody holds the history yet who could close its engine.
            using (session)
            {
                throw session.Explain(failure);
            }
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<HistoryBatch<WindowAppend>> ReadEventsAsync(MaterializationRange range, CancellationToken cancellationToken) => _field.IsWindow
        ? ReadAsync(range, static (entity, bytes) => new WindowAppend(entity, bytes), early: null, createSender: null, cancellationToken)
        : throw new InvalidOperationException($"View '{_field.View.Name}' is no windowed view.");

    /// <inheritdoc/>
    public IAsyncEnumerable<HistoryBatch<OnlineRowWrite>> ReadRowsAsync(MaterializationRange range, CancellationToken cancellationToken)
    {
        if (_field.IsWindow)
        {
            throw new InvalidOperationException($"View '{_field.View.Name}' is no last-value view.");
        }

        var early = Extent.Rows < EarlyRowsMin ? null : new EarlyEntities(Extent.Rows, EarlyEntitiesMax);
        return ReadAsync(
            range, static (entity, bytes) => new OnlineRowWrite(entity, bytes), early,
            early is null ? null : ahead => new EarlyRowSender(_field, _source, _erasures, range, early, ahead, BatchesAhead), cancellationToken);
    }

    /// <remarks>The engine takes its time to end, so it does on a thread of the pool; nobody waits for the next one.</remarks>
    public ValueTask DisposeAsync() => new(Task.Run(() =>
    {
        _session.Dispose();
        _ = _spare.PrepareAsync();
    }));

    /// <summary>Reads on while the consumer writes, a few batches ahead; the engine blocks, on a thread that is not the consumer's.</summary>
    private async IAsyncEnumerable<HistoryBatch<T>> ReadAsync<T>(
        MaterializationRange range, Func<EntityId, ReadOnlyMemory<byte>, T> itemOf, EarlyEntities? early, Func<Channel<HistoryBatch<T>>, EarlyRowSender>? createSender,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ahead = Channel.CreateBounded<HistoryBatch<T>>(new BoundedChannelOptions(BatchesAhead + _workers) { SingleReader = true });
        var reading = Task.Run(
            () => ReadAheadAsync(range, itemOf, early, createSender is null ? null : () => createSender(ahead), ahead.Writer, stop.Token), CancellationToken.None);
        try
        {
            await foreach (var batch in ahead.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return batch;
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(false);
        }
    }

    private async Task ReadAheadAsync<T>(
        MaterializationRange range, Func<EntityId, ReadOnlyMemory<byte>, T> itemOf, EarlyEntities? early, Func<EarlyRowSender>? createSender,
        ChannelWriter<HistoryBatch<T>> target, CancellationToken cancellationToken)
    {
        try
        {
            _source.CheckField(_field);
            var files = range.StoredAfter == long.MinValue ? null : _tables.FilesStoredAfter(_field.View.Project, _field.View.Source.Table, range.StoredAfter);
            using var rows = ReadRows(range, files, createSender, cancellationToken);
            var batches = new HistoryBatches(_field, _source, _erasures, range, rows, early, cancellationToken);
            while (batches.Next(itemOf) is { } batch)
            {
                await target.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
            }

            target.Complete();
        }
        catch (Exception exception)
        {
            // Whatever it is, the consumer gets it, in its place behind the batches before it.
            target.Complete(exception is FeatureException failure ? _session.Explain(failure) : exception);
        }
    }

    /// <summary>Grouped in memory what fits; of more the engine makes a sort out of core.</summary>
    private IHistoryRows ReadRows(MaterializationRange range, IReadOnlyList<string>? files, Func<EarlyRowSender>? createSender, CancellationToken cancellationToken)
    {
        // Each stream is made by the worker that takes it: a thread of the engine would only look for work.
        using (_session.LimitThreads(1))
        {
            if (GroupedRows.TryRead(Unordered(range, files, cancellationToken), _source.Layout(_field.IsWindow), _groupedBytesMax, createSender) is { } grouped)
            {
                return grouped;
            }
        }

        return _session.QueryCursor(
            _source.HistoryStatement(range, _field.IsWindow, files, wholeEntities: _field.IsHop), EntityHistory.ColumnsOf(_field.View), cancellationToken);
    }

    /// <summary>Results that are read side by side: a new table by neighbouring slices of it, so that rows mostly stay in their order.</summary>
    private IReadOnlyList<IEnumerable<DuckDbVectors>> Unordered(MaterializationRange range, IReadOnlyList<string>? files, CancellationToken cancellationToken)
    {
        var rows = Extent.Rows + Extent.Quarantined + Extent.NullKeys;
        var share = SourceSlice.ShareOf(Math.Max(rows, 1), _workers, _sliceRowsMax);
        if (files is not null || rows <= share)
        {
            var statement = _source.UnorderedStatement(range, _field.IsWindow, files, wholeEntities: _field.IsHop);
            return [Enumerable.Repeat(statement, 1).Select(one => _session.QueryVectors(one, cancellationToken))];
        }

        return
        [
            .. _source.Slice(_session, share, cancellationToken)
                .GroupBy(slice => Math.Min((slice.First + (slice.Rows / 2)) * _workers / rows, _workers - 1))
                .Select(slices => SourceSlice.Join(slices).Select(slice => _session.QueryVectors(_source.UnorderedSliceStatement(range, _field.IsWindow, slice), cancellationToken))),
        ];
    }
}

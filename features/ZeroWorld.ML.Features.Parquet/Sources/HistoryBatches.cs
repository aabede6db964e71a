namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Reads a view's source entity by entity and hands out batches of online bytes.</summary>
/// <remarks>Memory is bounded by one batch and one entity's history; the engine sorts out of core. Owns its engine. Not thread safe.</remarks>
internal sealed class HistoryBatches : IDisposable
{
    private const int EntitiesMax = 1000;
    private const int BytesMax = 2 << 20;

    private readonly DuckDbSession _session;
    private readonly StorageField _field;
    private readonly MaterializationRange _range;
    private readonly CancellationToken _cancellationToken;
    private readonly Erasures _erasures;
    private readonly bool _mayBeErased;
    private readonly EntityHistory _history;
    private readonly DuckDbCursor _rows;
    private bool _hasRow;

    private HistoryBatches(
        DuckDbSession session, StorageField field, SourceQuery source, Erasures erasures, MaterializationRange range, IReadOnlyList<string>? files,
        CancellationToken cancellationToken)
    {
        _erasures = erasures;
        _mayBeErased = erasures.Has(field.View.Entity.Name);
        _session = session;
        _field = field;
        _range = range;
        _cancellationToken = cancellationToken;
        _history = EntityHistory.Create(field, source);

        // What is read is sorted by all that its order depends on.
        session.Execute("SET preserve_insertion_order = false", cancellationToken);
        PartitionFunction.Register(session);
        _rows = session.QueryCursor(
            source.HistoryStatement(range, inArrivalOrder: field.IsWindow, files, wholeEntities: field.IsHop), EntityHistory.ColumnsOf(field.View), cancellationToken);
    }

    public static HistoryBatches Open(
        ParquetOfflineOptions options, TableFolder tables, Erasures erasures, StorageField field, MaterializationRange range, CancellationToken cancellationToken)
    {
        var session = new DuckDbSession(options);
        HistoryBatches? batches = null;
        try
        {
            var source = SourceQuery.Create(session, tables, field.View, cancellationToken);
            source.CheckField(field);
            source.CheckTimes(session, cancellationToken);
            var files = range.StoredAfter == long.MinValue ? null : tables.FilesStoredAfter(field.View.Project, field.View.Source.Table, range.StoredAfter);
            batches = new HistoryBatches(session, field, source, erasures, range, files, cancellationToken);
            batches._hasRow = batches._rows.Read();
            return batches;
        }
        catch
        {
            batches?._rows.Dispose();
            session.Dispose();
            throw;
        }
    }

    /// <returns>The next batch, of one partition and each entity once; <see langword="null"/> at the end.</returns>
    public HistoryBatch<T>? Next<T>(Func<EntityId, ReadOnlyMemory<byte>, T> itemOf)
    {
        if (!_hasRow)
        {
            return null;
        }

        var partition = _rows.GetInt64(EntityHistory.PartitionOrdinal);
        var batch = new List<T>(EntitiesMax);
        var size = 0;
        while (IsOf(partition) && batch.Count < EntitiesMax && size < BytesMax)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            _history.Clear();
            var key = _history.ReadKey(_rows);
            _hasRow = _history.ReadWhole(_rows, key, _mayBeErased ? _erasures.UntilOf(_field.View.Entity.Name, key) : long.MinValue);
            var bytes = _history.Encode(_range);
            if (!bytes.IsEmpty)
            {
                batch.Add(itemOf(new EntityId(_field.View.Project, _field.View.Entity.Name, key), bytes));
                size += bytes.Length;
            }
        }

        return new HistoryBatch<T>(batch, (int)partition, !IsOf(partition));
    }

    private bool IsOf(long partition) => _hasRow && _rows.GetInt64(EntityHistory.PartitionOrdinal) == partition;

    public void Dispose()
    {
        _rows.Dispose();
        _session.Dispose();
    }
}

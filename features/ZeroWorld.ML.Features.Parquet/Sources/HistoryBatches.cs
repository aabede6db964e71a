namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Reads a view's source entity by entity and hands out batches of online bytes.</summary>
/// <remarks>What fits is grouped in memory, of more the engine makes a sort out of core; beside that there are one batch and one entity's history. Owns its engine. Not thread safe.</remarks>
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
    private readonly IHistoryRows _rows;
    private bool _hasRow;

    private HistoryBatches(
        DuckDbSession session, StorageField field, SourceQuery source, Erasures erasures, MaterializationRange range, IHistoryRows rows, CancellationToken cancellationToken)
    {
        _erasures = erasures;
        _mayBeErased = erasures.Has(field.View.Entity.Name);
        _session = session;
        _field = field;
        _range = range;
        _cancellationToken = cancellationToken;
        _history = EntityHistory.Create(field, source);
        _rows = rows;
    }

    public static HistoryBatches Open(
        ParquetOfflineOptions options, TableFolder tables, Erasures erasures, StorageField field, MaterializationRange range, CancellationToken cancellationToken)
    {
        var session = new DuckDbSession(options);
        IHistoryRows? rows = null;
        try
        {
            var source = SourceQuery.Create(session, tables, field.View, cancellationToken);
            source.CheckField(field);
            source.CheckTimes(session, cancellationToken);
            var files = range.StoredAfter == long.MinValue ? null : tables.FilesStoredAfter(field.View.Project, field.View.Source.Table, range.StoredAfter);

            // What is read is put in order by all that its order depends on.
            session.Execute("SET preserve_insertion_order = false", cancellationToken);
            PartitionFunction.Register(session);
            rows = ReadRows(session, field, source, range, files, options.CellBytes, cancellationToken);
            return new HistoryBatches(session, field, source, erasures, range, rows, cancellationToken) { _hasRow = rows.Read() };
        }
        catch
        {
            rows?.Dispose();
            session.Dispose();
            throw;
        }
    }

    private static IHistoryRows ReadRows(
        DuckDbSession session, StorageField field, SourceQuery source, MaterializationRange range, IReadOnlyList<string>? files, long bytesMax, CancellationToken cancellationToken)
    {
        using (var unordered = session.QueryVectors(source.UnorderedStatement(range, field.IsWindow, files, wholeEntities: field.IsHop), cancellationToken))
        {
            if (GroupedRows.TryRead(unordered, source.Layout(field.IsWindow), bytesMax) is { } grouped)
            {
                return grouped;
            }
        }

        return session.QueryCursor(source.HistoryStatement(range, field.IsWindow, files, wholeEntities: field.IsHop), EntityHistory.ColumnsOf(field.View), cancellationToken);
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

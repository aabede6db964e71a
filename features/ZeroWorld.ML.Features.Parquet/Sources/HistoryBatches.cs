namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Reads a view's source entity by entity and hands out batches of online bytes.</summary>
/// <remarks>Memory is bounded by one batch and one entity's history; the engine sorts out of core. Owns its engine. Not thread safe.</remarks>
internal sealed class HistoryBatches : IDisposable
{
    private const int EntitiesMax = 1000;
    private const int BytesMax = 8 << 20;

    // Between these many rows some partitions are sorted while those before them are written; a larger table would be read from disk again and again for that.
    private const long StagedRowsMin = 50_000;
    private const long StagedRowsMax = 4_000_000;
    private const int PartitionsAtOnce = 8;
    private const string Staged = "staged_history";

    private readonly DuckDbSession _session;
    private readonly SourceQuery _source;
    private readonly StorageField _field;
    private readonly MaterializationRange _range;
    private readonly CancellationToken _cancellationToken;
    private readonly Erasures _erasures;
    private readonly bool _mayBeErased;
    private readonly EntityHistory _history;
    private DuckDbCursor _rows;
    private int _nextPartition = MaterializationLedger.PartitionCount;
    private bool _hasRow;

    private HistoryBatches(
        DuckDbSession session, StorageField field, SourceQuery source, Erasures erasures, MaterializationRange range, IReadOnlyList<string>? files, long tableRows,
        CancellationToken cancellationToken)
    {
        _erasures = erasures;
        _mayBeErased = erasures.Has(field.View.Entity.Name);
        _session = session;
        _source = source;
        _field = field;
        _range = range;
        _cancellationToken = cancellationToken;
        _history = EntityHistory.Create(field, source);
        if (tableRows is < StagedRowsMin or > StagedRowsMax)
        {
            _rows = Query(source.HistoryStatement(range, inArrivalOrder: field.IsWindow, files, wholeEntities: field.IsHop));
        }
        else
        {
            session.Execute(source.StageStatement(Staged, range, files, wholeEntities: field.IsHop), cancellationToken);
            _rows = QueryStaged(0);
        }
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
            var rows = source.CheckTimes(session, cancellationToken);
            var files = range.StoredAfter == long.MinValue ? null : tables.FilesStoredAfter(field.View.Project, field.View.Source.Table, range.StoredAfter);
            batches = new HistoryBatches(session, field, source, erasures, range, files, rows, cancellationToken);
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
    public HistoryBatch<(EntityId Entity, ReadOnlyMemory<byte> Bytes)>? Next()
    {
        while (!_hasRow)
        {
            if (_nextPartition >= MaterializationLedger.PartitionCount)
            {
                return null;
            }

            _rows.Dispose();
            _rows = QueryStaged(_nextPartition);
            _hasRow = _rows.Read();
        }

        var partition = _rows.GetInt64(EntityHistory.PartitionOrdinal);
        var batch = new List<(EntityId, ReadOnlyMemory<byte>)>(EntitiesMax);
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
                batch.Add((new EntityId(_field.View.Project, _field.View.Entity.Name, key), bytes));
                size += bytes.Length;
            }
        }

        return new HistoryBatch<(EntityId, ReadOnlyMemory<byte>)>(batch, (int)partition, !IsOf(partition));
    }

    private DuckDbCursor QueryStaged(int firstPartition)
    {
        _nextPartition = firstPartition + PartitionsAtOnce;
        return Query(_source.StagedStatement(Staged, firstPartition, _nextPartition - 1, inArrivalOrder: _field.IsWindow));
    }

    private DuckDbCursor Query(string statement) => _session.QueryCursor(statement, EntityHistory.ColumnsOf(_field.View), _cancellationToken);

    private bool IsOf(long partition) => _hasRow && _rows.GetInt64(EntityHistory.PartitionOrdinal) == partition;

    public void Dispose()
    {
        _rows.Dispose();
        _session.Dispose();
    }
}

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Makes batches of online bytes of a view's rows, entity by entity.</summary>
/// <remarks>Holds one batch and one entity's history. Not thread safe.</remarks>
internal sealed class HistoryBatches
{
    private const int EntitiesMax = 1000;
    private const int BytesMax = 2 << 20;

    private readonly StorageField _field;
    private readonly MaterializationRange _range;
    private readonly CancellationToken _cancellationToken;
    private readonly Erasures _erasures;
    private readonly bool _mayBeErased;
    private readonly EntityHistory _history;
    private readonly IHistoryRow _rows;
    private readonly EarlyEntities? _early;
    private bool _hasRow;

    /// <param name="rows">Entity by entity and partition by partition; not disposed here.</param>
    /// <param name="early">Those of which rows went ahead; <see langword="null"/>: none did.</param>
    public HistoryBatches(
        StorageField field, SourceQuery source, Erasures erasures, MaterializationRange range, IHistoryRow rows, EarlyEntities? early, CancellationToken cancellationToken)
    {
        _early = early;
        _erasures = erasures;
        _mayBeErased = erasures.Has(field.View.Entity.Name);
        _field = field;
        _range = range;
        _cancellationToken = cancellationToken;
        _history = EntityHistory.Create(field, source);
        _rows = rows;
        _hasRow = rows.Read();
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
        var (memory, size, repeated) = (new BatchMemory(), 0, 0);
        Func<int, Memory<byte>> allocate = memory.Take;
        while (IsOf(partition) && batch.Count < EntitiesMax && size < BytesMax)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            _history.Clear();
            var key = _history.ReadKey(_rows);
            _hasRow = _history.ReadWhole(_rows, key, _mayBeErased ? _erasures.UntilOf(_field.View.Entity.Name, key) : long.MinValue);
            var bytes = _history.Encode(_range, allocate);
            if (!bytes.IsEmpty)
            {
                batch.Add(itemOf(new EntityId(_field.View.Project, _field.View.Entity.Name, key), bytes));
                size += bytes.Length;
                repeated += _early is not null && _early.Contains(key) ? 1 : 0;
            }
        }

        return new HistoryBatch<T>(batch, (int)partition, !IsOf(partition)) { Repeated = repeated, Memory = memory };
    }

    private bool IsOf(long partition) => _hasRow && _rows.GetInt64(EntityHistory.PartitionOrdinal) == partition;
}

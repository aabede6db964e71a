using System.Diagnostics;
using System.Threading.Channels;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Sends rows of a last-value view to be written while the rest of its table is still read: of each entity the first that is met.</summary>
/// <remarks>The store keeps the greatest row of an entity in whatever order they come, so one that is not the newest does no harm. Not thread safe: each worker has one.</remarks>
/// <param name="field">The stored form of the view.</param>
/// <param name="entities">Those of all workers.</param>
/// <param name="ahead">Where the rows go; it has room for one batch of each worker above <paramref name="batchesMax"/>.</param>
/// <param name="batchesMax">So many that wait are enough for the writer.</param>
internal sealed class EarlyRowSender(
    StorageField field, SourceQuery source, Erasures erasures, MaterializationRange range, EarlyEntities entities, Channel<HistoryBatch<OnlineRowWrite>> ahead, int batchesMax)
{
    private const int BatchBytesMax = 2 << 20;

    private readonly bool _mayBeErased = erasures.Has(field.View.Entity.Name);
    private readonly VectorRow _row = new(EntityHistory.ColumnsOf(field.View));
    private readonly EntityHistory _history = EntityHistory.Create(field, source);
    private readonly string[] _keys = new string[DuckDbVectors.RowsMax];
    private readonly ulong[] _hashes = new ulong[DuckDbVectors.RowsMax];
    private readonly bool[] _isFirst = new bool[DuckDbVectors.RowsMax];
    private readonly int[] _left = new int[DuckDbVectors.RowsMax];

    /// <summary>Sends what may go ahead of the rows at hand.</summary>
    /// <param name="left">Numbers of the others.</param>
    /// <returns><see langword="false"/>: none did, since it is over, or the writer has enough to do.</returns>
    public bool TrySend(DuckDbVectors rows, out ReadOnlySpan<int> left)
    {
        left = default;
        if (entities.IsOver || ahead.Reader.Count >= batchesMax)
        {
            return false;
        }

        _row.Take(rows);
        for (; _row.Index < rows.Count; _row.Index++)
        {
            _keys[_row.Index] = _history.ReadKey(_row);
            _hashes[_row.Index] = EarlyEntities.HashOf(_keys[_row.Index]);
        }

        entities.Enter(_hashes.AsSpan(0, rows.Count), _isFirst);
        var (batch, bytes, others) = (new List<OnlineRowWrite>(rows.Count), 0, 0);
        for (_row.Index = 0; _row.Index < rows.Count; _row.Index++)
        {
            var row = _isFirst[_row.Index] && bytes < BatchBytesMax ? Encode(_keys[_row.Index]) : default;
            if (!row.IsEmpty)
            {
                batch.Add(new OnlineRowWrite(new EntityId(field.View.Project, field.View.Entity.Name, _keys[_row.Index]), row));
                bytes += row.Length;
                continue;
            }

            _left[others++] = _row.Index;
            if (_isFirst[_row.Index])
            {
                entities.Withdraw(_hashes[_row.Index]);
            }
        }

        if (batch.Count > 0 && !ahead.Writer.TryWrite(new HistoryBatch<OnlineRowWrite>(batch, Partition: null, IsLast: false)))
        {
            throw new UnreachableException("The channel of batches has no room for one of each worker.");
        }

        left = _left.AsSpan(0, others);
        return true;
    }

    private ReadOnlyMemory<byte> Encode(string key)
    {
        _history.Clear();
        _ = _history.ReadWhole(_row, key, _mayBeErased ? erasures.UntilOf(field.View.Entity.Name, key) : long.MinValue);
        return _history.Encode(range, static length => new byte[length]);
    }
}

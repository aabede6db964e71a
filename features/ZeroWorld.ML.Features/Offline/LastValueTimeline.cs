namespace ZeroWorld.ML.Features;

/// <summary>The history of one entity in a last-value view, and the row that was visible at any moment of it.</summary>
/// <remarks>
/// Rows are ordered by arrival, max(event time, created time); each position remembers the greatest (event time, created time, row hash) up to it,
/// so that a look-up is one binary search and a correction is seen from its created time on. The bytes are those of an online row:
/// <see cref="ViewPlan"/> reads them as it reads the online store. Not thread safe; <see cref="Clear"/> makes it ready for the next entity.
/// </remarks>
public sealed class LastValueTimeline
{
    private readonly StorageField _field;
    private readonly List<Row> _rows = [];
    private readonly List<Row> _winners = [];

    /// <param name="field">The stored form of a last-value view.</param>
    public LastValueTimeline(StorageField field)
    {
        ArgumentNullException.ThrowIfNull(field);
        _field = field;
    }

    /// <summary>Rows added since the last <see cref="Clear"/>.</summary>
    public int Count => _rows.Count;

    /// <summary>Adds a row, in any order.</summary>
    /// <param name="eventTime">Microseconds since the epoch.</param>
    /// <param name="createdTime">Microseconds since the epoch.</param>
    /// <param name="values">One per stored column, each of the column's type or a null.</param>
    public void Add(long eventTime, long createdTime, ReadOnlySpan<FeatureValue> values)
    {
        _rows.Add(new Row(eventTime, createdTime, OnlineRowCodec.Encode(_field, eventTime, createdTime, values)));
        _winners.Clear();
    }

    /// <summary>The row that was visible at <paramref name="q"/>, as online bytes; empty when there was none.</summary>
    /// <param name="q">Microseconds since the epoch; a row that arrived at q is visible.</param>
    public ReadOnlyMemory<byte> Find(long q)
    {
        if (_winners.Count != _rows.Count)
        {
            SelectWinners();
        }

        var (low, high) = (0, _rows.Count);
        while (low < high)
        {
            var middle = (int)(((uint)low + (uint)high) >> 1);
            if (_rows[middle].Arrival <= q)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == 0 ? default : _winners[low - 1].Bytes;
    }

    public void Clear()
    {
        _rows.Clear();
        _winners.Clear();
    }

    private void SelectWinners()
    {
        _rows.Sort(static (left, right) => left.Arrival.CompareTo(right.Arrival));
        var winner = _rows[0];
        foreach (var row in _rows)
        {
            if (IsGreater(row, winner))
            {
                winner = row;
            }

            _winners.Add(winner);
        }
    }

    private bool IsGreater(in Row left, in Row right)
    {
        if (left.EventTime != right.EventTime)
        {
            return left.EventTime > right.EventTime;
        }

        return left.CreatedTime != right.CreatedTime
            ? left.CreatedTime > right.CreatedTime
            : string.CompareOrdinal(HashOf(left), HashOf(right)) > 0;
    }

    private string HashOf(in Row row)
    {
        _ = OnlineRowCodec.TryReadHeader(_field, row.Bytes, out _, out _, out var body);
        return OnlineRowCodec.HashBody(row.Bytes.AsSpan(body));
    }

    private readonly record struct Row(long EventTime, long CreatedTime, byte[] Bytes)
    {
        public long Arrival => Math.Max(EventTime, CreatedTime);
    }
}

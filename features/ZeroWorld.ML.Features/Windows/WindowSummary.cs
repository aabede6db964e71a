namespace ZeroWorld.ML.Features;

/// <summary>The events of a tile, or of a window, as far as the aggregates of a view need them.</summary>
internal sealed class WindowSummary
{
    private readonly WindowLayout _layout;
    private readonly ColumnSummary[] _columns;

    public WindowSummary(WindowLayout layout, SummaryPlan[] plans)
    {
        _layout = layout;
        _columns = Array.ConvertAll(plans, static plan => new ColumnSummary(plan));
    }

    public long Rows { get; private set; }

    /// <summary>Event time of the newest event; the smallest int64 without one.</summary>
    public long Newest { get; private set; } = long.MinValue;

    /// <summary>Greatest created time.</summary>
    public long Created { get; private set; } = long.MinValue;

    public void AddRow(ReadOnlySpan<byte> row)
    {
        var key = EventKey.Read(row, _layout.IdWidth);
        AddKey(1, key.EventTime, key.CreatedTime);
        for (var column = 0; column < _columns.Length; column++)
        {
            if (!_layout.IsNull(row, column))
            {
                _columns[column].Add(key, _layout.Read(row, column));
            }
        }
    }

    public void AddRequest(long q, ReadOnlySpan<FeatureValue> request, ReadOnlySpan<int> inputs)
    {
        AddKey(1, q, q);
        for (var column = 0; column < _columns.Length; column++)
        {
            if (inputs[column] is >= 0 and var input && !request[input].IsNull)
            {
                _columns[column].Add(EventKey.OfRequest(q), WindowValue.From(request[input], _layout.TypeOf(column)));
            }
        }
    }

    /// <summary>Merges a tile.</summary>
    /// <returns><see langword="false"/> when the bytes are no tile of this view; then this summary is of no use any more.</returns>
    public bool TryMerge(in HopEntry entry, ReadOnlySpan<byte> body)
    {
        AddKey(entry.Rows, entry.Newest, entry.Created);
        var reader = new TileReader(body);
        foreach (var column in _columns)
        {
            if (!column.TryMerge(ref reader))
            {
                return false;
            }
        }

        return reader.IsAtEnd;
    }

    public void Write(TileWriter writer)
    {
        foreach (var column in _columns)
        {
            column.Write(writer);
        }
    }

    public FeatureCell Finish(WindowFeature feature, int column)
    {
        var eventTime = Rows == 0 ? (long?)null : Newest;
        return column < 0
            ? new FeatureCell(FeatureValue.FromInt64(Rows), FeatureStatus.Present, eventTime, false)
            : _columns[column].Finish(feature, eventTime);
    }

    private void AddKey(long rows, long eventTime, long createdTime)
    {
        Rows += rows;
        Newest = Math.Max(Newest, eventTime);
        Created = Math.Max(Created, createdTime);
    }
}

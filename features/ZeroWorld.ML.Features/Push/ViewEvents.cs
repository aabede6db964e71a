using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>The events of one push as one view takes them.</summary>
internal sealed class ViewEvents
{
    private readonly StorageField _field;
    private readonly Erasures _erasures;
    private readonly long _arrival;
    private readonly IReadOnlyList<long>? _arrivals;
    private readonly long _skew;
    private readonly EventColumn _eventTime;
    private readonly EventColumn? _createdTime;
    private readonly EventColumn? _eventId;
    private readonly EventColumn[] _keys;
    private readonly EventColumn[] _stored;
    private readonly bool[]? _passes;
    private readonly FeatureValue[] _keyValues;
    private readonly FeatureValue[] _values;
    private readonly Dictionary<string, WindowBlockBuilder> _blocks = new(StringComparer.Ordinal);
    private readonly List<OnlineRowWrite> _rows = [];
    private int _keyRow = -1;
    private string _key = "";

    /// <param name="field">The stored form of the view.</param>
    /// <param name="table">The events.</param>
    /// <param name="erasures">The deletions of the project.</param>
    /// <param name="arrival">Now, microseconds since the epoch.</param>
    /// <param name="arrivals">When each event arrived, where that is known better; <see langword="null"/>: now.</param>
    public ViewEvents(StorageField field, EventTable table, Erasures erasures, long arrival, IReadOnlyList<long>? arrivals = null)
    {
        var (view, source) = (field.View, field.View.Source);
        _field = field;
        _erasures = erasures;
        _arrival = arrival;
        _arrivals = arrivals;
        _skew = UnixMicroseconds.FromTimeSpan(source.AllowedSkew);
        _eventTime = table.Get(source.EventTimeColumn, $"it is the event time of view '{view.Name}'", FeatureType.Timestamp);
        if (source.CreatedTimeColumn is { } created && table.Find(created) is not null)
        {
            _createdTime = table.Get(created, $"it is the created time of view '{view.Name}'", FeatureType.Timestamp);
        }

        if (source.EventIdColumn is { } id && field.IsWindow)
        {
            _eventId = table.Get(id, $"it identifies the events of view '{view.Name}'", field.EventIdWidth == sizeof(long) ? FeatureType.Int64 : FeatureType.String);
        }

        _keys = [.. source.KeyColumns.Zip(view.Entity.Keys, (column, key) => table.Get(column, $"it is the key '{key.Name}' of view '{view.Name}'", key.Type))];
        _stored = [.. view.StoredColumns.Select(column => table.Get(column.Name, $"view '{view.Name}' reads it", view.Accepted(column)))];
        _passes = source.Filter is { } filter ? FindPassing(filter, view, table) : null;
        _keyValues = new FeatureValue[_keys.Length];
        _values = new FeatureValue[_stored.Length];
    }

    /// <returns>Why the view cannot take the event, or <see langword="null"/>.</returns>
    public string? FindFault(int row)
    {
        var eventTime = _eventTime.Values[row];
        if (eventTime.IsNull)
        {
            return $"{_eventTime.Name} is null; expected the time of the event.";
        }

        if (!UnixMicroseconds.IsOfCalendar(eventTime.AsInt64()))
        {
            return $"{_eventTime.Name} is {UnixMicroseconds.ToText(eventTime.AsInt64())}; expected {UnixMicroseconds.ExpectedTime}, in microseconds since the epoch.";
        }

        var createdTime = _createdTime is null || _createdTime.Values[row].IsNull ? (long?)null : _createdTime.Values[row].AsInt64();
        if (createdTime is { } time && !UnixMicroseconds.IsOfCalendar(time))
        {
            return $"{_createdTime!.Name} is {UnixMicroseconds.ToText(time)}; expected {UnixMicroseconds.ExpectedTime}, in microseconds since the epoch.";
        }

        if (!Passes(row))
        {
            // To this view it is no row, whatever else is in it; but no table takes a row without a time, and the event may go into one.
            return null;
        }

        if (IsFuture(eventTime.AsInt64(), ArrivalOf(row)))
        {
            return $"{_eventTime.Name} is {UnixMicroseconds.ToText(eventTime.AsInt64())}, later than its arrival at {UnixMicroseconds.ToText(ArrivalOf(row))} by more than the allowed skew of {_field.View.Source.AllowedSkew}.";
        }

        if (createdTime is { } known && IsFuture(known, _arrival))
        {
            return $"{_createdTime!.Name} is {UnixMicroseconds.ToText(known)}, later than now, {UnixMicroseconds.ToText(_arrival)}, by more than the allowed skew of {_field.View.Source.AllowedSkew}.";
        }

        foreach (var key in _keys)
        {
            if (key.Values[row].IsNull)
            {
                return $"{key.Name} is null; expected the key of an entity.";
            }
        }

        if (_eventId is { } id && id.Values[row].IsNull)
        {
            return $"{id.Name} is null; expected the id of the event.";
        }

        foreach (var column in _stored)
        {
            if (_field.IsWindow && column.Type == FeatureType.String && !column.Values[row].IsNull
                && Encoding.UTF8.GetByteCount(column.Values[row].AsString()) > WindowBlockCodec.TextBytesMax)
            {
                return $"{column.Name} is '{YamlScalar.Shorten(column.Values[row].AsString())}'; expected at most {WindowBlockCodec.TextBytesMax} bytes of UTF-8 in a window.";
            }
        }

        try
        {
            var until = _erasures.UntilOf(_field.View.Entity.Name, KeyOf(row));
            return eventTime.AsInt64() > until ? null : $"its {_field.View.Entity.Name} was deleted with everything up to {UnixMicroseconds.ToText(until)}; expected a later event.";
        }
        catch (FeatureException exception) when (exception.Error == FeatureError.InvalidInput)
        {
            return exception.Message;
        }
    }

    /// <summary>Takes an event that has no fault; one that the view's filter leaves out is passed by.</summary>
    /// <returns>Its event time; <see cref="long.MinValue"/> of one that is passed by.</returns>
    public long Add(int row)
    {
        if (!Passes(row))
        {
            return long.MinValue;
        }

        var key = KeyOf(row);
        var eventTime = _eventTime.Values[row].AsInt64();
        var isStamped = _createdTime is null || _createdTime.Values[row].IsNull;
        var createdTime = isStamped ? ArrivalOf(row) : _createdTime!.Values[row].AsInt64();
        for (var index = 0; index < _stored.Length; index++)
        {
            _values[index] = _stored[index].Values[row];
        }

        if (!_field.IsWindow)
        {
            _rows.Add(new OnlineRowWrite(Entity(key), OnlineRowCodec.Encode(_field, eventTime, createdTime, _values)));
            return eventTime;
        }

        if (!_blocks.TryGetValue(key, out var block))
        {
            _blocks.Add(key, block = new WindowBlockBuilder(_field));
        }

        // A time that we stamped says nothing about the event: the same event, pushed again, has the same id.
        block.Add(eventTime, createdTime, _eventId?.Values[row] ?? FeatureValue.Null(FeatureType.Int64), key, _values, isStamped ? eventTime : createdTime);
        return eventTime;
    }

    public async Task WriteAsync(IOnlineStore store, CancellationToken cancellationToken)
    {
        if (_rows.Count > 0)
        {
            await store.WriteRowsAsync(_field, _rows, cancellationToken).ConfigureAwait(false);
        }

        if (_blocks.Count > 0)
        {
            // By the newest event of each entity, not of the batch: so an entity ends with the same bytes however its events were grouped and repeated.
            var retention = UnixMicroseconds.FromTimeSpan(((WindowedView)_field.View).Retention);
            var appends = _blocks.Select(block => new WindowAppend(Entity(block.Key), block.Value.Build()) { Trim = TrimOf(block.Value.Newest, retention) }).ToArray();
            await store.AppendEventsAsync(_field, appends, long.MinValue, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool[] FindPassing(RowFilter filter, FeatureView view, EventTable table)
    {
        var values = new FeatureValue[filter.Columns.Count * table.Rows];
        for (var index = 0; index < filter.Columns.Count; index++)
        {
            var column = table.Get(filter.Columns[index].Name, $"the filter of view '{view.Name}' reads it", view.Accepted(filter.Columns[index]));
            for (var row = 0; row < table.Rows; row++)
            {
                values[(index * table.Rows) + row] = column.Values[row];
            }
        }

        var passes = new bool[table.Rows];
        filter.Evaluate(values, passes);
        return passes;
    }

    private bool Passes(int row) => _passes?[row] ?? true;

    private static long TrimOf(long newest, long retention) => newest < long.MinValue + retention ? long.MinValue : newest - retention;

    private long ArrivalOf(int row) => _arrivals?[row] ?? _arrival;

    private bool IsFuture(long time, long arrival) => time > arrival + _skew;

    private EntityId Entity(string key) => new(_field.View.Project, _field.View.Entity.Name, key);

    /// <summary>The encoded key of an event; a row that was looked at last has it already.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: it is too long, or has no UTF-8.</exception>
    private string KeyOf(int row)
    {
        if (_keyRow == row)
        {
            return _key;
        }

        for (var index = 0; index < _keys.Length; index++)
        {
            _keyValues[index] = _keys[index].Values[row];
        }

        _key = EntityKeyCodec.Encode(_field.View.Entity, _keyValues);
        _keyRow = row;
        return _key;
    }
}

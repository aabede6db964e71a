namespace ZeroWorld.ML.Features.Parquet;

/// <summary>What the online store would hold of one entity in one view, at any moment. One instance serves entity after entity.</summary>
internal abstract class EntityHistory(StorageField field)
{
    // Columns of SourceQuery.RowsStatement.
    private const int EventTimeOrdinal = 1;
    private const int CreatedTimeOrdinal = 2;
    private const int EventIdOrdinal = 3;
    public const int ValuesOrdinal = 4;

    private readonly Entity _entity = field.View.Entity;
    private readonly StoredColumn[] _columns = [.. field.View.StoredColumns];
    private readonly FeatureValue[] _values = new FeatureValue[field.View.StoredColumns.Count];
    private readonly FeatureValue[] _keys = new FeatureValue[field.View.Entity.Keys.Count];

    protected StorageField Field { get; } = field;

    /// <summary>Columns of <see cref="SourceQuery.RowsStatement"/> without the partition.</summary>
    public static int ColumnsOf(FeatureView view) => ValuesOrdinal + view.StoredColumns.Count + view.Entity.Keys.Count;

    public static EntityHistory Create(StorageField field, SourceQuery source) =>
        field.IsWindow ? new WindowHistory(field, source) : new LastValueHistory(field);

    /// <summary>Bytes for <see cref="ViewPlan"/> as they were visible at q; empty when nothing was.</summary>
    public abstract ReadOnlyMemory<byte> Find(long q);

    /// <summary>Bytes to write online; empty when nothing of the range is left.</summary>
    public abstract ReadOnlyMemory<byte> Encode(MaterializationRange range);

    public abstract void Clear();

    /// <summary>Encoded key of the entity in the current row.</summary>
    public string ReadKey(DuckDbCursor rows)
    {
        for (var index = 0; index < _keys.Length; index++)
        {
            _keys[index] = rows.GetValue(ValuesOrdinal + _columns.Length + index, _entity.Keys[index].Type);
        }

        return EntityKeyCodec.Encode(_entity, _keys);
    }

    /// <summary>Adds the current row, and those behind it that belong to the same entity.</summary>
    /// <param name="erasedUntil">Rows at or before this event time do not exist.</param>
    /// <returns>Whether a row of another entity is at hand.</returns>
    public bool ReadEntity(DuckDbCursor rows, string entityKey, long erasedUntil)
    {
        var entity = rows.GetInt64(0);
        do
        {
            for (var index = 0; index < _values.Length; index++)
            {
                _values[index] = rows.GetValue(ValuesOrdinal + index, _columns[index].Type);
            }

            if (rows.GetInt64(EventTimeOrdinal) > erasedUntil)
            {
                Add(rows, rows.GetInt64(EventTimeOrdinal), rows.GetInt64(CreatedTimeOrdinal), entityKey, _values);
            }

            if (!rows.Read())
            {
                return false;
            }
        }
        while (rows.GetInt64(0) == entity);
        return true;
    }

    protected abstract void Add(DuckDbCursor rows, long eventTime, long createdTime, string entityKey, ReadOnlySpan<FeatureValue> values);

    private sealed class LastValueHistory(StorageField field) : EntityHistory(field)
    {
        private readonly LastValueTimeline _timeline = new(field);

        public override ReadOnlyMemory<byte> Find(long q) => _timeline.Find(q);

        public override ReadOnlyMemory<byte> Encode(MaterializationRange range)
        {
            var row = _timeline.Find(range.ArrivedUntil);
            return OnlineRowCodec.TryReadHeader(Field, row.Span, out var eventTime, out _, out _) && eventTime > range.Trim ? row : default;
        }

        public override void Clear() => _timeline.Clear();

        protected override void Add(DuckDbCursor rows, long eventTime, long createdTime, string entityKey, ReadOnlySpan<FeatureValue> values) =>
            _timeline.Add(eventTime, createdTime, values);
    }

    private sealed class WindowHistory(StorageField field, SourceQuery source) : EntityHistory(field)
    {
        // A block is one array: beyond this many events of one entity it could not be built.
        private readonly int _eventsMax = (Array.MaxLength / WindowBlockCodec.RowWidth(field)) - 1;
        private readonly WindowBlockBuilder _builder = new(field);
        private byte[]? _block;

        public override ReadOnlyMemory<byte> Find(long q) => _builder.Count == 0 ? default : _block ??= Build();

        // Repeated ids are dropped before old events are, so that the first to arrive counts here as in a training set.
        public override ReadOnlyMemory<byte> Encode(MaterializationRange range)
        {
            if (!Field.IsHop)
            {
                return _builder.Build(range.Trim) is { Length: > WindowBlockCodec.HeaderLength } block ? block : default;
            }

            var tiles = HopBlockMerge.OfHistory(Field, _builder.Build(), range.ArrivedUntil, range.Trim);
            return HopBlockMerge.CountEvents(Field, tiles) > 0 ? tiles : default;
        }

        public override void Clear()
        {
            _builder.Clear();
            _block = null;
        }

        protected override void Add(DuckDbCursor rows, long eventTime, long createdTime, string entityKey, ReadOnlySpan<FeatureValue> values)
        {
            if (_builder.Count >= _eventsMax)
            {
                throw new FeatureException(
                    FeatureError.InvalidInput,
                    $"One {Field.View.Entity.Name} has more than {_eventsMax} events in table '{Field.View.Source.Table}'; a window holds at most so many per entity.");
            }

            var id = !source.HasEventId
                ? FeatureValue.Null(FeatureType.Int64)
                : rows.GetValue(EventIdOrdinal, source.HasIntegerEventId ? FeatureType.Int64 : FeatureType.String);
            _builder.Add(eventTime, createdTime, id, entityKey, values);
        }

        // Whole tiles are for speed: every event is there too, for reads at any moment.
        private byte[] Build() => Field.IsHop
            ? HopBlockMerge.OfHistory(Field, _builder.Build(), long.MaxValue, long.MinValue)
            : _builder.Build();
    }
}

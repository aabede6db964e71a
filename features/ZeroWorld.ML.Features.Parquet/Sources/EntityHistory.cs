namespace ZeroWorld.ML.Features.Parquet;

/// <summary>What the online store would hold of one entity in one view, at any moment. One instance serves entity after entity.</summary>
internal abstract class EntityHistory(StorageField field)
{
    // Columns of SourceQuery.RowsStatement and HistoryStatement: number of the entity in the one, its partition in the other; then the same.
    public const int PartitionOrdinal = 0;
    public const int EventTimeOrdinal = 1;
    public const int CreatedTimeOrdinal = 2;
    private const int EventIdOrdinal = 3;
    public const int ValuesOrdinal = 4;

    private readonly Entity _entity = field.View.Entity;
    private readonly StoredColumn[] _columns = [.. field.View.StoredColumns];
    private readonly FeatureValue[] _values = new FeatureValue[field.View.StoredColumns.Count];
    private readonly FeatureValue[] _keys = new FeatureValue[field.View.Entity.Keys.Count];

    // A key of one integer is compared as it lies: so is that of most entities.
    private readonly bool _isIntegerKey = field.View.Entity.Keys is [{ Type: FeatureType.Int64 }];

    protected StorageField Field { get; } = field;

    /// <summary>Columns of <see cref="SourceQuery.RowsStatement"/> and <see cref="SourceQuery.HistoryStatement"/>.</summary>
    public static int ColumnsOf(FeatureView view) => ValuesOrdinal + view.StoredColumns.Count + view.Entity.Keys.Count;

    public static EntityHistory Create(StorageField field, SourceQuery source) =>
        field.IsWindow ? new WindowHistory(field, source) : new LastValueHistory(field);

    /// <summary>Bytes for <see cref="ViewPlan"/> as they were visible at q; empty when nothing was.</summary>
    public abstract ReadOnlyMemory<byte> Find(long q);

    /// <summary>Bytes to write online of what <see cref="ReadWhole"/> read; empty when nothing of the range is left.</summary>
    /// <param name="allocate">Gives memory for blocks of events.</param>
    public abstract ReadOnlyMemory<byte> Encode(MaterializationRange range, Func<int, Memory<byte>> allocate);

    public abstract void Clear();

    /// <summary>Encoded key of the entity in the current row.</summary>
    public string ReadKey(IHistoryRow rows)
    {
        for (var index = 0; index < _keys.Length; index++)
        {
            _keys[index] = rows.GetValue(ValuesOrdinal + _columns.Length + index, _entity.Keys[index].Type);
        }

        return EntityKeyCodec.Encode(_entity, _keys);
    }

    /// <summary>Adds the current row of <see cref="SourceQuery.RowsStatement"/>, and those behind it that belong to the same entity.</summary>
    /// <param name="erasedUntil">Rows at or before this event time do not exist.</param>
    /// <returns>Whether a row of another entity is at hand.</returns>
    public bool ReadEntity(IHistoryRow rows, string entityKey, long erasedUntil)
    {
        var entity = rows.GetInt64(0);
        do
        {
            AddRow(rows, entityKey, erasedUntil);
            if (!rows.Read())
            {
                return false;
            }
        }
        while (rows.GetInt64(0) == entity);
        return true;
    }

    /// <summary>As <see cref="ReadEntity"/>, of <see cref="SourceQuery.HistoryStatement"/>; <see cref="ReadKey"/> was called for the entity.</summary>
    public bool ReadWhole(IHistoryRow rows, string entityKey, long erasedUntil)
    {
        do
        {
            AddWholeRow(rows, entityKey, erasedUntil);
            if (!rows.Read())
            {
                return false;
            }
        }
        while (IsSameEntity(rows));
        return true;
    }

    /// <summary>Takes one row of an entity whose bytes are wanted as they are in the end.</summary>
    protected virtual void AddWholeRow(IHistoryRow rows, string entityKey, long erasedUntil) => AddRow(rows, entityKey, erasedUntil);

    /// <summary>Values of the current row.</summary>
    protected ReadOnlySpan<FeatureValue> ReadValues(IHistoryRow rows)
    {
        for (var index = 0; index < _values.Length; index++)
        {
            _values[index] = rows.GetValue(ValuesOrdinal + index, _columns[index].Type);
        }

        return _values;
    }

    private void AddRow(IHistoryRow rows, string entityKey, long erasedUntil)
    {
        if (rows.GetInt64(EventTimeOrdinal) > erasedUntil)
        {
            Add(rows, rows.GetInt64(EventTimeOrdinal), rows.GetInt64(CreatedTimeOrdinal), entityKey, ReadValues(rows));
        }
    }

    private bool IsSameEntity(IHistoryRow rows)
    {
        if (_isIntegerKey)
        {
            return rows.GetInt64(ValuesOrdinal + _columns.Length) == _keys[0].AsInt64();
        }

        for (var index = 0; index < _keys.Length; index++)
        {
            if (rows.GetValue(ValuesOrdinal + _columns.Length + index, _entity.Keys[index].Type) != _keys[index])
            {
                return false;
            }
        }

        return true;
    }

    protected abstract void Add(IHistoryRow rows, long eventTime, long createdTime, string entityKey, ReadOnlySpan<FeatureValue> values);

    private sealed class LastValueHistory(StorageField field) : EntityHistory(field)
    {
        private readonly LastValueTimeline _timeline = new(field);
        private byte[]? _latest;
        private long _latestEvent;
        private long _latestCreated;

        public override ReadOnlyMemory<byte> Find(long q) => _timeline.Find(q);

        // The statement gives no row that arrived later than the range has it: the greatest of all is the one to be seen.
        public override ReadOnlyMemory<byte> Encode(MaterializationRange range, Func<int, Memory<byte>> allocate) => _latest is not null && _latestEvent > range.Trim ? _latest : default;

        public override void Clear()
        {
            _timeline.Clear();
            _latest = null;
        }

        protected override void AddWholeRow(IHistoryRow rows, string entityKey, long erasedUntil)
        {
            var (eventTime, createdTime) = (rows.GetInt64(EventTimeOrdinal), rows.GetInt64(CreatedTimeOrdinal));
            if (eventTime <= erasedUntil || (_latest is not null && (eventTime < _latestEvent || (eventTime == _latestEvent && createdTime < _latestCreated))))
            {
                return;
            }

            var row = OnlineRowCodec.Encode(Field, eventTime, createdTime, ReadValues(rows));
            if (_latest is null || (eventTime, createdTime) != (_latestEvent, _latestCreated) || string.CompareOrdinal(HashOf(row), HashOf(_latest)) > 0)
            {
                (_latest, _latestEvent, _latestCreated) = (row, eventTime, createdTime);
            }
        }

        protected override void Add(IHistoryRow rows, long eventTime, long createdTime, string entityKey, ReadOnlySpan<FeatureValue> values) =>
            _timeline.Add(eventTime, createdTime, values);

        private string HashOf(byte[] row)
        {
            _ = OnlineRowCodec.TryReadHeader(Field, row, out _, out _, out var body);
            return OnlineRowCodec.HashBody(row.AsSpan(body));
        }
    }

    private sealed class WindowHistory(StorageField field, SourceQuery source) : EntityHistory(field)
    {
        // A block is one array: beyond this many events of one entity it could not be built.
        private readonly int _eventsMax = (Array.MaxLength / WindowBlockCodec.RowWidth(field)) - 1;
        private readonly WindowBlockBuilder _builder = new(field);

        // Events of numbers alone, with a number as their id, go into a block as they lie.
        private readonly bool _isOfNumbers = source.HasIntegerEventId && field.View.StoredColumns.All(static column => column.Type is FeatureType.Float64 or FeatureType.Int64);
        private readonly long?[] _numbers = new long?[field.View.StoredColumns.Count];
        private byte[]? _block;

        public override ReadOnlyMemory<byte> Find(long q) => _builder.Count == 0 ? default : _block ??= Build();

        // Repeated ids are dropped before old events are, so that the first to arrive counts here as in a training set.
        public override ReadOnlyMemory<byte> Encode(MaterializationRange range, Func<int, Memory<byte>> allocate)
        {
            if (!Field.IsHop)
            {
                return _builder.Build(range.Trim, allocate) is { Length: > WindowBlockCodec.HeaderLength } block ? block : default;
            }

            var tiles = HopBlockMerge.OfHistory(Field, _builder.Build(), range.ArrivedUntil, range.Trim);
            return HopBlockMerge.CountEvents(Field, tiles) > 0 ? tiles : default;
        }

        public override void Clear()
        {
            _builder.Clear();
            _block = null;
        }

        protected override void AddWholeRow(IHistoryRow rows, string entityKey, long erasedUntil)
        {
            if (!_isOfNumbers || rows.IsNull(EventIdOrdinal))
            {
                base.AddWholeRow(rows, entityKey, erasedUntil);
                return;
            }

            var eventTime = rows.GetInt64(EventTimeOrdinal);
            if (eventTime <= erasedUntil)
            {
                return;
            }

            RefuseTooMany();
            for (var index = 0; index < _numbers.Length; index++)
            {
                _numbers[index] = rows.IsNull(ValuesOrdinal + index) ? null : rows.GetInt64(ValuesOrdinal + index);
            }

            _builder.AddNumbers(eventTime, rows.GetInt64(CreatedTimeOrdinal), rows.GetInt64(EventIdOrdinal), _numbers);
        }

        protected override void Add(IHistoryRow rows, long eventTime, long createdTime, string entityKey, ReadOnlySpan<FeatureValue> values)
        {
            RefuseTooMany();
            var id = !source.HasEventId
                ? FeatureValue.Null(FeatureType.Int64)
                : rows.GetValue(EventIdOrdinal, source.HasIntegerEventId ? FeatureType.Int64 : FeatureType.String);
            _builder.Add(eventTime, createdTime, id, entityKey, values);
        }

        private void RefuseTooMany()
        {
            if (_builder.Count >= _eventsMax)
            {
                throw new FeatureException(
                    FeatureError.InvalidInput,
                    $"One {Field.View.Entity.Name} has more than {_eventsMax} events in table '{Field.View.Source.Table}'; a window holds at most so many per entity.");
            }
        }

        // Whole tiles are for speed: every event is there too, for reads at any moment.
        private byte[] Build() => Field.IsHop
            ? HopBlockMerge.OfHistory(Field, _builder.Build(), long.MaxValue, long.MinValue)
            : _builder.Build();
    }
}

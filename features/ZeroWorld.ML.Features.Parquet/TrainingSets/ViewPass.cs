namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Joins a range of spine rows with one view: two streams, both sorted by entity, merged.</summary>
internal sealed class ViewPass
{
    private readonly DuckDbSession _session;
    private readonly FeatureServicePlan _service;
    private readonly ViewPlan _plan;
    private readonly SourceQuery _source;
    private readonly Erasures _erasures;
    private readonly SpineTable _spine;
    private readonly string _keysTable;
    private readonly int[] _outputs;
    private readonly int[] _requestInputs;

    /// <param name="index">Of the view in the plan; names its table of keys.</param>
    public ViewPass(DuckDbSession session, FeatureServicePlan service, int index, SourceQuery source, Erasures erasures, SpineTable spine)
    {
        _erasures = erasures;
        _session = session;
        _service = service;
        _plan = service.Views[index];
        _source = source;
        _spine = spine;
        _keysTable = $"spine_keys_{index}";
        _outputs = [.. service.Service.Columns.Select(static (column, at) => (column, at)).Where(item => item.column.View == _plan.View).Select(static item => item.at)];
        var inputs = _plan.View is WindowedView windowed ? windowed.IncludeRequest.Values.ToHashSet(StringComparer.Ordinal) : [];
        _requestInputs = [.. service.Service.RequestValues.Select(static (value, at) => (value, at))
            .Where(item => inputs.Contains(item.value.Name) && spine.RequestOrdinals[item.at] >= 0).Select(static item => item.at)];
    }

    public FeatureView View => _plan.View;

    /// <summary>What sorting all entities takes in the engine, roughly: events and spine rows with the keys of their sorts.</summary>
    /// <param name="events">Rows of the view's table.</param>
    /// <param name="spineRows">Rows of the range.</param>
    public long SortBytes(long events, int spineRows)
    {
        // Entity, two times and the place; the first three and the place again in the key of the sort.
        const int EventBytes = 8 * sizeof(long);
        const int SpineBytes = 4 * sizeof(long);
        var id = !_source.HasEventId ? 0 : SelectedRows.ValueBytes(_source.HasIntegerEventId ? FeatureType.Int64 : FeatureType.String);
        var values = _plan.View.StoredColumns.Sum(static column => SelectedRows.ValueBytes(column.Type)) + _plan.View.Entity.Keys.Sum(static key => SelectedRows.ValueBytes(key.Type));
        var request = _requestInputs.Sum(index => SelectedRows.ValueBytes(_service.Service.RequestValues[index].Type));
        return (events * (EventBytes + id + values)) + ((long)spineRows * (SpineBytes + request));
    }

    /// <summary>Numbers the entities of a range of spine rows.</summary>
    public void CreateKeys(SpineRange range, CancellationToken cancellationToken)
    {
        var keys = KeyIndexes();
        _session.Execute(
            $"""
            CREATE OR REPLACE TABLE {_keysTable} AS SELECT DISTINCT {string.Join(", ", keys.Select(static (key, index) => $"k{key} AS k{index}"))}
            FROM {SpineTable.Name} WHERE {range.Condition("rowid")} AND {string.Join(" AND ", keys.Select(static key => $"k{key} IS NOT NULL"))}
            """,
            cancellationToken);
    }

    /// <summary>Fills the cells of this view's columns for the entities of one partition.</summary>
    /// <param name="cells">One per column of the service; only this view's are written.</param>
    /// <param name="arrivedUntil">Events that arrived later are seen by no row of the range.</param>
    /// <param name="knownUntil">Events that were created later are seen by none.</param>
    public void Run(SpineRange range, long arrivedUntil, long knownUntil, int partition, int partitions, CellColumn?[] cells, CancellationToken cancellationToken)
    {
        using var spine = _session.Query(SpineStatement(range, partition, partitions), cancellationToken);
        using var events = _session.QueryCursor(
            _source.RowsStatement(
                _keysTable, arrivedUntil, knownUntil, inArrivalOrder: _plan.Field.IsWindow, where: $"WHERE k.rowid % {partitions} = {partition}"),
            EntityHistory.ColumnsOf(_plan.View),
            cancellationToken);
        var history = EntityHistory.Create(_plan.Field, _source);
        var mayBeErased = _erasures.Has(_plan.View.Entity.Name);
        var needsKey = mayBeErased || (_plan.Field.IsWindow && !_source.HasEventId);
        var hasEvent = events.Read();
        var entity = -1L;
        var request = DefaultRequest();
        var row = new FeatureCell[_service.Service.Columns.Count];
        while (spine.Read())
        {
            var payload = ViewPayload.NullKey;
            if (!spine.IsNull(0))
            {
                if (spine.GetInt64(0) != entity)
                {
                    entity = spine.GetInt64(0);
                    history.Clear();
                    if (hasEvent && events.GetInt64(0) == entity)
                    {
                        var key = needsKey ? history.ReadKey(events) : string.Empty;
                        hasEvent = history.ReadEntity(events, key, mayBeErased ? _erasures.UntilOf(_plan.View.Entity.Name, key) : long.MinValue);
                    }
                }
            }

            var q = spine.GetInt64(2);
            if (!spine.IsNull(0))
            {
                payload = new ViewPayload(ViewPayloadState.Answered, history.Find(q), long.MinValue);
            }

            ReadRequest(spine, request);
            _plan.Fill(q, request, payload, row);
            var position = (int)(spine.GetInt64(1) - range.First);
            foreach (var column in _outputs)
            {
                cells[column]!.Set(position, row[column]);
            }
        }
    }

    private string SpineStatement(SpineRange range, int partition, int partitions)
    {
        var inputs = string.Concat(_requestInputs.Select(static index => $", s.r{index}"));
        var on = string.Join(" AND ", KeyIndexes().Select(static (key, index) => $"s.k{key} = k.k{index}"));
        return $"""
            SELECT k.rowid AS entity, s.rowid, s.q{inputs} FROM {SpineTable.Name} s LEFT JOIN {_keysTable} k ON {on}
            WHERE {range.Condition("s.rowid")} AND coalesce(k.rowid, 0) % {partitions} = {partition} ORDER BY entity NULLS FIRST
            """;
    }

    private IEnumerable<int> KeyIndexes() => _plan.View.Entity.Keys.Select(_spine.IndexOf);

    private FeatureValue[] DefaultRequest() => [.. _service.Service.RequestValues.Select(static value => value.Default)];

    private void ReadRequest(DuckDbRows spine, FeatureValue[] request)
    {
        const int FirstOrdinal = 3;
        for (var index = 0; index < _requestInputs.Length; index++)
        {
            var value = _service.Service.RequestValues[_requestInputs[index]];
            var given = spine.GetValue(FirstOrdinal + index, value.Type);
            request[_requestInputs[index]] = given.IsNull ? value.Default : given;
        }
    }
}

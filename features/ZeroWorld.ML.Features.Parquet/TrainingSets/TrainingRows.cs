namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Makes the rows of a training set of the spine and the cells of its views, in the order of the spine.</summary>
internal sealed class TrainingRows
{
    private const string StatusSuffix = "__status";

    private readonly FeatureServicePlan _plan;
    private readonly SpineTable _spine;
    private readonly int[] _requestValues;
    private readonly ColumnBuffer[] _passThrough;
    private readonly ColumnBuffer _time;
    private readonly ColumnBuffer[] _values;
    private readonly ColumnBuffer[] _statuses;

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: two columns of the training set would have one name.</exception>
    public TrainingRows(TrainingSetRequest request, SpineTable spine)
    {
        _plan = request.Plan;
        _spine = spine;
        var columns = _plan.Service.Columns;
        _requestValues = [.. spine.RequestOrdinals.Where(static ordinal => ordinal >= 0)];
        _passThrough = [.. request.PassThrough.Select((name, index) => new ColumnBuffer(name, ColumnTypes.KindOf(spine.PassThroughTypes[index])))];
        _time = new ColumnBuffer(FeatureService.TimeValue, ColumnKind.Timestamp);
        _values = [.. columns.Select(static column => new ColumnBuffer(column.Name, ColumnTypes.KindOf(column.Type)))];
        _statuses = request.WithStatuses ? [.. columns.Select(static column => new ColumnBuffer(column.Name + StatusSuffix, ColumnKind.Int32))] : [];
        Buffers =
        [
            .. _passThrough,
            _time,
            .. _values.SelectMany((value, index) => request.WithStatuses ? new[] { value, _statuses[index] } : [value]),
        ];
        if (Buffers.GroupBy(static buffer => buffer.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(static group => group.Skip(1).Any()) is { } twice)
        {
            throw new FeatureException(
                FeatureError.InvalidInput,
                $"The training set would have two columns '{twice.Key}' (case does not count); expected columns handed through to differ from 'time' and from the columns of service '{_plan.Service.Name}'.");
        }
    }

    /// <summary>Every column of the training set, in order.</summary>
    public ColumnBuffer[] Buffers { get; }

    /// <summary>Fills the buffers block after block.</summary>
    /// <returns>Per block its rows, and the rows of the spine done by then.</returns>
    public IEnumerable<(int Rows, long Done)> Assemble(
        DuckDbSession session, SpineRange range, CellColumn?[] cells, CancellationToken cancellationToken)
    {
        var inputs = string.Concat(_requestValues.Select(static index => $", r{index}"));
        var passed = string.Concat(_passThrough.Select(static (_, index) => $", p{index}"));
        using var rows = session.Query(
            $"SELECT rowid, q{inputs}{passed} FROM {SpineTable.Name} WHERE {range.Condition("rowid")}", cancellationToken);
        FeatureValue[] request = [.. _plan.Service.RequestValues.Select(static value => value.Default)];
        var row = new FeatureCell[_plan.Service.Columns.Count];
        var (filled, position) = (0, 0);
        while (rows.Read())
        {
            if (rows.GetInt64(0) != range.First + position)
            {
                throw new InvalidOperationException($"The engine returned spine row {rows.GetInt64(0)} in the place of row {range.First + position}.");
            }

            SetRow(rows, request, cells, position++, filled, row);
            if (++filled == ColumnBuffer.BlockRows)
            {
                yield return (filled, range.First + position);
                filled = 0;
            }
        }

        if (filled > 0)
        {
            yield return (filled, range.First + position);
        }
    }

    private void SetRow(DuckDbRows rows, FeatureValue[] request, CellColumn?[] cells, int position, int target, FeatureCell[] row)
    {
        const int FirstOrdinal = 2;
        var q = rows.GetInt64(1);
        for (var index = 0; index < _requestValues.Length; index++)
        {
            var value = _plan.Service.RequestValues[_requestValues[index]];
            var given = rows.GetValue(FirstOrdinal + index, value.Type);
            request[_requestValues[index]] = given.IsNull ? value.Default : given;
        }

        for (var index = 0; index < _passThrough.Length; index++)
        {
            _passThrough[index].Set(target, rows.GetValue(FirstOrdinal + _requestValues.Length + index, _spine.PassThroughTypes[index]));
        }

        for (var index = 0; index < row.Length; index++)
        {
            if (cells[index] is { } column)
            {
                row[index] = column.Get(position);
            }
        }

        _plan.FillRequest(request, row);
        _plan.RunTransforms(q, request, row);
        _time.SetBits(target, q);
        for (var index = 0; index < row.Length; index++)
        {
            _values[index].Set(target, row[index].Value);
            if (_statuses.Length > 0)
            {
                _statuses[index].SetBits(target, (long)row[index].Status);
            }
        }
    }
}

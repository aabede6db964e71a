namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A block of rows of a training set: made of the spine and the cells of its views.</summary>
/// <remarks>Not thread safe.</remarks>
internal sealed class TrainingBlock
{
    private const string StatusSuffix = "__status";

    private readonly FeatureServicePlan _plan;
    private readonly SpineTable _spine;
    private readonly int[] _requestValues;
    private readonly ColumnBuffer[] _passThrough;
    private readonly ColumnBuffer _time;
    private readonly ColumnBuffer[] _values;
    private readonly ColumnBuffer[] _statuses;
    private readonly ColumnBuffer[] _inputs;
    private readonly FeatureStatus[][] _states;
    private readonly bool _hasRowValues;

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: two columns of the training set would have one name.</exception>
    public TrainingBlock(TrainingSetRequest request, SpineTable spine)
    {
        _plan = request.Plan;
        _spine = spine;
        var columns = _plan.Service.Columns;
        _requestValues = [.. spine.RequestOrdinals.Where(static ordinal => ordinal >= 0)];
        _passThrough = [.. request.PassThrough.Select((name, index) => new ColumnBuffer(name, ColumnTypes.KindOf(spine.PassThroughTypes[index])))];
        _time = new ColumnBuffer(FeatureService.TimeValue, ColumnKind.Timestamp);
        _values = [.. columns.Select(static column => new ColumnBuffer(column.Name, ColumnTypes.KindOf(column.Type)))];
        _statuses = request.WithStatuses ? [.. columns.Select(static column => new ColumnBuffer(column.Name + StatusSuffix, ColumnKind.Int32))] : [];
        _inputs = [.. _plan.Service.RequestValues.Select(static value => new ColumnBuffer(value.Name, ColumnTypes.KindOf(value.Type)))];
        _states = [.. columns.Select(static _ => new FeatureStatus[ColumnBuffer.BlockRows])];
        _hasRowValues = columns.Any(static column => column.View is null);
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

    /// <summary>The columns of the spine that blocks take, in the order in which they expect them.</summary>
    public static string SpineStatement(TrainingSetRequest request, SpineTable spine, SpineRange range)
    {
        var inputs = string.Concat(spine.RequestOrdinals.Where(static ordinal => ordinal >= 0).Select(static index => $", r{index}"));
        var passed = string.Concat(request.PassThrough.Select(static (_, index) => $", p{index}"));
        return $"SELECT rowid, q{inputs}{passed} FROM {SpineTable.Name} WHERE {range.Condition("rowid")}";
    }

    /// <summary>Rows of the block.</summary>
    public int Count { get; private set; }

    /// <summary>Takes rows of the spine until the block is full.</summary>
    /// <returns>How many it took.</returns>
    public int Take(DuckDbVectors rows, int from)
    {
        var count = Math.Min(rows.Count - from, ColumnBuffer.BlockRows - Count);
        CopySpine(rows, from, Count, count);
        Count += count;
        return count;
    }

    public void Clear() => Count = 0;

    private void CopySpine(DuckDbVectors rows, int from, int at, int count)
    {
        const int FirstOrdinal = 2;
        _time.Copy(rows.Column(1), FeatureType.Timestamp, from, at, count);
        for (var index = 0; index < _requestValues.Length; index++)
        {
            var value = _plan.Service.RequestValues[_requestValues[index]];
            var buffer = _inputs[_requestValues[index]];
            buffer.Copy(rows.Column(FirstOrdinal + index), value.Type, from, at, count);
            for (var row = at; !value.Default.IsNull && row < at + count; row++)
            {
                if (buffer.Nulls[row])
                {
                    buffer.Set(row, value.Default);
                }
            }
        }

        for (var index = 0; index < _passThrough.Length; index++)
        {
            _passThrough[index].Copy(
                rows.Column(FirstOrdinal + _requestValues.Length + index), _spine.PassThroughTypes[index], from, at, count);
        }
    }

    /// <summary>Computes what the spine does not have.</summary>
    /// <param name="first">Number of the block's first row in its range.</param>
    /// <param name="cells">Per column of the service the cells of its view.</param>
    public void Complete(int first, ViewCells?[] cells)
    {
        var count = Count;
        var moments = _time.Bits.AsSpan(0, count);
        for (var index = 0; index < _values.Length; index++)
        {
            cells[index]?.Write(index, first, moments, _values[index], _states[index]);
        }

        var row = new FeatureCell[_values.Length];
        FeatureValue[] request = [.. _plan.Service.RequestValues.Select(static value => value.Default)];
        for (var at = 0; at < count && _hasRowValues; at++)
        {
            CompleteRow(at, request, row);
        }

        for (var index = 0; index < _statuses.Length; index++)
        {
            for (var at = 0; at < count; at++)
            {
                _statuses[index].SetBits(at, (long)_states[index][at]);
            }
        }
    }

    // Request values and transforms: the code that answers requests, row by row.
    private void CompleteRow(int at, FeatureValue[] request, FeatureCell[] row)
    {
        foreach (var index in _requestValues)
        {
            request[index] = _inputs[index].Get(at, _plan.Service.RequestValues[index].Type);
        }

        for (var index = 0; index < row.Length; index++)
        {
            var column = _plan.Service.Columns[index];
            if (column.View is not null)
            {
                row[index] = new FeatureCell(_values[index].Get(at, column.Type), _states[index][at], null, false);
            }
        }

        _plan.FillRequest(request, row);
        _plan.RunTransforms(_time.Bits[at], request, row);
        for (var index = 0; index < row.Length; index++)
        {
            if (_plan.Service.Columns[index].View is null)
            {
                _values[index].Set(at, row[index].Value);
                _states[index][at] = row[index].Status;
            }
        }
    }
}

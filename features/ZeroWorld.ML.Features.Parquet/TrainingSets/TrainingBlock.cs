namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A block of rows of a training set: made of the spine and the cells of its views.</summary>
/// <remarks>Not thread safe.</remarks>
internal sealed class TrainingBlock : IColumnBlock
{
    private const int TransformRows = 1024;

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
    private readonly TransformColumns _transforms;
    private readonly BlockStatistics[] _statistics;
    private readonly byte[] _digest = new byte[BlockDigest.Length];
    private int _first;

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
        _states = [.. columns.Select(_ => request.WithStatuses ? new FeatureStatus[ColumnBuffer.BlockRows] : [])];
        _transforms = _plan.CreateTransformColumns(TransformRows);
        Buffers =
        [
            .. _passThrough,
            _time,
            .. _values.SelectMany((value, index) => request.WithStatuses ? new[] { value, _statuses[index] } : [value]),
        ];
        _statistics = new BlockStatistics[Buffers.Length];
        if (Buffers.GroupBy(static buffer => buffer.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(static group => group.Skip(1).Any()) is { } twice)
        {
            throw new FeatureException(
                FeatureError.InvalidInput,
                $"The training set would have two columns '{twice.Key}' (case does not count); expected columns handed through to differ from 'time' and from the columns of service '{_plan.Service.Name}'.");
        }
    }

    /// <summary>Every column of the training set, in order.</summary>
    public ColumnBuffer[] Buffers { get; }

    /// <summary>The columns of the spine that blocks take, beside the time, in the order in which they expect them.</summary>
    public static IReadOnlyList<string> SpineColumns(TrainingSetRequest request, SpineTable spine) =>
    [
        .. spine.RequestOrdinals.Where(static ordinal => ordinal >= 0).Select(static index => $"r{index}"),
        .. request.PassThrough.Select(static (_, index) => $"p{index}"),
    ];

    /// <summary>What the block takes, roughly where there are texts.</summary>
    public long MemoryBytes => ColumnBuffer.BlockRows * (((Buffers.Length + _inputs.Length) * (sizeof(long) + 1L)) + (_statuses.Length * sizeof(FeatureStatus)));

    /// <summary>Per column what its values come to, since <see cref="Summarize"/>.</summary>
    public ReadOnlySpan<BlockStatistics> Statistics => _statistics;

    /// <summary>Of all values, since <see cref="Summarize"/>.</summary>
    public ReadOnlySpan<byte> Digest => _digest;

    /// <summary>Rows of the block.</summary>
    public int Count { get; private set; }

    public ColumnStatisticsBuilder?[] CreateStatistics()
    {
        var columns = _plan.Service.Columns;
        return
        [
            .. _passThrough.Select((column, index) => new ColumnStatisticsBuilder(column.Name, _spine.PassThroughTypes[index], null)),
            new ColumnStatisticsBuilder(_time.Name, FeatureType.Timestamp, null),
            .. columns.SelectMany(column => new[]
            {
                new ColumnStatisticsBuilder(column.Name, column.Type, column.View?.Fields[column.Field].Bounds),
                null,
            }.Take(_statuses.Length > 0 ? 2 : 1)),
        ];
    }

    /// <summary>Takes rows of the spine until the block is full.</summary>
    /// <param name="times">Of all rows of the range; empty: they are read with the others.</param>
    /// <param name="room">Says how many rows fit by their texts and lists.</param>
    /// <returns>How many it took; 0: the block is full.</returns>
    public int Take(DuckDbChunk rows, int from, ReadOnlySpan<long> times, BlockRoom room)
    {
        // Where texts make blocks short, one still begins with every so many rows, wherever a range begins: what is reckoned by blocks is the same for any memory.
        var left = ColumnBuffer.BlockRows - ((_first + Count) % ColumnBuffer.BlockRows);
        if (Count > 0 && left == ColumnBuffer.BlockRows)
        {
            return 0;
        }

        var count = room.Fit(rows, from, Math.Min(rows.Count - from, left), _first + Count);
        if (times.IsEmpty)
        {
            _time.Copy(rows.Column(SpineRows.TimeOrdinal), FeatureType.Timestamp, from, Count, count);
        }
        else
        {
            times.Slice(_first + Count, count).CopyTo(_time.Bits.AsSpan(Count));
            _time.Nulls.AsSpan(Count, count).Clear();
        }

        CopySpine(rows, from, Count, count);
        Count += count;
        return count;
    }

    /// <summary>Empties the block.</summary>
    /// <param name="first">Number of its first row in the range.</param>
    public void Clear(int first)
    {
        (_first, Count) = (first, 0);
        foreach (var buffer in Buffers)
        {
            buffer.Trim();
        }
    }

    /// <summary>The texts and lists among the columns of <see cref="SpineColumns"/>.</summary>
    public IReadOnlyList<(int Ordinal, FeatureType Type)> SpineTexts =>
    [
        .. _requestValues.Select((request, index) => (SpineRows.FirstOrdinal + index, _plan.Service.RequestValues[request].Type))
            .Concat(_spine.PassThroughTypes.Select((type, index) => (SpineRows.FirstOrdinal + _requestValues.Length + index, type)))
            .Where(static column => ColumnTypes.IsOfBytes(ColumnTypes.KindOf(column.Item2))),
    ];

    private void CopySpine(DuckDbChunk rows, int from, int at, int count)
    {
        for (var index = 0; index < _requestValues.Length; index++)
        {
            _inputs[_requestValues[index]].Copy(
                rows.Column(SpineRows.FirstOrdinal + index), _plan.Service.RequestValues[_requestValues[index]].Type, from, at, count);
        }

        for (var index = 0; index < _passThrough.Length; index++)
        {
            _passThrough[index].Copy(
                rows.Column(SpineRows.FirstOrdinal + _requestValues.Length + index), _spine.PassThroughTypes[index], from, at, count);
        }
    }

    /// <summary>Computes what the spine does not have.</summary>
    /// <param name="cells">Per column of the service the cells of its view.</param>
    public void Complete(ViewCells?[] cells)
    {
        var count = Count;
        var moments = _time.Bits.AsSpan(0, count);
        var targets = cells.Index().Where(static item => item.Item is not null)
            .GroupBy(static item => item.Item!, item => new CellTarget(item.Index, _values[item.Index], _states[item.Index]))
            .Select(static group => (Cells: group.Key, Columns: group.ToArray())).ToArray();

        // Few rows at a time: what one column brings into the processor's cache is there for the next ones.
        for (var at = 0; at < count; at += ViewCells.RowsMax)
        {
            foreach (var (view, columns) in targets)
            {
                view.Write(_first, at, moments[at..Math.Min(at + ViewCells.RowsMax, count)], columns);
            }
        }

        CompleteRequest(count);
        for (var at = 0; at < count && _plan.Service.Transforms.Count > 0; at += TransformRows)
        {
            RunTransforms(at, Math.Min(TransformRows, count - at));
        }

        for (var index = 0; index < _statuses.Length; index++)
        {
            for (var at = 0; at < count; at++)
            {
                _statuses[index].SetBits(at, (long)_states[index][at]);
            }
        }
    }

    /// <summary>Counts and digests the values of every column.</summary>
    /// <param name="statistics">Per column what it is counted for, or <see langword="null"/>.</param>
    public void Summarize(IReadOnlyList<ColumnStatisticsBuilder?> statistics, BlockDigest digest)
    {
        digest.Of(Buffers, Count, _digest);
        for (var index = 0; index < Buffers.Length; index++)
        {
            _statistics[index] = statistics[index]?.Summarize(Buffers[index], Count) ?? default;
        }
    }

    private void CompleteRequest(int count)
    {
        for (var index = 0; index < _values.Length; index++)
        {
            if (_plan.Service.Columns[index].RequestValue is not (>= 0 and var request))
            {
                continue;
            }

            var fallback = _plan.Service.RequestValues[request].Default;
            var isGiven = _requestValues.Contains(request);
            for (var at = 0; at < count; at++)
            {
                var value = Given(request, isGiven, at);
                var cell = value.IsNull ? FeatureCell.OfDefault(fallback) : FeatureCell.Of(value);
                _values[index].Set(at, cell.Value);
                SetState(index, at, cell.Status);
            }
        }
    }

    private void SetState(int column, int row, FeatureStatus status)
    {
        if (_states[column].Length > 0)
        {
            _states[column][row] = status;
        }
    }

    private FeatureValue Given(int request, bool isGiven, int at)
    {
        var type = _plan.Service.RequestValues[request].Type;
        return isGiven ? _inputs[request].Get(at, type) : FeatureValue.Null(type);
    }

    // Rows that fit the processor's caches; only what the expressions read is put before them.
    private void RunTransforms(int first, int count)
    {
        var service = _plan.Service;
        for (var index = 0; index < service.RequestValues.Count; index++)
        {
            var input = _transforms.Request(index);
            var isGiven = _requestValues.Contains(index);
            for (var at = 0; !input.IsEmpty && at < count; at++)
            {
                var value = Given(index, isGiven, first + at);
                input[at] = value.IsNull ? service.RequestValues[index].Default : value;
            }
        }

        for (var index = 0; index < _values.Length; index++)
        {
            var column = service.Columns[index];
            var input = _transforms.Column(index);
            for (var at = 0; column.Transform < 0 && !input.IsEmpty && at < count; at++)
            {
                input[at] = _values[index].Get(first + at, column.Type);
            }
        }

        _plan.RunTransforms(_time.Bits.AsSpan(first, count), _transforms);
        for (var index = 0; index < _values.Length; index++)
        {
            var results = service.Columns[index].Transform >= 0 ? _transforms.Column(index) : [];
            for (var at = 0; !results.IsEmpty && at < count; at++)
            {
                _values[index].Set(first + at, results[at]);
                SetState(index, first + at, FeatureCell.Of(results[at]).Status);
            }
        }
    }
}

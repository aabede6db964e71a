using System.Buffers.Binary;

namespace ZeroWorld.ML.Features;

/// <summary>Computes the aggregates of one windowed view at a moment q, from a window block: the one kernel of backfill and read.</summary>
/// <remarks>
/// Precision <c>hop</c> is <see cref="HopKernel"/>'s. With <c>exact</c> one pass from the newest event to the oldest of the longest window; each shorter window is finished on the way. The order of
/// events in the block decides the order of additions, so that equal events give equal bits wherever they are read. Nothing is
/// ever subtracted. Sums are compensated (Neumaier 1974, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen").
/// Values are float64: an int64 beyond 2^53 is rounded when it is stored, and a sum that leaves the range of float64 is infinite.
/// <para>Thread safety: immutable; <see cref="Evaluate"/> may run concurrently.</para>
/// </remarks>
public sealed class WindowKernel
{
    private readonly uint _fingerprint;
    private readonly int _rowWidth;
    private readonly int _bitmapOffset;
    private readonly int _valuesOffset;
    private readonly int _columns;
    private readonly long _labelDelay;
    private readonly bool _includesRequest;
    private readonly WindowLayout _layout;
    private readonly HopKernel? _hop;
    private readonly SummaryPlan?[] _summaryPlans;
    private readonly bool _isPlain;
    private readonly WindowGroup[] _groups;
    private readonly FeatureType[] _types;
    private readonly ColumnNeeds[] _needs;
    private readonly int[] _ownInputs;
    private readonly int[] _ownTargets;

    public WindowKernel(StorageField field)
    {
        ArgumentNullException.ThrowIfNull(field);
        var view = (WindowedView)field.View;
        _fingerprint = field.Fingerprint;
        _rowWidth = WindowBlockCodec.RowWidth(field);
        _columns = view.StoredColumns.Count;
        _bitmapOffset = WindowBlockCodec.EventIdOffset + field.EventIdWidth;
        _valuesOffset = _bitmapOffset + ((_columns + 7) / 8);
        _labelDelay = UnixMicroseconds.FromTimeSpan(view.LabelDelay);
        _includesRequest = view.IncludesRequest;
        _types = [.. view.Fields.Select(static feature => feature.Type)];
        _layout = new WindowLayout(field);
        _hop = view.Precision == WindowPrecision.Hop ? new HopKernel(field, _layout) : null;
        _summaryPlans = [.. SummaryPlan.Of(view with { Features = [.. view.Features.Where(SummaryPlan.IsBeyondScan)] }, view.StoredColumns)];
        _isPlain = _layout.IsNumbersOnly && Array.TrueForAll(_summaryPlans, static plan => plan is null);
        var columns = view.StoredColumns.Select(static column => column.Name).ToList();
        _groups =
        [
            .. view.Features
                .Select((feature, index) => (feature, index))
                .GroupBy(static item => UnixMicroseconds.FromTimeSpan(item.feature.Window))
                .OrderBy(static group => group.Key)
                .Select(group => new WindowGroup(
                    group.Key,
                    [.. group.Select(item => new Aggregate(
                        item.index,
                        item.feature.Function,
                        item.feature.Column is { } column ? columns.IndexOf(column) : -1,
                        SummaryPlan.IsBeyondScan(item.feature) ? item.feature : null))])),
        ];
        _needs = new ColumnNeeds[_columns];
        foreach (var aggregate in _groups.SelectMany(static group => group.Aggregates).Where(static aggregate => aggregate.Column >= 0))
        {
            _needs[aggregate.Column] |= aggregate.Function switch
            {
                AggregateFunction.Min or AggregateFunction.Max => ColumnNeeds.Extremes,
                AggregateFunction.Variance or AggregateFunction.StandardDeviation => ColumnNeeds.Variance,
                _ => ColumnNeeds.None,
            };
        }

        _ownInputs = [.. Enumerable.Range(0, _columns)];
        _ownTargets = [.. Enumerable.Range(0, _types.Length)];
    }

    /// <summary>Number of features, and of cells that <see cref="Evaluate"/> writes.</summary>
    public int Features => _types.Length;

    /// <summary>Number of stored columns, and of request inputs.</summary>
    public int Columns => _columns;

    /// <param name="block">The entity's block; empty when the store has none: an empty window.</param>
    /// <param name="coveredFrom">The view's coverage (microseconds): where the block's own is later, that counts.</param>
    /// <param name="q">The moment of the read, microseconds since the epoch.</param>
    /// <param name="request">The request's own event, one value per stored column (numeric or null); ignored unless the view includes it.</param>
    /// <param name="cells">Receives one cell per feature of the view, without defaults.</param>
    /// <returns><see langword="false"/> when the bytes are no block of this view; then all cells are <see cref="FeatureStatus.Unavailable"/>.</returns>
    public bool Evaluate(ReadOnlySpan<byte> block, long coveredFrom, long q, ReadOnlySpan<FeatureValue> request, Span<FeatureCell> cells) =>
        EvaluateInto(block, coveredFrom, q, request, _ownInputs, cells, _ownTargets);

    /// <param name="inputs">Per stored column: its index in <paramref name="request"/>, or -1 for a null.</param>
    /// <param name="targets">Per feature: its index in <paramref name="cells"/>, or -1 where it is not wanted.</param>
    internal bool EvaluateInto(
        ReadOnlySpan<byte> block,
        long coveredFrom,
        long q,
        ReadOnlySpan<FeatureValue> request,
        ReadOnlySpan<int> inputs,
        Span<FeatureCell> cells,
        ReadOnlySpan<int> targets)
    {
        if (_hop is not null)
        {
            if (_hop.Evaluate(block, coveredFrom, q, request, inputs, cells, targets))
            {
                return true;
            }

            Withhold(cells, targets);
            return false;
        }

        var events = 0;
        if (!block.IsEmpty)
        {
            if (!WindowBlockCodec.TryReadHeader(block, _fingerprint, _rowWidth, out events, out var blockCoveredFrom))
            {
                Withhold(cells, targets);
                return false;
            }

            coveredFrom = Math.Max(coveredFrom, blockCoveredFrom);
        }

        var rows = events == 0 ? default : block[WindowBlockCodec.HeaderLength..];

        // Without label delay the head is exclusive (event time < q), with one it is inclusive (event time <= q - d).
        var head = SaturatingSubtract(q, _labelDelay);
        var next = _layout.CountBefore(rows, head, isInclusive: _labelDelay != 0) - 1;

        Span<ColumnState> states = _columns <= 16 ? stackalloc ColumnState[_columns] : new ColumnState[_columns];
        states.Clear();
        var summaries = _isPlain ? [] : Array.ConvertAll(_summaryPlans, static plan => plan is null ? null : new ColumnSummary(plan));
        var scan = new ScanState();
        if (_includesRequest)
        {
            scan.Rows = 1;
            scan.NewestEventTime = q;
            for (var column = 0; column < _columns; column++)
            {
                if (inputs[column] is >= 0 and var input && !request[input].IsNull)
                {
                    states[column].Add(request[input].ToDouble() + 0.0, _needs[column]);
                    if (!_isPlain)
                    {
                        summaries[column]?.Add(EventKey.OfRequest(q), WindowValue.From(request[input], _layout.TypeOf(column)));
                    }
                }
            }
        }

        foreach (var group in _groups)
        {
            var tail = SaturatingSubtract(head, group.Window);
            while (next >= 0)
            {
                var row = rows.Slice(next * _rowWidth, _rowWidth);
                var eventTime = BinaryPrimitives.ReadInt64LittleEndian(row);
                if (eventTime <= tail)
                {
                    break;
                }

                // An event whose source knew it only after q was not there at q.
                if (BinaryPrimitives.ReadInt64LittleEndian(row[WindowBlockCodec.CreatedTimeOffset..]) <= q)
                {
                    if (_isPlain)
                    {
                        AddRow(row, eventTime, ref scan, states);
                    }
                    else
                    {
                        AddTypedRow(row, eventTime, ref scan, states, summaries);
                    }
                }

                next--;
            }

            var isCovered = tail >= coveredFrom;
            foreach (var aggregate in group.Aggregates)
            {
                if (targets[aggregate.Feature] is >= 0 and var target)
                {
                    cells[target] = isCovered
                        ? Finish(aggregate, scan, states, summaries)
                        : FeatureCell.Missing(_types[aggregate.Feature], FeatureStatus.Unavailable);
                }
            }
        }

        return true;
    }

    private void AddRow(ReadOnlySpan<byte> row, long eventTime, ref ScanState scan, Span<ColumnState> states)
    {
        scan.Rows++;
        scan.NewestEventTime ??= eventTime;
        for (var column = 0; column < _columns; column++)
        {
            if ((row[_bitmapOffset + (column >> 3)] & (1 << (column & 7))) == 0)
            {
                states[column].Add(BinaryPrimitives.ReadDoubleLittleEndian(row[(_valuesOffset + (column * sizeof(double)))..]), _needs[column]);
            }
        }
    }

    private void AddTypedRow(ReadOnlySpan<byte> row, long eventTime, ref ScanState scan, Span<ColumnState> states, ColumnSummary?[] summaries)
    {
        scan.Rows++;
        scan.NewestEventTime ??= eventTime;
        var key = EventKey.Read(row, _layout.IdWidth);
        for (var column = 0; column < _columns; column++)
        {
            if (!_layout.IsNull(row, column))
            {
                var value = _layout.Read(row, column);
                states[column].Add(value.ToDouble(_layout.TypeOf(column)), _needs[column]);
                summaries[column]?.Add(key, value);
            }
        }
    }

    private static FeatureCell Finish(Aggregate aggregate, in ScanState scan, ReadOnlySpan<ColumnState> states, ColumnSummary?[] summaries)
    {
        if (aggregate.Summarized is { } feature)
        {
            return summaries[aggregate.Column]!.Finish(feature, scan.NewestEventTime);
        }

        if (aggregate.Column < 0)
        {
            return Present(FeatureValue.FromInt64(scan.Rows), scan);
        }

        ref readonly var state = ref states[aggregate.Column];
        return aggregate.Function switch
        {
            AggregateFunction.Count => Present(FeatureValue.FromInt64(state.Count), scan),
            AggregateFunction.Sum => Present(FeatureValue.FromFloat64(state.Sum), scan),
            AggregateFunction.Mean => PresentFrom(1, state, state.Sum / state.Count, scan),
            AggregateFunction.Min => PresentFrom(1, state, state.Min, scan),
            AggregateFunction.Max => PresentFrom(1, state, state.Max, scan),
            AggregateFunction.Variance => PresentFrom(2, state, state.Variance, scan),
            AggregateFunction.StandardDeviation => PresentFrom(2, state, Math.Sqrt(state.Variance), scan),
            AggregateFunction.First => PresentFrom(1, state, state.Oldest, scan),
            AggregateFunction.Last => PresentFrom(1, state, state.Newest, scan),
            _ => throw new ArgumentOutOfRangeException(nameof(aggregate), aggregate.Function, null),
        };
    }

    private static FeatureCell PresentFrom(int countMin, in ColumnState state, double value, in ScanState scan) => state.Count >= countMin
        ? Present(FeatureValue.FromFloat64(value), scan)
        : new FeatureCell(FeatureValue.Null(FeatureType.Float64), FeatureStatus.Null, scan.NewestEventTime, false);

    private static FeatureCell Present(FeatureValue value, in ScanState scan) => new(value, FeatureStatus.Present, scan.NewestEventTime, false);

    private void Withhold(Span<FeatureCell> cells, ReadOnlySpan<int> targets)
    {
        for (var feature = 0; feature < _types.Length; feature++)
        {
            if (targets[feature] is >= 0 and var target)
            {
                cells[target] = FeatureCell.Missing(_types[feature], FeatureStatus.Unavailable);
            }
        }
    }

    /// <remarks>Amounts are never negative. The smallest int64 is no event time, so that saturation loses no event.</remarks>
    internal static long SaturatingSubtract(long value, long amount) => value < long.MinValue + amount ? long.MinValue : value - amount;

    private readonly record struct Aggregate(int Feature, AggregateFunction Function, int Column, WindowFeature? Summarized);

    private sealed record WindowGroup(long Window, Aggregate[] Aggregates);

    private struct ScanState
    {
        public long Rows;
        public long? NewestEventTime;
    }
}

using System.Buffers.Binary;

namespace ZeroWorld.ML.Features;

/// <summary>Computes the aggregates of one windowed view at a moment q, from a window block: the one kernel of backfill and read.</summary>
/// <remarks>
/// One pass from the newest event to the oldest of the longest window; each shorter window is finished on the way. The order of
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
        var columns = view.StoredColumns.Select(static column => column.Name).ToList();
        _groups =
        [
            .. view.Features
                .Select((feature, index) => (feature, index))
                .GroupBy(static item => UnixMicroseconds.FromTimeSpan(item.feature.Window))
                .OrderBy(static group => group.Key)
                .Select(group => new WindowGroup(
                    group.Key,
                    [.. group.Select(item => new Aggregate(item.index, item.feature.Function, item.feature.Column is { } column ? columns.IndexOf(column) : -1))])),
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
        var next = CountBefore(rows, events, head, isInclusive: _labelDelay != 0) - 1;

        Span<ColumnState> states = _columns <= 16 ? stackalloc ColumnState[_columns] : new ColumnState[_columns];
        states.Clear();
        var scan = new ScanState();
        if (_includesRequest)
        {
            scan.Rows = 1;
            scan.NewestEventTime = q;
            for (var column = 0; column < _columns; column++)
            {
                if (inputs[column] is >= 0 and var input && !request[input].IsNull)
                {
                    states[column].Add(request[input].ToDouble(), _needs[column]);
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
                    AddRow(row, eventTime, ref scan, states);
                }

                next--;
            }

            var isCovered = tail >= coveredFrom;
            foreach (var aggregate in group.Aggregates)
            {
                if (targets[aggregate.Feature] is >= 0 and var target)
                {
                    cells[target] = isCovered
                        ? Finish(aggregate, scan, states)
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

    private static FeatureCell Finish(Aggregate aggregate, in ScanState scan, ReadOnlySpan<ColumnState> states)
    {
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

    /// <summary>Number of leading rows with event time before <paramref name="time"/>, or also at it.</summary>
    private int CountBefore(ReadOnlySpan<byte> rows, int events, long time, bool isInclusive)
    {
        var (low, high) = (0, events);
        while (low < high)
        {
            var middle = (int)(((uint)low + (uint)high) >> 1);
            var eventTime = BinaryPrimitives.ReadInt64LittleEndian(rows[(middle * _rowWidth)..]);
            if (eventTime < time || (isInclusive && eventTime == time))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <remarks>Amounts are never negative. The smallest int64 is no event time, so that saturation loses no event.</remarks>
    private static long SaturatingSubtract(long value, long amount) => value < long.MinValue + amount ? long.MinValue : value - amount;

    private readonly record struct Aggregate(int Feature, AggregateFunction Function, int Column);

    private sealed record WindowGroup(long Window, Aggregate[] Aggregates);

    private struct ScanState
    {
        public long Rows;
        public long? NewestEventTime;
    }
}

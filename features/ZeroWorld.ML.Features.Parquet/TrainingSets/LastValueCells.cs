namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The winners of a last-value view, and the values of their rows.</summary>
internal sealed class LastValueCells : ViewCells
{
    private readonly SpineMoments _spine;
    private readonly LastValueView _view;
    private readonly FeatureService _service;
    private readonly int[] _winners;
    private readonly long[] _eventTimes;
    private readonly SelectedColumn?[] _columns;

    private LastValueCells(SpineMoments spine, LastValueView view, FeatureService service, int[] winners, long[] eventTimes, SelectedColumn?[] columns)
    {
        _spine = spine;
        _view = view;
        _service = service;
        _winners = winners;
        _eventTimes = eventTimes;
        _columns = columns;
    }

    /// <summary>Reads the values of the rows that a search found.</summary>
    public static LastValueCells Read(
        DuckDbSession session,
        LastValueSearch search,
        SpineMoments spine,
        FeatureService service,
        LastValueView view,
        SourceQuery source,
        IReadOnlyList<SourceSlice> slices,
        int threads,
        Action<long> scanned,
        CancellationToken cancellationToken)
    {
        var selection = new RowSelection(slices.Count == 0 ? 0 : slices[^1].First + slices[^1].Rows);
        var moments = spine.Moments.Length;
        var eventTimes = view.TimeToLive is null ? [] : new long[moments];
        for (var moment = 0; moment < moments; moment++)
        {
            if (search.WinnerAt(moment, out _) is >= 0 and var row)
            {
                selection.Add(row);
            }
        }

        selection.Complete();
        var winners = new int[moments];
        for (var moment = 0; moment < moments; moment++)
        {
            var row = search.WinnerAt(moment, out var eventTime);
            winners[moment] = row < 0 ? -1 : selection.Find(row);
            if (eventTimes.Length > 0)
            {
                eventTimes[moment] = eventTime;
            }
        }

        var stored = view.StoredColumns;
        var columns = new SelectedColumn?[stored.Count];
        int[] wanted = [.. service.Columns.Where(column => column.View == view).Select(static column => column.Field).Distinct().Order()];
        foreach (var index in wanted)
        {
            columns[index] = new SelectedColumn(stored[index].Type, selection.Count, threads);
        }

        if (wanted.Length > 0 && selection.Count > 0)
        {
            var expressions = wanted.Select(source.ValueAt).ToList();
            SliceScan.Run(
                session, slices, threads, slice => selection.HasAny(slice.First, slice.First + slice.Rows) ? expressions : null,
                (rows, slice, worker) => Take(rows, slice, worker, selection, wanted, columns), scanned, cancellationToken);
        }

        return new LastValueCells(spine, view, service, winners, eventTimes, columns);
    }

    public override void Write(int column, int first, ReadOnlySpan<long> moments, ColumnBuffer target, Span<FeatureStatus> statuses, int at)
    {
        var field = _service.Columns[column].Field;
        var defaultValue = _view.Fields[field].Default;
        var values = _columns[field]!;
        var ttl = _view.TimeToLive is { } span ? UnixMicroseconds.FromTimeSpan(span) : (long?)null;
        var isText = values.Type is FeatureType.String or FeatureType.Bytes;
        for (var row = 0; row < moments.Length; row++)
        {
            var moment = _spine.MomentOfRow[first + row];
            var winner = moment < 0 ? -1 : _winners[moment];
            var status = winner < 0 ? FeatureStatus.NotFound
                : ttl is not null && LastValueView.IsOutsideMaxAge(moments[row], _eventTimes[moment], ttl) ? FeatureStatus.OutsideMaxAge
                : values.IsNull(winner) ? FeatureStatus.Null
                : FeatureStatus.Present;
            statuses[at + row] = status;
            if (status != FeatureStatus.Present)
            {
                target.Set(at + row, defaultValue);
            }
            else if (isText)
            {
                target.SetBytes(at + row, values.Bytes(winner));
            }
            else
            {
                target.SetBits(at + row, values.Bits(winner));
            }
        }
    }

    private static void Take(
        DuckDbVectors rows, SourceSlice slice, int worker, RowSelection selection, int[] wanted, SelectedColumn?[] columns)
    {
        const int FirstValueOrdinal = 2;
        Span<int> places = stackalloc int[2048];
        var numbers = rows.Column(0).Int64;
        var files = rows.Column(1).Int64;
        var any = false;
        for (var row = 0; row < rows.Count; row++)
        {
            places[row] = selection.Find(slice.FirstNumbers[files[row]] + numbers[row]);
            any |= places[row] >= 0;
        }

        for (var index = 0; any && index < wanted.Length; index++)
        {
            var vector = rows.Column(FirstValueOrdinal + index);
            var column = columns[wanted[index]]!;
            for (var row = 0; row < rows.Count; row++)
            {
                if (places[row] >= 0)
                {
                    column.Set(places[row], vector, row, worker);
                }
            }
        }
    }
}

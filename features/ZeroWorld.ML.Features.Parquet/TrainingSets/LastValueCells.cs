namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The winners of a last-value view, and the values of their rows.</summary>
internal sealed class LastValueCells : ViewCells
{
    private readonly SpineMoments _spine;
    private readonly LastValueView _view;
    private readonly FeatureService _service;
    private readonly int[] _winners;
    private readonly long[] _eventTimes;
    private readonly SelectedRows _rows;
    private readonly long? _ttl;

    // Per column of the service its place in the selected rows, or -1.
    private readonly int[] _places;

    // What the columns of one block have in common: the winner of each row, or below 0 the status of a row without one.
    private readonly int[] _blockWinners = new int[ColumnBuffer.BlockRows];
    private int _block = -1;

    private LastValueCells(SpineMoments spine, LastValueView view, FeatureService service, int[] wanted, int[] winners, long[] eventTimes, SelectedRows rows)
    {
        _spine = spine;
        _view = view;
        _service = service;
        _winners = winners;
        _eventTimes = eventTimes;
        _rows = rows;
        _ttl = view.TimeToLive is { } span ? UnixMicroseconds.FromTimeSpan(span) : null;
        _places = [.. service.Columns.Select(column => column.View == view ? Array.IndexOf(wanted, column.Field) : -1)];
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
        int[] wanted = [.. service.Columns.Where(column => column.View == view).Select(static column => column.Field).Distinct().Order()];
        var values = new SelectedRows([.. wanted.Select(index => stored[index].Type)], selection.Count, threads);
        if (wanted.Length > 0 && selection.Count > 0)
        {
            var expressions = wanted.Select(source.ValueAt).ToList();
            SliceScan.Run(
                session, source, slices, threads, slice => selection.HasAny(slice.First, slice.First + slice.Rows) ? expressions : null,
                (rows, slice, worker) => Take(rows, slice, worker, selection, wanted.Length, values), scanned, cancellationToken);
        }

        return new LastValueCells(spine, view, service, wanted, winners, eventTimes, values);
    }

    public override void Write(int column, int first, ReadOnlySpan<long> moments, ColumnBuffer target, Span<FeatureStatus> statuses)
    {
        if (_block != first)
        {
            FindWinners(first, moments);
        }

        var field = _view.Fields[_service.Columns[column].Field];
        var isText = field.Type is FeatureType.String or FeatureType.Bytes;
        var place = _places[column];
        for (var row = 0; row < moments.Length; row++)
        {
            var winner = _blockWinners[row];
            if (winner < 0 || _rows.IsNull(winner, place))
            {
                statuses[row] = winner < 0 ? (FeatureStatus)(-winner) : FeatureStatus.Null;
                target.Set(row, field.Default);
                continue;
            }

            statuses[row] = FeatureStatus.Present;
            if (isText)
            {
                target.SetBytes(row, _rows.Bytes(winner, place));
            }
            else
            {
                target.SetBits(row, _rows.Bits(winner, place));
            }
        }
    }

    private void FindWinners(int first, ReadOnlySpan<long> moments)
    {
        for (var row = 0; row < moments.Length; row++)
        {
            var moment = _spine.MomentOfRow[first + row];
            var winner = moment < 0 ? -1 : _winners[moment];
            _blockWinners[row] = winner < 0 ? -(int)FeatureStatus.NotFound
                : _ttl is not null && LastValueView.IsOutsideMaxAge(moments[row], _eventTimes[moment], _ttl) ? -(int)FeatureStatus.OutsideMaxAge
                : winner;
        }

        _block = first;
    }

    private static void Take(
        DuckDbVectors rows, SourceSlice slice, int worker, RowSelection selection, int columns, SelectedRows values)
    {
        const int FirstValueOrdinal = 2;
        Span<int> places = stackalloc int[DuckDbVectors.RowsMax];
        var numbers = rows.Column(0).Int64;
        var files = rows.Column(1).Int64;
        var any = false;
        for (var row = 0; row < rows.Count; row++)
        {
            places[row] = selection.Find(slice.FirstNumbers[files[row]] + numbers[row]);
            any |= places[row] >= 0;
        }

        for (var index = 0; any && index < columns; index++)
        {
            values.Set(places[..rows.Count], index, rows.Column(FirstValueOrdinal + index), worker);
        }
    }
}

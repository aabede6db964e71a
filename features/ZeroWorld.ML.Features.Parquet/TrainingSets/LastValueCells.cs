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

    private LastValueCells(SpineMoments spine, LastValueView view, FeatureService service, int[] slots, int[] winners, long[] eventTimes, SelectedRows rows)
    {
        _spine = spine;
        _view = view;
        _service = service;
        _winners = winners;
        _eventTimes = eventTimes;
        _rows = rows;
        _ttl = view.TimeToLive is { } span ? UnixMicroseconds.FromTimeSpan(span) : null;
        _places = [.. service.Columns.Select(column => column.View == view ? slots[column.Field] : -1)];
    }

    /// <summary>Reads the values of the rows that a search found, for all of its views in one scan.</summary>
    /// <returns>The cells of each view.</returns>
    public static LastValueCells[] Read(
        DuckDbSession session,
        LastValueSearch search,
        SpineMoments spine,
        FeatureService service,
        LastValueSource[] views,
        IReadOnlyList<SourceSlice> slices,
        int threads,
        Action<long> scanned,
        CancellationToken cancellationToken)
    {
        // Without ties one list of winners is that of every view.
        var lists = search.HasTies ? views.Length : 1;
        var selection = new RowSelection(slices.Count == 0 ? 0 : slices[^1].First + slices[^1].Rows);
        for (var list = 0; list < lists; list++)
        {
            for (var moment = 0; moment < spine.Moments.Length; moment++)
            {
                if (search.WinnerAt(list, moment, out _) is >= 0 and var row)
                {
                    selection.Add(row);
                }
            }
        }

        selection.Complete();
        var needsTimes = Array.Exists(views, static view => view.View.TimeToLive is not null);
        var eventTimes = needsTimes ? new long[spine.Moments.Length] : [];
        var winners = new int[lists][];
        for (var list = 0; list < lists; list++)
        {
            winners[list] = new int[spine.Moments.Length];
            for (var moment = 0; moment < spine.Moments.Length; moment++)
            {
                var row = search.WinnerAt(list, moment, out var eventTime);
                winners[list][moment] = row < 0 ? -1 : selection.Find(row);
                if (needsTimes)
                {
                    eventTimes[moment] = eventTime;
                }
            }
        }

        // What two views read alike is read and held once.
        var wanted = new List<(string Expression, FeatureType Type)>();
        var slots = views.Select(view => FindSlots(service, view, wanted)).ToArray();
        var values = new SelectedRows([.. wanted.Select(static column => column.Type)], selection.Count, threads);
        if (wanted.Count > 0 && selection.Count > 0)
        {
            var expressions = wanted.ConvertAll(static column => column.Expression);
            SliceScan.Run(
                session, views[0].Query, slices, threads, slice => selection.HasAny(slice.First, slice.First + slice.Rows) ? expressions : null,
                (rows, slice, worker) => Take(rows, slice, worker, selection, wanted.Count, values), scanned, cancellationToken);
        }

        return [.. views.Select((view, index) => new LastValueCells(spine, view.View, service, slots[index], winners[search.HasTies ? index : 0], eventTimes, values))];
    }

    // Per stored column of the view its place among the wanted ones, or -1 where the service does not ask for it.
    private static int[] FindSlots(FeatureService service, LastValueSource view, List<(string Expression, FeatureType Type)> wanted)
    {
        var stored = view.View.StoredColumns;
        var slots = new int[stored.Count];
        Array.Fill(slots, -1);
        foreach (var field in service.Columns.Where(column => column.View == view.View).Select(static column => column.Field))
        {
            var column = (view.Query.ValueAt(field), stored[field].Type);
            if (!wanted.Contains(column))
            {
                wanted.Add(column);
            }

            slots[field] = wanted.IndexOf(column);
        }

        return slots;
    }

    public override void Write(int column, int first, ReadOnlySpan<long> moments, ColumnBuffer target, Span<FeatureStatus> statuses)
    {
        if (_block != first)
        {
            FindWinners(first, moments);
        }

        var field = _view.Fields[_service.Columns[column].Field];
        var isText = ColumnTypes.IsOfBytes(target.Kind);
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

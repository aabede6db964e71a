namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The winners of a last-value view, and the values of their rows.</summary>
internal sealed class LastValueCells : ViewCells
{
    // So many rows before it is needed, memory is asked for: rows of neighbouring moments lie anywhere.
    private const int PrefetchRows = 24;

    private readonly SpineMoments _spine;
    private readonly LastValueView _view;
    private readonly FeatureService _service;
    private readonly SelectedRows _rows;

    // Per moment the place of its winner, or below 0 the status of a moment without one.
    private readonly int[] _winners;

    // Per column of the service its place in the selected rows, or -1.
    private readonly int[] _places;

    // What the columns of one block have in common: the winner of each row.
    private readonly int[] _blockWinners = new int[ColumnBuffer.BlockRows];
    private int _block = -1;

    private LastValueCells(SpineMoments spine, LastValueView view, FeatureService service, int[] slots, int[] winners, SelectedRows rows)
    {
        _spine = spine;
        _view = view;
        _service = service;
        _winners = winners;
        _rows = rows;
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
        // Views of one ttl share their winners, unless ties may give each its own.
        var selection = new RowSelection(slices.Count == 0 ? 0 : slices[^1].First + slices[^1].Rows);
        var lists = new Dictionary<(int List, long? TimeToLive), int[]>();
        var winners = new int[views.Length][];
        for (var view = 0; view < views.Length; view++)
        {
            var key = (search.HasTies ? view : 0, views[view].View.TimeToLive is { } span ? UnixMicroseconds.FromTimeSpan(span) : (long?)null);
            if (!lists.TryGetValue(key, out var list))
            {
                list = new int[spine.Moments.Length];
                lists.Add(key, list);
                Select(search, spine, key, list, selection);
            }

            winners[view] = list;
        }

        selection.Complete();
        foreach (var (key, list) in lists)
        {
            for (var moment = 0; moment < list.Length; moment++)
            {
                list[moment] = list[moment] < 0 ? list[moment] : selection.Find(search.WinnerAt(key.List, moment, out _));
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

        return [.. views.Select((view, index) => new LastValueCells(spine, view.View, service, slots[index], winners[index], values))];
    }

    // A moment without a fresh winner gets its status; of the others the rows are selected.
    private static void Select(LastValueSearch search, SpineMoments spine, (int List, long? TimeToLive) key, int[] winners, RowSelection selection)
    {
        for (var moment = 0; moment < winners.Length; moment++)
        {
            var row = search.WinnerAt(key.List, moment, out var eventTime);
            if (row < 0)
            {
                winners[moment] = -(int)FeatureStatus.NotFound;
            }
            else if (LastValueView.IsOutsideMaxAge(spine.Moments[moment], eventTime, key.TimeToLive))
            {
                winners[moment] = -(int)FeatureStatus.OutsideMaxAge;
            }
            else
            {
                selection.Add(row);
            }
        }
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
            FindWinners(first, moments.Length);
        }

        var field = _view.Fields[_service.Columns[column].Field];
        var isText = ColumnTypes.IsOfBytes(target.Kind);
        var place = _places[column];
        var ahead = place % SelectedRows.PrefetchColumns == 0 ? PrefetchRows : int.MaxValue / 2;
        for (var row = 0; row < moments.Length; row++)
        {
            if (row + ahead < moments.Length && _blockWinners[row + ahead] is >= 0 and var next)
            {
                _rows.Prefetch(next, place);
            }

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

    private void FindWinners(int first, int count)
    {
        var rows = _spine.MomentOfRow.AsSpan(first, count);
        for (var row = 0; row < count; row++)
        {
            if (row + PrefetchRows < count && rows[row + PrefetchRows] is >= 0 and var next)
            {
                Prefetch.Read(ref _winners[next]);
            }

            _blockWinners[row] = rows[row] < 0 ? -(int)FeatureStatus.NotFound : _winners[rows[row]];
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

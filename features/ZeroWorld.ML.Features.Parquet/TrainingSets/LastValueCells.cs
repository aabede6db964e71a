using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The winners of last-value views, and the values of their rows.</summary>
internal sealed class LastValueCells : ViewCells
{
    private readonly SpineMoments _spine;
    private readonly SelectedRows _rows;

    // Per moment the place of its winner, or below 0 the status of a moment without one.
    private readonly int[] _winners;

    // Per moment when its winner happened; empty where all views have one limit, by which the winners were chosen.
    private readonly long[] _eventTimes;

    // Per column of the service what it is here; null: another's.
    private readonly ViewColumn?[] _columns;

    private LastValueCells(SpineMoments spine, int[] winners, long[] eventTimes, ViewColumn?[] columns, SelectedRows rows)
    {
        _spine = spine;
        _winners = winners;
        _eventTimes = eventTimes;
        _columns = columns;
        _rows = rows;
    }

    /// <summary>Reads the values of the rows that a search found, for all of its views in one scan.</summary>
    /// <returns>The cells of each view; views that share their winners share them.</returns>
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
        // Views share their winners, unless ties may give each its own; how old they may be is asked when they are written, where they do not agree in that.
        var selection = new RowSelection(slices.Count == 0 ? 0 : slices[^1].First + slices[^1].Rows);
        var limits = views.Select(static view => view.View.TimeToLive is { } span ? UnixMicroseconds.FromTimeSpan(span) : (long?)null).ToArray();
        var eventTimes = Array.TrueForAll(limits, limit => limit == limits[0]) ? [] : LargeArray.Create<long>(spine.Moments.Length);
        var lists = new int[search.HasTies ? views.Length : 1][];
        for (var list = 0; list < lists.Length; list++)
        {
            lists[list] = LargeArray.Create<int>(spine.Moments.Length);
            var most = search.HasTies ? limits[list] : limits.Contains(null) ? null : limits.Max();
            Select(search, spine, list, most, lists[list], eventTimes, selection, threads);
        }

        selection.Complete();
        for (var list = 0; list < lists.Length; list++)
        {
            FindPlaces(search, list, lists[list], selection, threads);
        }

        // What two views read alike is read and held once.
        var wanted = new List<(string Expression, FeatureType Type)>();
        var columns = views.Select((view, index) => FindColumns(service, view, limits[index], wanted)).ToArray();
        var values = new SelectedRows([.. wanted.Select(static column => column.Type)], selection.Count, threads);
        if (wanted.Count > 0 && selection.Count > 0)
        {
            var expressions = wanted.ConvertAll(static column => column.Expression);
            SliceScan.Run(
                session, views[0].Query, slices, threads, slice => selection.HasAny(slice.First, slice.First + slice.Rows) ? expressions : null,
                (rows, slice, worker) => Take(rows, slice, worker, selection, wanted.Count, values), scanned, cancellationToken);
        }

        if (search.HasTies)
        {
            return [.. views.Select((_, view) => new LastValueCells(spine, lists[view], eventTimes, columns[view], values))];
        }

        ViewColumn?[] all = [.. service.Columns.Select((_, column) => columns.Select(view => view[column]).FirstOrDefault(static one => one is not null))];
        var shared = new LastValueCells(spine, lists[0], eventTimes, all, values);
        return [.. views.Select(_ => shared)];
    }

    // A moment without a winner that any of the views still takes gets its status; of the others the rows are selected.
    private static void Select(
        LastValueSearch search, SpineMoments spine, int view, long? timeToLive, int[] winners, long[] eventTimes, RowSelection selection, int threads) =>
        Parallelism.RunPieces(threads, winners.Length, (from, to) =>
        {
            for (var moment = from; moment < to; moment++)
            {
                var row = search.WinnerAt(view, moment, out var eventTime);
                winners[moment] = row < 0 ? -(int)FeatureStatus.NotFound
                    : LastValueView.IsOutsideMaxAge(spine.Moments[moment], eventTime, timeToLive) ? -(int)FeatureStatus.OutsideMaxAge
                    : 0;
                if (winners[moment] == 0)
                {
                    selection.Add(row);
                }

                if (eventTimes.Length > 0)
                {
                    eventTimes[moment] = eventTime;
                }
            }
        });

    private static void FindPlaces(LastValueSearch search, int view, int[] winners, RowSelection selection, int threads) =>
        Parallelism.RunPieces(threads, winners.Length, (from, to) =>
        {
            for (var moment = from; moment < to; moment++)
            {
                winners[moment] = winners[moment] < 0 ? winners[moment] : selection.Find(search.WinnerAt(view, moment, out _));
            }
        });

    // Per column of the service what it is in this view, with its place among the wanted ones.
    private static ViewColumn?[] FindColumns(FeatureService service, LastValueSource view, long? timeToLive, List<(string Expression, FeatureType Type)> wanted)
    {
        var (stored, fields) = (view.View.StoredColumns, view.View.Fields);
        var columns = new ViewColumn?[service.Columns.Count];
        for (var index = 0; index < columns.Length; index++)
        {
            if (service.Columns[index].View != view.View)
            {
                continue;
            }

            var field = service.Columns[index].Field;
            var column = (view.Query.ValueAt(field), stored[field].Type);
            if (!wanted.Contains(column))
            {
                wanted.Add(column);
            }

            columns[index] = new ViewColumn(wanted.IndexOf(column), timeToLive, fields[field].Default);
        }

        return columns;
    }

    public override int LongestOf(int column) => _columns[column] is { } known ? _rows.LongestOf(known.Place) : 0;

    public override int LengthOf(int column, int row) => _spine.MomentOfRow[row] is >= 0 and var moment && _winners[moment] is >= 0 and var place
        ? _rows.LengthOf(place, _columns[column]!.Place)
        : 0;

    public override void Write(int block, int at, ReadOnlySpan<long> moments, ReadOnlySpan<CellTarget> columns)
    {
        Span<int> winners = stackalloc int[RowsMax];
        Span<int> fresh = stackalloc int[RowsMax];
        Span<long> eventTimes = stackalloc long[RowsMax];
        winners = winners[..moments.Length];
        fresh = fresh[..moments.Length];
        FindWinners(block + at, winners, eventTimes);
        var (limit, asked) = ((long?)null, false);
        var group = -1;
        foreach (ref readonly var target in columns)
        {
            var column = _columns[target.Column]!;
            if (!asked || limit != column.TimeToLive)
            {
                (limit, asked) = (column.TimeToLive, true);
                LimitAge(winners, eventTimes, moments, _eventTimes.Length == 0 ? null : limit, fresh);
            }

            if (column.Place / SelectedRows.PrefetchColumns != group)
            {
                group = column.Place / SelectedRows.PrefetchColumns;
                _rows.Prefetch(fresh, column.Place);
            }

            _rows.Write(fresh, column.Place, at, target, column.Default);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindWinners(int first, Span<int> winners, Span<long> eventTimes)
    {
        var rows = _spine.MomentOfRow.AsSpan(first, winners.Length);
        foreach (var moment in rows)
        {
            if (moment >= 0)
            {
                Prefetch.Read(ref _winners[moment]);
                if (_eventTimes.Length > 0)
                {
                    Prefetch.Read(ref _eventTimes[moment]);
                }
            }
        }

        for (var row = 0; row < rows.Length; row++)
        {
            winners[row] = rows[row] < 0 ? -(int)FeatureStatus.NotFound : _winners[rows[row]];
            eventTimes[row] = winners[row] < 0 || _eventTimes.Length == 0 ? 0 : _eventTimes[rows[row]];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LimitAge(ReadOnlySpan<int> winners, ReadOnlySpan<long> eventTimes, ReadOnlySpan<long> moments, long? limit, Span<int> fresh)
    {
        for (var row = 0; row < winners.Length; row++)
        {
            fresh[row] = winners[row] >= 0 && LastValueView.IsOutsideMaxAge(moments[row], eventTimes[row], limit) ? -(int)FeatureStatus.OutsideMaxAge : winners[row];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    /// <param name="Place">Among the values of the selected rows.</param>
    /// <param name="TimeToLive">Microseconds; <see langword="null"/>: unbounded.</param>
    /// <param name="Default">Stands where there is no value.</param>
    private sealed record ViewColumn(int Place, long? TimeToLive, FeatureValue Default);
}

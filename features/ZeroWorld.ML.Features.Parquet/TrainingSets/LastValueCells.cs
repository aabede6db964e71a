using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The winners of last-value views, and the values of their rows.</summary>
internal sealed class LastValueCells : ViewCells
{
    // Each has moments of its own.
    private const int EntitiesMin = 1 << 8;

    private readonly SelectedRows _rows;

    // Per row of the spine the place of its winner, or below 0 the status of one without.
    private readonly NativeArray<int> _winners;

    // Per row of the spine when its winner happened; null where all views have one limit, by which the winners were chosen.
    private readonly NativeArray<long>? _eventTimes;

    // Per column of the service what it is here; null: another's.
    private readonly ViewColumn?[] _columns;

    private LastValueCells(NativeArray<int> winners, NativeArray<long>? eventTimes, ViewColumn?[] columns, SelectedRows rows)
    {
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
        var selection = new RowSelection(slices.Count == 0 ? 0 : slices[^1].First + slices[^1].Rows, threads);
        var limits = views.Select(static view => view.View.TimeToLive is { } span ? UnixMicroseconds.FromTimeSpan(span) : (long?)null).ToArray();
        var most = views.Select((_, view) => search.HasTies ? limits[view] : limits.Contains(null) ? null : limits.Max()).ToArray();
        var lists = new NativeArray<int>[search.HasTies ? views.Length : 1];
        for (var list = 0; list < lists.Length; list++)
        {
            Select(search, spine, list, most[list], selection, threads);
        }

        selection.Complete();
        for (var list = 0; list < lists.Length; list++)
        {
            lists[list] = FindPlaces(search, spine, list, most[list], selection, threads);
        }

        // Views that share their winners, or not even those, and differ in how old they may be, ask for their age.
        var eventTimes = Array.TrueForAll(limits, limit => limit == limits[0]) ? null : spine.Spread(new EventTimes(search), 0L, threads);

        // What two views read alike is read and held once.
        var wanted = new List<(string Expression, FeatureType Type)>();
        var columns = views.Select((view, index) => FindColumns(service, view, limits[index], wanted)).ToArray();
        var values = new SelectedRows([.. wanted.Select(static column => column.Type)], selection.Count, threads, search.Release());
        if (wanted.Count > 0 && selection.Count > 0)
        {
            SliceScan.Run(
                session, views[0].Query, slices, slice => selection.HasAny(slice.First, slice.First + slice.Rows), wanted.ConvertAll(static column => column.Expression),
                (rows, slice, worker) => Take(rows, slice, worker, selection, values), scanned, cancellationToken);
        }

        if (search.HasTies)
        {
            return [.. views.Select((_, view) => new LastValueCells(lists[view], eventTimes, columns[view], values))];
        }

        ViewColumn?[] all = [.. service.Columns.Select((_, column) => columns.Select(view => view[column]).FirstOrDefault(static one => one is not null))];
        var shared = new LastValueCells(lists[0], eventTimes, all, values);
        return [.. views.Select(_ => shared)];
    }

    // Rows that any of the views still takes.
    private static void Select(LastValueSearch search, SpineMoments spine, int view, long? timeToLive, RowSelection selection, int threads) =>
        Parallelism.RunPieces(threads, spine.Keys.Count, (from, to) =>
        {
            var marks = selection.TakeMarks();
            for (var entity = from; entity < to; entity++)
            {
                search.Carry(entity);
                Select(search, spine.Moments.Span, spine.Starts[entity], spine.Starts[entity + 1], view, timeToLive, selection, marks);
            }

            selection.GiveBack(marks);
        }, EntitiesMin);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Select(LastValueSearch search, ReadOnlySpan<long> moments, int from, int to, int view, long? timeToLive, RowSelection selection, ulong[] marks)
    {
        for (var moment = from; moment < to; moment++)
        {
            var row = search.WinnerAt(view, moment, out var eventTime);
            selection.Add(marks, row, (row >= 0) & !LastValueView.IsOutsideMaxAge(moments[moment], eventTime, timeToLive));
        }
    }

    // Per row of the spine; one without a winner that any of the views still takes gets its status.
    private static NativeArray<int> FindPlaces(LastValueSearch search, SpineMoments spine, int view, long? timeToLive, RowSelection selection, int threads) =>
        spine.Spread(new Places(search, spine, view, timeToLive, selection), -(int)FeatureStatus.NotFound, threads);

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

    public override void Dispose()
    {
        _rows.Dispose();
        _winners.Dispose();
        _eventTimes?.Dispose();
    }

    public override int LongestOf(int column) => _columns[column] is { } known ? _rows.LongestOf(known.Place) : 0;

    public override int LengthOf(int column, int row) => _winners[row] is >= 0 and var place
        ? _rows.LengthOf(place, _columns[column]!.Place)
        : 0;

    public override void Write(int block, int at, ReadOnlySpan<long> moments, ReadOnlySpan<CellTarget> columns)
    {
        Span<int> fresh = stackalloc int[RowsMax];
        fresh = fresh[..moments.Length];
        var winners = _winners.Span.Slice(block + at, moments.Length);
        var eventTimes = _eventTimes is null ? [] : _eventTimes.Span.Slice(block + at, moments.Length);
        var (limit, asked) = ((long?)null, false);
        var group = -1;
        Span<nint> addresses = stackalloc nint[RowsMax];
        addresses = addresses[..moments.Length];
        foreach (ref readonly var target in columns)
        {
            var column = _columns[target.Column]!;
            if (!asked || limit != column.TimeToLive)
            {
                (limit, asked) = (column.TimeToLive, true);
                LimitAge(winners, eventTimes, moments, _eventTimes is null ? null : limit, fresh);
                group = -1;
            }

            if (column.Place / SelectedRows.PrefetchColumns != group)
            {
                group = column.Place / SelectedRows.PrefetchColumns;
                _rows.Find(fresh, addresses, column.Place);
            }

            _rows.Write(fresh, addresses, column.Place, at, target, column.Default);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LimitAge(ReadOnlySpan<int> winners, ReadOnlySpan<long> eventTimes, ReadOnlySpan<long> moments, long? limit, Span<int> fresh)
    {
        if (limit is null)
        {
            winners.CopyTo(fresh);
            return;
        }

        for (var row = 0; row < winners.Length; row++)
        {
            fresh[row] = winners[row] >= 0 && LastValueView.IsOutsideMaxAge(moments[row], eventTimes[row], limit) ? -(int)FeatureStatus.OutsideMaxAge : winners[row];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Take(
        DuckDbChunk rows, SourceSlice slice, int worker, RowSelection selection, SelectedRows values)
    {
        const int FirstValueOrdinal = 2;
        Span<int> places = stackalloc int[DuckDbChunk.RowsMax];
        var numbers = rows.Column(0).Int64;
        var files = rows.Column(1).Int64;
        var any = false;
        for (var row = 0; row < rows.Count; row++)
        {
            places[row] = selection.Find(slice.FirstNumbers[files[row]] + numbers[row]);
            any |= places[row] >= 0;
        }

        if (any)
        {
            values.Set(places[..rows.Count], rows, FirstValueOrdinal, worker);
        }
    }

    private readonly struct Places(LastValueSearch search, SpineMoments spine, int view, long? timeToLive, RowSelection selection) : IMomentValues<int>
    {
        public int Of(int moment) => search.WinnerAt(view, moment, out var eventTime) is not (>= 0 and var row) ? -(int)FeatureStatus.NotFound
            : LastValueView.IsOutsideMaxAge(spine.Moments[moment], eventTime, timeToLive) ? -(int)FeatureStatus.OutsideMaxAge
            : selection.Find(row);
    }

    private readonly struct EventTimes(LastValueSearch search) : IMomentValues<long>
    {
        public long Of(int moment)
        {
            _ = search.WinnerAt(0, moment, out var eventTime);
            return eventTime;
        }
    }

    /// <param name="Place">Among the values of the selected rows.</param>
    /// <param name="TimeToLive">Microseconds; <see langword="null"/>: unbounded.</param>
    /// <param name="Default">Stands where there is no value.</param>
    private sealed record ViewColumn(int Place, long? TimeToLive, FeatureValue Default);
}

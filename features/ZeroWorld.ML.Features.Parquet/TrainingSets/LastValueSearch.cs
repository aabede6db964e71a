using System.Globalization;
using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Finds for every moment of a spine the row that was visible then, for all last-value views that read the same rows by the same keys.</summary>
/// <remarks>
/// A row that arrived at a = max(event, created) is visible at the moments from a on. So it competes, by (event, created, row hash), for the first
/// moment of its entity that is not before a; behind the scan, a running maximum over each entity's moments gives every winner. The table is read once,
/// in any order and by any number of threads, and never sorted or held: memory is that of the spine, whatever the table's size.
/// Rows of equal (event, created) arrive together, so that they meet at one moment: only there the row hash decides, in a second scan. A row's hash is over
/// the columns that a view stores, so such ties are decided for each view; everything else is one for all of them.
/// </remarks>
internal sealed unsafe class LastValueSearch : IDisposable
{
    private const int FirstKeyOrdinal = 4;
    private const int WaitingShare = 16;

    private readonly SpineMoments _spine;
    private readonly LastValueSource[] _views;
    private readonly SourceQuery _source;
    private readonly int _keys;

    // The best row so far of each moment.
    private NativeWords? _memory;
    private readonly LastValueCandidate* _candidates;
    private readonly long _knownUntil;
    private readonly long _skew;

    // Per worker.
    private readonly MomentFinder[] _finders;
    private readonly ArrivalParts _parts;

    // Per entity of the spine until when it was deleted; empty where none of its kind was.
    private readonly long[] _erasedUntil = [];

    // Per view: the best row of each moment where several tied, in parts that threads lock one by one.
    private readonly Dictionary<int, (RowHash Hash, long Row)>[][] _ties;

    // Per view: what the row of a tied candidate stands for.
    private readonly Dictionary<long, long>[] _decided;

    // Whether rows tied at some time, also where a newer one came behind them.
    private bool _hasTied;
    private long _quarantined;
    private long _nullKeys;
    private long _nullEvents;
    private long _nullCreated;
    private long _noTimes;

    /// <param name="views">One or more, of equal <see cref="SourceQuery.RowIdentity"/>.</param>
    /// <param name="erasures">Rows of deleted entities are not seen.</param>
    /// <param name="knownUntil">Rows that were created later (microseconds) are not seen.</param>
    /// <param name="threads">Of the engine, which scans.</param>
    /// <param name="memoryBytes">Memory of the join, a small part of which holds rows that wait for others of their entities.</param>
    public LastValueSearch(SpineMoments spine, LastValueSource[] views, Erasures erasures, long knownUntil, int threads, long memoryBytes)
    {
        const int Parts = 64;
        _spine = spine;
        _views = views;
        _source = views[0].Query;
        _keys = views[0].View.Entity.Keys.Count;
        _knownUntil = knownUntil;
        _skew = _source.HasCreatedTime ? UnixMicroseconds.FromTimeSpan(views[0].View.Source.AllowedSkew) : long.MaxValue;
        _finders = [.. Enumerable.Range(0, threads).Select(_ => new MomentFinder(spine.Starts, spine.Moments))];

        // In one piece, which becomes the room of the values: new memory is dear.
        _parts = new ArrivalParts(spine, threads, memoryBytes / WaitingShare, Compete);
        var candidates = (long)spine.Moments.Length * sizeof(LastValueCandidate);
        _memory = new NativeWords(candidates + _parts.WaitingBytes);
        _candidates = (LastValueCandidate*)_memory.Start;
        _parts.Use(_memory.Start + (nint)candidates);
        if (!_memory.AreZeros)
        {
            Parallelism.RunPieces(threads, spine.Moments.Length, (from, to) => new Span<LastValueCandidate>(_candidates + from, to - from).Clear());
        }

        if (erasures.Has(views[0].View.Entity.Name))
        {
            _erasedUntil = new long[spine.Keys.Count];
            spine.Keys.Visit((entity, key) => _erasedUntil[entity] = erasures.UntilOf(views[0].View.Entity.Name, EntityKeyCodec.Encode(views[0].View.Entity, key)));
        }

        _ties = [.. views.Select(static _ => Enumerable.Range(0, Parts).Select(static _ => new Dictionary<int, (RowHash, long)>()).ToArray())];
        _decided = [.. views.Select(static _ => new Dictionary<long, long>())];
    }

    /// <summary>Whether the views may have different winners.</summary>
    public bool HasTies { get; private set; }

    /// <summary>Source rows that lie in the future of their arrival.</summary>
    public long Quarantined => _quarantined;

    /// <summary>Source rows without a value in a key, which no entity sees.</summary>
    public long NullKeys => _nullKeys;

    /// <summary>Scans the slices.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a row has no event or created time, or one that is none of the calendar.</exception>
    public void Run(DuckDbSession session, IReadOnlyList<SourceSlice> slices, Action<long> scanned, CancellationToken cancellationToken)
    {
        SliceScan.Run(session, _source, slices, static _ => true, [.. _source.Identity], Take, scanned, cancellationToken);
        _parts.Complete();
        _source.CheckTimes(session, _nullEvents, _nullCreated, _noTimes);
        HasTies = _hasTied && FindTied();
        if (HasTies)
        {
            var values = _views.SelectMany(static view => Enumerable.Range(0, view.View.StoredColumns.Count).Select(view.Query.ValueAt));
            SliceScan.Run(session, _source, slices, static _ => true, [.. _source.Identity, .. values], Decide, scanned, cancellationToken);
            NameDecided();
        }
    }

    /// <summary>Ends the search for the moments of an entity: each one's winner is the best row of its own and of those before. Doing it again changes nothing.</summary>
    /// <remarks>Without a branch on who wins, which nobody could foresee.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Carry(int entity)
    {
        var (eventTime, createdTime, row) = (0L, 0L, 0L);
        var end = _candidates + _spine.Starts[entity + 1];
        for (var candidate = _candidates + _spine.Starts[entity]; candidate < end; candidate++)
        {
            var isGreater = row != 0
                & (candidate->Row == 0 | eventTime > candidate->EventTime | (eventTime == candidate->EventTime & createdTime > candidate->CreatedTime));
            var taken = (isGreater ? 1L : 0L) - 1;
            eventTime ^= (eventTime ^ candidate->EventTime) & taken;
            createdTime ^= (createdTime ^ candidate->CreatedTime) & taken;
            row ^= (row ^ candidate->Row) & taken;
            (candidate->EventTime, candidate->CreatedTime, candidate->Row) = (eventTime, createdTime, row);
        }
    }

    /// <summary>Number of the row that is visible at a moment, or -1; and when it happened. Asked when the moment's entity was carried.</summary>
    /// <param name="view">Index of the view.</param>
    public long WinnerAt(int view, int moment, out long eventTime)
    {
        ref readonly var candidate = ref _candidates[moment];
        eventTime = candidate.EventTime;
        return candidate.IsTied ? _decided[view][candidate.Row & ~LastValueCandidate.TieFlag] - 1 : candidate.Row - 1;
    }

    /// <summary>Ends the search and hands on its memory, whatever lies in it: nothing can be asked any more.</summary>
    public NativeWords Release()
    {
        var released = _memory!;
        _memory = null;
        return released;
    }

    public void Dispose() => _memory?.Dispose();

    private bool FindTied()
    {
        for (var moment = 0; moment < _spine.Moments.Length; moment++)
        {
            if (_candidates[moment].IsTied)
            {
                return true;
            }
        }

        return false;
    }

    // A running maximum carries a tied candidate on to later moments: its row is what they all know it by.
    private void NameDecided()
    {
        for (var view = 0; view < _views.Length; view++)
        {
            foreach (var (moment, best) in _ties[view].SelectMany(static part => part))
            {
                _decided[view].Add(_candidates[moment].Row & ~LastValueCandidate.TieFlag, best.Row);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Take(DuckDbChunk rows, SourceSlice slice, int worker)
    {
        Span<int> entities = stackalloc int[DuckDbChunk.RowsMax];
        var numbers = rows.Column(0).Int64;
        var files = rows.Column(1).Int64;
        var eventColumn = rows.Column(2);
        var createdColumn = rows.Column(3);
        var events = eventColumn.Int64;
        var created = createdColumn.Int64;
        _spine.Keys.Number(rows, FirstKeyOrdinal, entities, add: false);
        if (eventColumn.CountNulls() + createdColumn.CountNulls() is > 0)
        {
            // The whole scan is refused for them, with their number.
            Interlocked.Add(ref _nullEvents, eventColumn.CountNulls());
            Interlocked.Add(ref _nullCreated, createdColumn.CountNulls());
            return;
        }

        Span<long> places = stackalloc long[DuckDbChunk.RowsMax];
        var (quarantined, last) = (0, _spine.Last);
        for (var row = 0; row < rows.Count; row++)
        {
            places[row] = slice.FirstNumbers[files[row]] + numbers[row];
            var isQuarantined = IsQuarantined(events[row], created[row]);
            quarantined += isQuarantined ? 1 : 0;
            entities[row] = isQuarantined || Math.Max(events[row], created[row]) > last || created[row] > _knownUntil || IsErased(entities[row], events[row]) ? -1 : entities[row];
        }

        _parts.Add(worker, entities[..rows.Count], events, created, places);
        Interlocked.Add(ref _quarantined, quarantined);
        Interlocked.Add(ref _noTimes, UnixMicroseconds.AreOfCalendar(events) && UnixMicroseconds.AreOfCalendar(created) ? 0 : CountNoTimes(events, created));
        Interlocked.Add(ref _nullKeys, CountNullKeys(rows));
    }

    private static int CountNoTimes(ReadOnlySpan<long> events, ReadOnlySpan<long> created)
    {
        var count = 0;
        for (var row = 0; row < events.Length; row++)
        {
            count += UnixMicroseconds.IsOfCalendar(events[row]) && UnixMicroseconds.IsOfCalendar(created[row]) ? 0 : 1;
        }

        return count;
    }

    private int CountNullKeys(DuckDbChunk rows)
    {
        if (_keys == 1)
        {
            return rows.Column(FirstKeyOrdinal).CountNulls();
        }

        var count = 0;
        if (Enumerable.Range(FirstKeyOrdinal, _keys).Any(ordinal => rows.Column(ordinal).CountNulls() > 0))
        {
            for (var row = 0; row < rows.Count; row++)
            {
                count += Enumerable.Range(FirstKeyOrdinal, _keys).Any(ordinal => rows.Column(ordinal).IsNull(row)) ? 1 : 0;
            }
        }

        return count;
    }

    private bool IsQuarantined(long eventTime, long created) =>
        eventTime > created && unchecked((ulong)(eventTime - created)) > (ulong)_skew;

    private bool IsErased(int entity, long eventTime) => _erasedUntil.Length > 0 && entity >= 0 && eventTime <= _erasedUntil[entity];

    /// <summary>The entity's first moment that is not before the arrival; -1 when there is none.</summary>
    private int FindMoment(int entity, long arrival)
    {
        if (entity < 0 || arrival > _spine.Last)
        {
            return -1;
        }

        var (low, end) = (_spine.Starts[entity], _spine.Starts[entity + 1]);
        var at = _spine.Moments.Span[low..end].BinarySearch(arrival);
        at = at < 0 ? ~at : at;
        return low + at < end ? low + at : -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Compete(ReadOnlySpan<Arrival> arrivals, int first, int worker)
    {
        Span<int> moments = stackalloc int[MomentFinder.RowsMax];
        for (; !arrivals.IsEmpty; arrivals = arrivals[Math.Min(MomentFinder.RowsMax, arrivals.Length)..])
        {
            var some = arrivals[..Math.Min(MomentFinder.RowsMax, arrivals.Length)];
            _finders[worker].Find(some, first, moments);
            foreach (var moment in moments[..some.Length])
            {
                Prefetch.Read(ref _candidates[Math.Max(moment, 0)]);
            }

            for (var index = 0; index < some.Length; index++)
            {
                if (moments[index] >= 0)
                {
                    Compete(ref _candidates[moments[index]], some[index]);
                }
            }
        }
    }

    // Without a branch on who wins, which nobody could foresee; a tie is rare.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Compete(ref LastValueCandidate champion, in Arrival challenger)
    {
        var (eventTime, createdTime) = (challenger.EventTime, challenger.CreatedTime);
        var (isSame, isLater) = (eventTime == champion.EventTime, eventTime > champion.EventTime);
        if (isSame & createdTime == champion.CreatedTime & champion.Row != 0)
        {
            champion.Row |= LastValueCandidate.TieFlag;
            _hasTied = true;
            return;
        }

        var wins = champion.Row == 0 | isLater | (isSame & createdTime > champion.CreatedTime);
        champion.EventTime = wins ? eventTime : champion.EventTime;
        champion.CreatedTime = wins ? createdTime : champion.CreatedTime;
        champion.Row = wins ? challenger.Row : champion.Row;
    }

    // The second scan: of the rows that tied, for each view the one with the greatest hash (docs/formats/online-row.md).
    private void Decide(DuckDbChunk rows, SourceSlice slice, int worker)
    {
        Span<int> entities = stackalloc int[DuckDbChunk.RowsMax];
        var numbers = rows.Column(0).Int64;
        var files = rows.Column(1).Int64;
        var events = rows.Column(2).Int64;
        var created = rows.Column(3).Int64;
        _spine.Keys.Number(rows, FirstKeyOrdinal, entities, add: false);
        for (var row = 0; row < rows.Count; row++)
        {
            if (IsQuarantined(events[row], created[row]) || IsErased(entities[row], events[row])
                || FindMoment(entities[row], Math.Max(events[row], created[row])) is not (>= 0 and var moment)
                || !_candidates[moment].IsTied || _candidates[moment].EventTime != events[row] || _candidates[moment].CreatedTime != created[row])
            {
                continue;
            }

            var ordinal = FirstKeyOrdinal + _keys;
            for (var view = 0; view < _views.Length; view++)
            {
                var (field, stored) = (_views[view].Field, _views[view].View.StoredColumns);
                var values = new FeatureValue[stored.Count];
                for (var index = 0; index < values.Length; index++)
                {
                    values[index] = rows.Column(ordinal++).Value(row, stored[index].Type);
                }

                var bytes = OnlineRowCodec.Encode(field, events[row], created[row], values);
                _ = OnlineRowCodec.TryReadHeader(field, bytes, out _, out _, out var body);
                Keep(view, moment, RowHash.Of(OnlineRowCodec.HashBody(bytes.AsSpan(body))), slice.FirstNumbers[files[row]] + numbers[row] + 1);
            }
        }
    }

    private void Keep(int view, int moment, RowHash hash, long row)
    {
        var part = _ties[view][moment & (_ties[view].Length - 1)];
        lock (part)
        {
            // Rows of equal hash are equal; the first of the table stands for all of them.
            if (!part.TryGetValue(moment, out var best) || hash.CompareTo(best.Hash) is var order && (order > 0 || (order == 0 && row < best.Row)))
            {
                part[moment] = (hash, row);
            }
        }
    }

    /// <summary>The 20 bytes of a row's hash, ordered as its text is.</summary>
    private readonly record struct RowHash(UInt128 First, uint Last) : IComparable<RowHash>
    {
        public static RowHash Of(string hex) => new(
            UInt128.Parse(hex.AsSpan(0, 32), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            uint.Parse(hex.AsSpan(32), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

        public int CompareTo(RowHash other) => First != other.First ? First.CompareTo(other.First) : Last.CompareTo(other.Last);
    }
}

using System.Buffers.Binary;

namespace ZeroWorld.ML.Features;

/// <summary>The state of one entity in a windowed view of precision <c>hop</c>: tiles of every size, and the newest events.</summary>
/// <remarks>
/// Every event is folded into one tile of each size when it comes, and stays among the newest events while it is young enough, so that its id is known
/// and a read between two tiles is exact. Not thread safe.
/// </remarks>
internal sealed partial class HopBlock
{
    private readonly StorageField _field;
    private readonly WindowLayout _layout;
    private readonly HopLevels _levels;
    private readonly SummaryPlan[] _plans;
    private readonly int _eventsMax;
    private readonly long[] _froms;
    private readonly SortedDictionary<(int Level, long Start), HopTile> _tiles = [];
    private readonly HopIds _ids;
    private byte[] _events;
    private long _lostUntil = long.MinValue;
    private long _baseUntil = long.MinValue;
    private long _newest = long.MinValue;

    public HopBlock(StorageField field)
    {
        var view = (WindowedView)field.View;
        _field = field;
        _layout = new WindowLayout(field);
        _levels = new HopLevels(view);
        _plans = [.. SummaryPlan.Of(view, view.StoredColumns).Select(static plan => plan!)];
        _eventsMax = view.EventsMax;
        _ids = new HopIds(_eventsMax);
        _froms = new long[_levels.Sizes.Length];
        Array.Fill(_froms, long.MinValue);
        _events = BlockOf([], long.MinValue);
    }

    /// <summary>What arrived until then was in the history of which the block was made.</summary>
    public long BaseUntil => _baseUntil;

    private ReadOnlySpan<byte> Rows => _events.AsSpan(WindowBlockCodec.HeaderLength);

    private long EventsFrom => BinaryPrimitives.ReadInt64LittleEndian(_events.AsSpan(16));

    /// <summary>Makes the block of a whole history.</summary>
    /// <param name="events">An exact block of all events.</param>
    /// <param name="baseUntil">What arrived until then is in it.</param>
    public static HopBlock OfHistory(StorageField field, byte[] events, long baseUntil)
    {
        var block = new HopBlock(field) { _baseUntil = baseUntil };
        block._events = events;
        for (var rows = block.Rows; !rows.IsEmpty; rows = rows[block._layout.RowWidth..])
        {
            block.Fold(rows[..block._layout.RowWidth]);
        }

        return block;
    }

    /// <summary>Adds events that are not there yet; one that is too late to be told from a repeat makes the windows that reach it uncovered.</summary>
    /// <param name="events">An exact block of the events.</param>
    /// <param name="isLateKnownNew">Whether events older than the newest ones that are kept are known to be no repeats.</param>
    public void Add(ReadOnlySpan<byte> events, bool isLateKnownNew = false)
    {
        if (!WindowBlockCodec.TryReadHeader(events, _field.Fingerprint, _layout.RowWidth, out _, out var trim))
        {
            throw new FeatureException(FeatureError.CorruptData, $"{events.Length} bytes are no events of view '{_field.View.Name}'.");
        }

        var known = new HashSet<UInt128>();
        for (var rows = Rows; !rows.IsEmpty; rows = rows[_layout.RowWidth..])
        {
            known.Add(EventKey.Read(rows, _layout.IdWidth).Id);
        }

        var taken = new List<byte>();
        for (var rows = events[WindowBlockCodec.HeaderLength..]; !rows.IsEmpty; rows = rows[_layout.RowWidth..])
        {
            var row = rows[.._layout.RowWidth];
            var key = EventKey.Read(row, _layout.IdWidth);
            if (known.Contains(key.Id) || _ids.Contains(key.Id))
            {
                continue;
            }

            if (key.EventTime > Math.Min(EventsFrom, _ids.From) || isLateKnownNew)
            {
                known.Add(key.Id);
                Fold(row);
                taken.AddRange(row);
            }
            else if (Math.Max(key.EventTime, key.CreatedTime) > _baseUntil && key.EventTime > trim)
            {
                _lostUntil = Math.Max(_lostUntil, key.EventTime);
            }
        }

        // Those that are too old to be held one by one leave their ids.
        var added = BlockOf(taken, long.MinValue);
        var before = _events;
        _events = WindowBlockMerge.Merge(_field, _events, added, long.MinValue, _eventsMax);
        Remember(before);
        Remember(added);
    }

    /// <summary>Adds a block that was made of a history; of two such the one with the later history is the base, or, of the same history, the one that holds more of it.</summary>
    public void AddHistory(HopBlock history)
    {
        if (history._baseUntil < _baseUntil || (history._baseUntil == _baseUntil && !history.ReachesFartherThan(this)))
        {
            Add(history._events);
            return;
        }

        var (events, tiles, from) = (_events, _tiles.Values.ToArray(), _ids.From);
        var pushed = _ids.ToArray();
        Replace(history);

        // Pushed events that are no longer held one by one: the history knows them by their ids, or else they are lost. Of the oldest no ids are known;
        // theirs are the tiles that hold something which came after the history.
        var known = new HashSet<ulong>();
        for (var rows = Rows; !rows.IsEmpty; rows = rows[_layout.RowWidth..])
        {
            known.Add(HopIds.HashOf(EventKey.Read(rows, _layout.IdWidth).Id));
        }

        foreach (var (time, hash) in pushed.Where(item => !known.Contains(item.Hash) && !_ids.Contains(item.Hash) && item.Time > _ids.From))
        {
            _lostUntil = Math.Max(_lostUntil, time);
        }

        foreach (var tile in tiles.Where(tile => tile.Entry.Start <= Math.Max(from, _ids.From) && tile.Entry.Created > _baseUntil))
        {
            _lostUntil = Math.Max(_lostUntil, Math.Min(tile.Entry.Newest, Math.Max(from, _ids.From)));
        }

        Add(OnlyArrivedAfter(events, _baseUntil, EventsFrom), isLateKnownNew: true);
    }

    // As for a window that is longer than when the other one was made.
    private bool ReachesFartherThan(HopBlock other) => _froms.Zip(other._froms).Any(static from => from.First < from.Second);

    /// <summary>Drops what no read needs any more.</summary>
    /// <param name="trim">The newest event time less the view's retention; the smallest int64 drops nothing.</param>
    public void Trim(long trim)
    {
        if (trim > long.MinValue)
        {
            var newest = trim > long.MaxValue - _levels.Retention ? long.MaxValue : trim + _levels.Retention;
            for (var level = 0; level < _froms.Length; level++)
            {
                var from = HopLevels.Floor(WindowKernel.SaturatingSubtract(newest, _levels.Retentions[level]), _levels.Sizes[level]);
                _froms[level] = Math.Max(_froms[level], from);
            }

            var before = _events;
            _events = WindowBlockMerge.Prepare(_field, _events, WindowKernel.SaturatingSubtract(newest, _levels.EventRetention), _eventsMax).ToArray();
            Remember(before);
            _ids.Trim(trim);
            foreach (var key in _tiles.Keys.Where(key => key.Start < _froms[key.Level]).ToArray())
            {
                _tiles.Remove(key);
            }
        }
        else
        {
            var before = _events;
            _events = WindowBlockMerge.Prepare(_field, _events, trim, _eventsMax).ToArray();
            Remember(before);
        }
    }

    /// <summary>Forgets the events at or before a time. A tile that holds later ones too is made again of single events, or windows that reach it are uncovered.</summary>
    public void Forget(long until)
    {
        foreach (var (key, tile) in _tiles.ToArray())
        {
            if (key.Start > until)
            {
                continue;
            }

            _tiles.Remove(key);
            if (tile.Entry.Newest <= until)
            {
                continue;
            }

            if (EventsFrom > until)
            {
                _lostUntil = Math.Max(_lostUntil, Math.Min(EventsFrom, key.Start + _levels.Sizes[key.Level] - 1));
            }

            var rest = new WindowSummary(_layout, _plans);
            for (var rows = Rows; !rows.IsEmpty; rows = rows[_layout.RowWidth..])
            {
                var time = BinaryPrimitives.ReadInt64LittleEndian(rows);
                if (time > until && HopLevels.Floor(time, _levels.Sizes[key.Level]) == key.Start)
                {
                    rest.AddRow(rows[.._layout.RowWidth]);
                }
            }

            if (rest.Rows > 0)
            {
                _tiles[key] = new HopTile { Summary = rest, Entry = tile.Entry };
            }
        }

        _ids.Forget(until);
        var first = _layout.CountBefore(Rows, until, isInclusive: true);
        if (first > 0)
        {
            _events = BlockOf([.. Rows[(first * _layout.RowWidth)..]], EventsFrom);
        }

        if (_newest <= until)
        {
            _newest = long.MinValue;
        }
    }

    /// <summary>Keeps only what arrived after a time. Of tiles nothing can be taken out: they are made again of the events that are held one by one.</summary>
    /// <returns>Whether there is anything.</returns>
    public bool KeepArrivedAfter(long arrivedAfter)
    {
        var from = EventsFrom;
        var lost = _tiles.Values.Where(tile => tile.Entry.Start <= from && Math.Max(tile.Entry.Newest, tile.Entry.Created) > arrivedAfter)
            .Select(tile => Math.Min(tile.Entry.Newest, from)).DefaultIfEmpty(long.MinValue).Max();
        _events = OnlyArrivedAfter(_events, arrivedAfter, long.MaxValue);
        BinaryPrimitives.WriteInt64LittleEndian(_events.AsSpan(16), from);
        _tiles.Clear();
        _ids.Clear();
        (_baseUntil, _newest, _lostUntil) = (long.MinValue, long.MinValue, Math.Max(_lostUntil, lost));
        for (var rows = Rows; !rows.IsEmpty; rows = rows[_layout.RowWidth..])
        {
            Fold(rows[.._layout.RowWidth]);
        }

        return !Rows.IsEmpty || lost > long.MinValue;
    }

    public int CountEvents()
    {
        Span<int> counts = stackalloc int[_froms.Length];
        counts.Clear();
        foreach (var (key, tile) in _tiles)
        {
            counts[key.Level] += (int?)tile.Summary?.Rows ?? tile.Entry.Rows;
        }

        var most = 0;
        foreach (var count in counts)
        {
            most = Math.Max(most, count);
        }

        return most;
    }

    private void Fold(ReadOnlySpan<byte> row)
    {
        var time = BinaryPrimitives.ReadInt64LittleEndian(row);
        _newest = Math.Max(_newest, time);
        for (var level = 0; level < _froms.Length; level++)
        {
            var start = HopLevels.Floor(time, _levels.Sizes[level]);
            if (start < _froms[level])
            {
                continue;
            }

            if (!_tiles.TryGetValue((level, start), out var tile))
            {
                _tiles.Add((level, start), tile = new HopTile());
            }

            tile.Open(_field, _layout, _plans).AddRow(row);
        }
    }

    private void Replace(HopBlock other)
    {
        (_events, _lostUntil, _baseUntil, _newest) = (other._events, other._lostUntil, other._baseUntil, Math.Max(_newest, other._newest));
        other._froms.CopyTo(_froms, 0);
        _ids.Read(other._ids.ToBytes(), other._ids.From);
        _tiles.Clear();
        foreach (var (key, tile) in other._tiles)
        {
            _tiles.Add(key, tile);
        }
    }

    /// <summary>Keeps the ids of the events of a block that are not among the newest ones any more.</summary>
    private void Remember(byte[] block)
    {
        var from = EventsFrom;
        for (var rows = block.AsSpan(WindowBlockCodec.HeaderLength); !rows.IsEmpty; rows = rows[_layout.RowWidth..])
        {
            var key = EventKey.Read(rows, _layout.IdWidth);
            if (key.EventTime > from)
            {
                break;
            }

            _ids.Add(key.EventTime, key.Id);
        }
    }

    /// <summary>The events that the other block cannot hold: they arrived after its history; those younger than <paramref name="from"/> are told apart by their ids.</summary>
    private byte[] OnlyArrivedAfter(byte[] events, long until, long from)
    {
        var kept = new List<byte>(events.Length);
        for (var rows = events.AsSpan(WindowBlockCodec.HeaderLength); !rows.IsEmpty; rows = rows[_layout.RowWidth..])
        {
            var key = EventKey.Read(rows, _layout.IdWidth);
            if (key.EventTime > from || Math.Max(key.EventTime, key.CreatedTime) > until)
            {
                kept.AddRange(rows[.._layout.RowWidth]);
            }
        }

        return BlockOf(kept, long.MinValue);
    }

    private byte[] BlockOf(List<byte> rows, long coveredFrom)
    {
        var block = new byte[WindowBlockCodec.HeaderLength + rows.Count];
        WindowBlockCodec.WriteHeader(block, _field, _layout.RowWidth, rows.Count / _layout.RowWidth, coveredFrom);
        rows.CopyTo(block, WindowBlockCodec.HeaderLength);
        return block;
    }
}

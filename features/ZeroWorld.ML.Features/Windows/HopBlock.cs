using System.Buffers.Binary;

namespace ZeroWorld.ML.Features;

/// <summary>The state of one entity in a windowed view of precision <c>hop</c>: tiles of every size, and the newest events.</summary>
/// <remarks>
/// Every event is folded into one tile of each size when it comes, and stays among the newest events while it is young enough, so that its id is known
/// and a read between two tiles is exact. Not thread safe.
/// </remarks>
internal sealed class HopBlock
{
    private readonly StorageField _field;
    private readonly WindowLayout _layout;
    private readonly HopLevels _levels;
    private readonly SummaryPlan[] _plans;
    private readonly int _eventsMax;
    private readonly long[] _froms;
    private readonly SortedDictionary<(int Level, long Start), Tile> _tiles = [];
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
        _froms = new long[_levels.Sizes.Length];
        Array.Fill(_froms, long.MinValue);
        _events = EmptyEvents(long.MinValue);
    }

    private HopBlock(StorageField field, in HopParts parts)
        : this(field)
    {
        (_lostUntil, _baseUntil, _newest) = (parts.LostUntil, parts.BaseUntil, parts.Newest);
        _events = parts.Events.ToArray();
        for (var level = 0; level < _froms.Length; level++)
        {
            _froms[level] = parts.FromOf(level);
        }

        var offset = 0;
        for (var rest = parts.Directory; !rest.IsEmpty; rest = rest[HopBlockCodec.EntryLength..])
        {
            var entry = HopEntry.Read(rest);
            _tiles[(entry.Level, entry.Start)] = new Tile { Entry = entry, Body = parts.Bodies.Slice(offset, entry.Length).ToArray() };
            offset += entry.Length;
        }
    }

    /// <summary>What arrived until then was in the history of which the block was made.</summary>
    public long BaseUntil => _baseUntil;

    private ReadOnlySpan<byte> Rows => _events.AsSpan(WindowBlockCodec.HeaderLength);

    private long EventsFrom => BinaryPrimitives.ReadInt64LittleEndian(_events.AsSpan(16));

    /// <exception cref="FeatureException"><see cref="FeatureError.CorruptData"/>: not a hop block of this field.</exception>
    public static HopBlock Read(StorageField field, ReadOnlySpan<byte> block)
    {
        var levels = new HopLevels((WindowedView)field.View);
        return HopBlockCodec.TryParse(block, field.Fingerprint, levels.Sizes.Length, WindowBlockCodec.RowWidth(field), out var parts)
            ? new HopBlock(field, parts)
            : throw new FeatureException(
                FeatureError.CorruptData,
                $"{block.Length} bytes are no hop block of view '{field.View.Name}': expected version 1, {levels.Sizes.Length} tile sizes and fingerprint {field.Fingerprint:x8}.");
    }

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

        var ids = new HashSet<UInt128>();
        for (var rows = Rows; !rows.IsEmpty; rows = rows[_layout.RowWidth..])
        {
            ids.Add(EventKey.Read(rows, _layout.IdWidth).Id);
        }

        for (var rows = events[WindowBlockCodec.HeaderLength..]; !rows.IsEmpty; rows = rows[_layout.RowWidth..])
        {
            var row = rows[.._layout.RowWidth];
            var key = EventKey.Read(row, _layout.IdWidth);
            if (key.EventTime > EventsFrom || isLateKnownNew)
            {
                if (ids.Add(key.Id))
                {
                    Fold(row);
                }
            }
            else if (Math.Max(key.EventTime, key.CreatedTime) > _baseUntil && key.EventTime > trim)
            {
                _lostUntil = Math.Max(_lostUntil, key.EventTime);
            }
        }

        // What the writer left out as too old concerns the longest retention; here only the newest events are merged.
        var added = events.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(added.AsSpan(16), long.MinValue);
        _events = WindowBlockMerge.Merge(_field, _events, added, long.MinValue, _eventsMax);
    }

    /// <summary>Adds a block that was made of a history; of two such the one with the later history is the base.</summary>
    public void AddHistory(HopBlock history)
    {
        if (history._baseUntil <= _baseUntil)
        {
            Add(history._events);
            return;
        }

        var (events, tiles) = (_events, _tiles.Values.ToArray());
        var from = EventsFrom;
        Replace(history);

        // Pushed events that the history does not know and that are no longer held one by one.
        foreach (var tile in tiles.Where(tile => tile.Entry.Start <= from && tile.Entry.Created > _baseUntil))
        {
            _lostUntil = Math.Max(_lostUntil, Math.Min(tile.Entry.Newest, from));
        }

        var known = OnlyArrivedAfter(events, _baseUntil, EventsFrom);
        Add(known, isLateKnownNew: true);
    }

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

            _events = WindowBlockMerge.Prepare(_field, _events, WindowKernel.SaturatingSubtract(newest, _levels.EventRetention), _eventsMax).ToArray();
            foreach (var key in _tiles.Keys.Where(key => key.Start < _froms[key.Level]).ToArray())
            {
                _tiles.Remove(key);
            }
        }
        else
        {
            _events = WindowBlockMerge.Prepare(_field, _events, trim, _eventsMax).ToArray();
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
                _tiles[key] = new Tile { Summary = rest, Entry = tile.Entry };
            }
        }

        var first = _layout.CountBefore(Rows, until, isInclusive: true);
        if (first > 0)
        {
            var kept = Rows[(first * _layout.RowWidth)..].ToArray();
            var events = new byte[WindowBlockCodec.HeaderLength + kept.Length];
            WindowBlockCodec.WriteHeader(events, _field, _layout.RowWidth, kept.Length / _layout.RowWidth, EventsFrom);
            kept.CopyTo(events, WindowBlockCodec.HeaderLength);
            _events = events;
        }

        if (_newest <= until)
        {
            _newest = long.MinValue;
        }
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

    public byte[] ToBytes()
    {
        var writer = new TileWriter();
        var directory = new byte[_tiles.Count * HopBlockCodec.EntryLength];
        var at = 0;
        foreach (var (key, tile) in _tiles)
        {
            var before = writer.Length;
            if (tile.Summary is { } summary)
            {
                summary.Write(writer);
            }
            else
            {
                writer.Write(tile.Body);
            }

            var entry = tile.Summary is { } changed
                ? new HopEntry((byte)key.Level, key.Start, changed.Newest, changed.Created, checked((int)changed.Rows), writer.Length - before)
                : tile.Entry;
            entry.Write(directory.AsSpan(at));
            at += HopBlockCodec.EntryLength;
        }

        var froms = HopBlockCodec.HeaderLength + (_froms.Length * sizeof(long));
        var block = new byte[froms + directory.Length + writer.Length + _events.Length];
        block[0] = HopBlockCodec.Kind;
        block[1] = (byte)_froms.Length;
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(4), _tiles.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(8), _field.Fingerprint);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(12), writer.Length);
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(16), _lostUntil);
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(24), _baseUntil);
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(32), _newest);
        for (var level = 0; level < _froms.Length; level++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(HopBlockCodec.HeaderLength + (level * sizeof(long))), _froms[level]);
        }

        directory.CopyTo(block, froms);
        writer.Written.CopyTo(block.AsSpan(froms + directory.Length));
        _events.CopyTo(block, froms + directory.Length + writer.Length);
        return block;
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
                _tiles.Add((level, start), tile = new Tile());
            }

            tile.Open(_field, _layout, _plans).AddRow(row);
        }
    }

    private void Replace(HopBlock other)
    {
        (_events, _lostUntil, _baseUntil, _newest) = (other._events, other._lostUntil, other._baseUntil, Math.Max(_newest, other._newest));
        other._froms.CopyTo(_froms, 0);
        _tiles.Clear();
        foreach (var (key, tile) in other._tiles)
        {
            _tiles.Add(key, tile);
        }
    }

    /// <summary>The events that the other block cannot hold: they arrived after its history; those younger than <paramref name="from"/> are told apart by their ids.</summary>
    private byte[] OnlyArrivedAfter(byte[] events, long until, long from)
    {
        var kept = new List<byte>(events.Length);
        var count = 0;
        for (var rows = events.AsSpan(WindowBlockCodec.HeaderLength); !rows.IsEmpty; rows = rows[_layout.RowWidth..])
        {
            var key = EventKey.Read(rows, _layout.IdWidth);
            if (key.EventTime > from || Math.Max(key.EventTime, key.CreatedTime) > until)
            {
                kept.AddRange(rows[.._layout.RowWidth]);
                count++;
            }
        }

        var result = new byte[WindowBlockCodec.HeaderLength + kept.Count];
        WindowBlockCodec.WriteHeader(result, _field, _layout.RowWidth, count, long.MinValue);
        kept.CopyTo(result, WindowBlockCodec.HeaderLength);
        return result;
    }

    private byte[] EmptyEvents(long coveredFrom)
    {
        var events = new byte[WindowBlockCodec.HeaderLength];
        WindowBlockCodec.WriteHeader(events, _field, _layout.RowWidth, 0, coveredFrom);
        return events;
    }

    /// <summary>A tile: bytes as they were read, or a summary that is being changed.</summary>
    private sealed class Tile
    {
        public HopEntry Entry { get; init; }

        public byte[]? Body { get; init; }

        public WindowSummary? Summary { get; set; }

        public WindowSummary Open(StorageField field, WindowLayout layout, SummaryPlan[] plans)
        {
            if (Summary is null)
            {
                Summary = new WindowSummary(layout, plans);
                if (Body is not null && !Summary.TryMerge(Entry, Body))
                {
                    throw new FeatureException(FeatureError.CorruptData, $"A tile of view '{field.View.Name}' cannot be read: its {Body.Length} bytes are no summaries.");
                }
            }

            return Summary;
        }
    }
}

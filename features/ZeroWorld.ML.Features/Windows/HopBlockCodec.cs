using System.Buffers.Binary;

namespace ZeroWorld.ML.Features;

/// <summary>Bytes of a hop block (docs/formats/online-row.md, "Hop block").</summary>
internal static class HopBlockCodec
{
    /// <summary>First byte: version 1, of tiles.</summary>
    public const byte Kind = 0x11;

    /// <summary>Bytes before the levels.</summary>
    public const int HeaderLength = 56;

    /// <summary>Bytes of a remembered id: event time and hash.</summary>
    public const int IdLength = 16;

    /// <summary>Bytes of an entry of the directory of tiles.</summary>
    public const int EntryLength = 33;

    public static bool IsHopBlock(ReadOnlySpan<byte> block) => !block.IsEmpty && block[0] == Kind;

    /// <summary>Header, directory and parts of a block.</summary>
    /// <returns><see langword="false"/> when the bytes are no hop block of this view.</returns>
    public static bool TryParse(ReadOnlySpan<byte> block, uint fingerprint, int levels, int rowWidth, out HopParts parts)
    {
        parts = default;
        if (block.Length < HeaderLength || block[0] != Kind || block[1] != levels || BinaryPrimitives.ReadUInt32LittleEndian(block[8..]) != fingerprint)
        {
            return false;
        }

        var tiles = BinaryPrimitives.ReadInt32LittleEndian(block[4..]);
        var tileBytes = BinaryPrimitives.ReadInt32LittleEndian(block[12..]);
        var ids = BinaryPrimitives.ReadInt32LittleEndian(block[48..]);
        var froms = HeaderLength + (levels * sizeof(long));
        if (tiles < 0 || tileBytes < 0 || ids < 0 || block.Length - froms < ((long)tiles * EntryLength) + tileBytes + ((long)ids * IdLength))
        {
            return false;
        }

        var directory = block.Slice(froms, tiles * EntryLength);
        var bodies = block.Slice(froms + directory.Length, tileBytes);
        var known = block.Slice(froms + directory.Length + tileBytes, ids * IdLength);
        var events = block[(froms + directory.Length + tileBytes + known.Length)..];
        if (!WindowBlockCodec.TryReadHeader(events, fingerprint, rowWidth, out _, out var eventsFrom))
        {
            return false;
        }

        parts = new HopParts(block.Slice(HeaderLength, levels * sizeof(long)), directory, bodies, known, events)
        {
            LostUntil = BinaryPrimitives.ReadInt64LittleEndian(block[16..]),
            BaseUntil = BinaryPrimitives.ReadInt64LittleEndian(block[24..]),
            Newest = BinaryPrimitives.ReadInt64LittleEndian(block[32..]),
            IdsFrom = BinaryPrimitives.ReadInt64LittleEndian(block[40..]),
            EventsFrom = eventsFrom,
        };
        return tiles == 0 ? tileBytes == 0 : HopEntry.Read(directory[^EntryLength..]).End == tileBytes;
    }
}

/// <summary>An entry of the directory: what is known of a tile without its summaries.</summary>
/// <param name="Level">Index of its size.</param>
/// <param name="Start">Its first microsecond.</param>
/// <param name="Newest">Event time of its newest event.</param>
/// <param name="Created">Greatest created time of its events: a read before it does not see the whole tile.</param>
/// <param name="Rows">Its events, 1 or more.</param>
/// <param name="End">Where its summaries end among those of all tiles; they begin where those of the tile before end.</param>
internal readonly record struct HopEntry(byte Level, long Start, long Newest, long Created, int Rows, int End)
{
    public static HopEntry Read(ReadOnlySpan<byte> entry) => new(
        entry[0],
        BinaryPrimitives.ReadInt64LittleEndian(entry[1..]),
        BinaryPrimitives.ReadInt64LittleEndian(entry[9..]),
        BinaryPrimitives.ReadInt64LittleEndian(entry[17..]),
        BinaryPrimitives.ReadInt32LittleEndian(entry[25..]),
        BinaryPrimitives.ReadInt32LittleEndian(entry[29..]));

    public void Write(Span<byte> entry)
    {
        entry[0] = Level;
        BinaryPrimitives.WriteInt64LittleEndian(entry[1..], Start);
        BinaryPrimitives.WriteInt64LittleEndian(entry[9..], Newest);
        BinaryPrimitives.WriteInt64LittleEndian(entry[17..], Created);
        BinaryPrimitives.WriteInt32LittleEndian(entry[25..], Rows);
        BinaryPrimitives.WriteInt32LittleEndian(entry[29..], End);
    }
}

/// <summary>The parts of a hop block.</summary>
internal readonly ref struct HopParts(
    ReadOnlySpan<byte> froms, ReadOnlySpan<byte> directory, ReadOnlySpan<byte> bodies, ReadOnlySpan<byte> ids, ReadOnlySpan<byte> events)
{
    private readonly ReadOnlySpan<byte> _froms = froms;

    /// <summary>Entries, ascending by level and start.</summary>
    public ReadOnlySpan<byte> Directory { get; } = directory;

    /// <summary>Summaries, one tile after the other.</summary>
    public ReadOnlySpan<byte> Bodies { get; } = bodies;

    /// <summary>Event time and hash of the id of events that are only in tiles, ascending.</summary>
    public ReadOnlySpan<byte> Ids { get; } = ids;

    /// <summary>The newest events, as an exact block.</summary>
    public ReadOnlySpan<byte> Events { get; } = events;

    /// <summary>Windows that reach to this event time or before it are not covered: an event there came too late to be told from a repeat.</summary>
    public long LostUntil { get; init; }

    /// <summary>Whatever arrived until then was in the history from which the block was made; the smallest int64: it was made of pushes.</summary>
    public long BaseUntil { get; init; }

    /// <summary>Greatest event time of any event; the smallest int64 without one.</summary>
    public long Newest { get; init; }

    /// <summary>Every later event is in <see cref="Ids"/> or <see cref="Events"/>.</summary>
    public long IdsFrom { get; init; }

    /// <summary>Every later event is in <see cref="Events"/>.</summary>
    public long EventsFrom { get; init; }

    /// <summary>Index of the first tile of a size at or after a time, among those of all sizes.</summary>
    public int FindTile(int level, long start)
    {
        var (low, high) = (0, Directory.Length / HopBlockCodec.EntryLength);
        while (low < high)
        {
            var middle = (int)(((uint)low + (uint)high) >> 1);
            var entry = Directory[(middle * HopBlockCodec.EntryLength)..];
            if (entry[0] < level || (entry[0] == level && BinaryPrimitives.ReadInt64LittleEndian(entry[1..]) < start))
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

    /// <summary>A tile by its index.</summary>
    /// <returns><see langword="false"/> behind the last one, and where the directory does not fit the tiles.</returns>
    public bool TryGetTile(int index, out HopEntry entry, out ReadOnlySpan<byte> body)
    {
        var offset = index * HopBlockCodec.EntryLength;
        entry = default;
        body = default;
        if (offset >= Directory.Length)
        {
            return false;
        }

        entry = HopEntry.Read(Directory[offset..]);
        var start = index == 0 ? 0 : HopEntry.Read(Directory[(offset - HopBlockCodec.EntryLength)..]).End;
        if (start < 0 || entry.End < start || entry.End > Bodies.Length || entry.Rows < 1)
        {
            return false;
        }

        body = Bodies[start..entry.End];
        return true;
    }

    /// <summary>Every event from this time on is in the tiles of the level.</summary>
    public long FromOf(int level) => BinaryPrimitives.ReadInt64LittleEndian(_froms[(level * sizeof(long))..]);
}

using System.Buffers.Binary;

namespace ZeroWorld.ML.Features;

/// <summary>The total order of events: event time, created time, bytes of the id.</summary>
internal readonly record struct EventKey(long EventTime, long CreatedTime, UInt128 Id) : IComparable<EventKey>
{
    /// <summary>Reads the key of an event row.</summary>
    public static EventKey Read(ReadOnlySpan<byte> row, int idWidth)
    {
        var id = row.Slice(WindowBlockCodec.EventIdOffset, idWidth);
        return new EventKey(
            BinaryPrimitives.ReadInt64LittleEndian(row),
            BinaryPrimitives.ReadInt64LittleEndian(row[WindowBlockCodec.CreatedTimeOffset..]),
            idWidth == sizeof(ulong) ? BinaryPrimitives.ReadUInt64BigEndian(id) : BinaryPrimitives.ReadUInt128BigEndian(id));
    }

    /// <summary>The request's own event at q: later than every stored one.</summary>
    public static EventKey OfRequest(long q) => new(q, long.MaxValue, UInt128.MaxValue);

    public int CompareTo(EventKey other)
    {
        var order = EventTime.CompareTo(other.EventTime);
        order = order != 0 ? order : CreatedTime.CompareTo(other.CreatedTime);
        return order != 0 ? order : Id.CompareTo(other.Id);
    }
}

using System.Buffers.Binary;

namespace ZeroWorld.ML.Features;

/// <summary>The ids of events that are only in tiles, so that a repeat of them is known: the newest ones, up to a bound.</summary>
/// <remarks>An id is remembered as 64 bits of a hash: of a million ids of one entity, two are taken for one with a chance of 3 in 100 million. Not thread safe.</remarks>
internal sealed class HopIds(int countMax)
{
    private readonly SortedSet<(long Time, ulong Hash)> _items = [];
    private readonly HashSet<ulong> _hashes = [];

    /// <summary>The id of every later event that is not held one by one is known.</summary>
    public long From { get; private set; } = long.MinValue;

    public static ulong HashOf(UInt128 id) => unchecked(new WindowValue((long)(ulong)(id >> 64), null).Hash() + (31 * new WindowValue((long)(ulong)id, null).Hash()));

    public bool Contains(UInt128 id) => _hashes.Count > 0 && _hashes.Contains(HashOf(id));

    public bool Contains(ulong hash) => _hashes.Contains(hash);

    public (long Time, ulong Hash)[] ToArray() => [.. _items];

    public void Add(long time, UInt128 id)
    {
        if (time <= From || !_hashes.Add(HashOf(id)))
        {
            return;
        }

        _items.Add((time, HashOf(id)));
        if (_items.Count > countMax)
        {
            Trim(_items.Min.Time);
        }
    }

    /// <summary>Forgets ids at or before a time: whether later events there are repeats is not known any more.</summary>
    public void Trim(long until)
    {
        From = Math.Max(From, until);
        Forget(until);
    }

    /// <summary>Drops ids at or before a time, before which no event is taken any more.</summary>
    public void Forget(long until)
    {
        while (_items.Count > 0 && _items.Min.Time <= until)
        {
            _hashes.Remove(_items.Min.Hash);
            _items.Remove(_items.Min);
        }
    }

    public void Clear()
    {
        _items.Clear();
        _hashes.Clear();
        From = long.MinValue;
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[_items.Count * HopBlockCodec.IdLength];
        var rest = bytes.AsSpan();
        foreach (var (time, hash) in _items)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, time);
            BinaryPrimitives.WriteUInt64LittleEndian(rest[sizeof(long)..], hash);
            rest = rest[HopBlockCodec.IdLength..];
        }

        return bytes;
    }

    /// <summary>Takes over what <see cref="ToBytes"/> wrote.</summary>
    public void Read(ReadOnlySpan<byte> bytes, long from)
    {
        Clear();
        From = from;
        for (; !bytes.IsEmpty; bytes = bytes[HopBlockCodec.IdLength..])
        {
            var hash = BinaryPrimitives.ReadUInt64LittleEndian(bytes[sizeof(long)..]);
            _items.Add((BinaryPrimitives.ReadInt64LittleEndian(bytes), hash));
            _hashes.Add(hash);
        }
    }
}

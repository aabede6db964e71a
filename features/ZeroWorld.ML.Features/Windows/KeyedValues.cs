namespace ZeroWorld.ML.Features;

/// <summary>The values of the k oldest, or newest, events of a column.</summary>
internal sealed class KeyedValues(FeatureType columnType, int lengthMax, bool isNewest)
{
    // In the order of the result: oldest first, or newest first.
    private readonly List<(EventKey Key, WindowValue Value)> _items = new(Math.Min(lengthMax, 16));

    public void Add(in EventKey key, in WindowValue value)
    {
        var at = _items.Count;
        while (at > 0 && IsBefore(key, _items[at - 1].Key))
        {
            at--;
        }

        if (at >= lengthMax)
        {
            return;
        }

        _items.Insert(at, (key, value));
        if (_items.Count > lengthMax)
        {
            _items.RemoveAt(lengthMax);
        }
    }

    public WindowValue[] Values(int length) => [.. _items.Take(length).Select(static item => item.Value)];

    public void Write(TileWriter writer)
    {
        writer.WriteVariable((ulong)_items.Count);
        foreach (var (key, value) in _items)
        {
            writer.WriteInt64(key.EventTime);
            writer.WriteInt64(key.CreatedTime);
            writer.WriteUInt128(key.Id);
            value.Write(writer);
        }
    }

    /// <summary>Merges what <see cref="Write"/> wrote.</summary>
    public bool TryMerge(ref TileReader reader)
    {
        if (!reader.TryReadCount(out var count))
        {
            return false;
        }

        for (; count > 0; count--)
        {
            if (!reader.TryReadInt64(out var eventTime) || !reader.TryReadInt64(out var createdTime) || !reader.TryReadUInt128(out var id)
                || !WindowValue.TryRead(ref reader, columnType, out var value))
            {
                return false;
            }

            Add(new EventKey(eventTime, createdTime, id), value);
        }

        return true;
    }

    private bool IsBefore(in EventKey left, in EventKey right) => isNewest ? left.CompareTo(right) > 0 : left.CompareTo(right) < 0;
}

namespace ZeroWorld.ML.Features;

/// <summary>How often each distinct value occurs, up to <see cref="WindowFeature.DistinctMax"/> of them; beyond, only that there are more.</summary>
/// <remarks>Whether there are too many depends on the values alone, so order and grouping leave no trace. Not thread safe.</remarks>
internal sealed class ValueCounts(FeatureType columnType)
{
    private readonly Dictionary<WindowValue, long> _counts = [];

    /// <summary>Whether there are more distinct values than are counted.</summary>
    public bool IsOverfull { get; private set; }

    /// <summary>Distinct values. Only while not overfull.</summary>
    public int Distinct => _counts.Count;

    /// <param name="value">A canonical value.</param>
    public void Add(in WindowValue value, long count)
    {
        if (IsOverfull)
        {
            return;
        }

        _counts[value] = _counts.GetValueOrDefault(value) + count;
        if (_counts.Count > WindowFeature.DistinctMax)
        {
            IsOverfull = true;
            _counts.Clear();
        }
    }

    /// <summary>The most frequent values, most frequent first; equal frequencies by ascending value.</summary>
    public WindowValue[] Top(int length)
    {
        var items = _counts.ToArray();
        Array.Sort(items, (left, right) => left.Value != right.Value
            ? right.Value.CompareTo(left.Value)
            : WindowValue.Compare(left.Key, right.Key, columnType));
        return [.. items.Take(length).Select(static item => item.Key)];
    }

    public void Write(TileWriter writer)
    {
        writer.WriteByte(IsOverfull ? (byte)1 : (byte)0);
        writer.WriteVariable((ulong)_counts.Count);
        var items = _counts.ToArray();
        Array.Sort(items, (left, right) => WindowValue.Compare(left.Key, right.Key, columnType));
        foreach (var (value, count) in items)
        {
            value.Write(writer);
            writer.WriteVariable((ulong)count);
        }
    }

    /// <summary>Adds what <see cref="Write"/> wrote.</summary>
    public bool TryMerge(ref TileReader reader)
    {
        if (!reader.TryReadByte(out var isOverfull) || isOverfull > 1 || !reader.TryReadCount(out var distinct))
        {
            return false;
        }

        for (; distinct > 0; distinct--)
        {
            if (!WindowValue.TryRead(ref reader, columnType, out var value) || !reader.TryReadVariable(out var count) || count is 0 or > long.MaxValue)
            {
                return false;
            }

            Add(value, (long)count);
        }

        if (isOverfull == 1)
        {
            IsOverfull = true;
            _counts.Clear();
        }

        return true;
    }
}

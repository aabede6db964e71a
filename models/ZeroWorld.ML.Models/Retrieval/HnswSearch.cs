namespace ZeroWorld.ML.Models.Retrieval;

/// <summary>What one search of an <see cref="HnswIndex"/> has found: the nearest items so far, the nearest first, and which of them were expanded.</summary>
/// <remarks>
/// One sorted array serves as both queues of the paper: what falls off its end would never be expanded. An entry is its score in the order of integers, then its item, then whether it was
/// expanded: comparing entries compares integers. Kept by its thread, since the marks are as many as the items.
/// </remarks>
internal sealed class HnswSearch(int items)
{
    [ThreadStatic]
    private static HnswSearch? _kept;

    private readonly int[] _seen = new int[items];
    private long[] _entries = [];
    private int _width;
    private int _turn;

    // Before it, everything was expanded.
    private int _next;

    /// <summary>Items found.</summary>
    public int Count { get; private set; }

    /// <summary>The item at a place, 0 for the nearest.</summary>
    public ScoredItem this[int place] => new((int)(unchecked((uint)~_entries[place]) >> 1), ScoreOf(_entries[place]));

    public static HnswSearch Rent(int items)
    {
        var search = _kept is { } kept && kept._seen.Length == items ? kept : new HnswSearch(items);
        _kept = null;
        return search;
    }

    public static void Return(HnswSearch search) => _kept = search;

    /// <param name="width">Items that are kept, 1 or more.</param>
    public void Begin(int width)
    {
        if (++_turn == int.MaxValue)
        {
            Array.Clear(_seen);
            _turn = 1;
        }

        if (_entries.Length < width)
        {
            _entries = new long[width];
        }

        (_width, Count, _next) = (width, 0, 0);
    }

    /// <summary>Whether an item is met for the first time.</summary>
    public bool IsNew(int item)
    {
        if (_seen[item] == _turn)
        {
            return false;
        }

        _seen[item] = _turn;
        return true;
    }

    public void Add(int item, float score)
    {
        // Greater is nearer; of equal scores, the lower item is.
        var entry = ((long)ToOrder(score) << 32) | unchecked((uint)~(item << 1));
        if (Count == _width && entry < _entries[Count - 1])
        {
            return;
        }

        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (_entries[middle] > entry)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        var moved = Math.Min(Count, _width - 1) - low;
        if (moved < 0)
        {
            return;
        }

        _entries.AsSpan(low, moved).CopyTo(_entries.AsSpan(low + 1));
        _entries[low] = entry;
        Count = Math.Min(Count + 1, _width);
        _next = Math.Min(_next, low);
    }

    /// <summary>The nearest item that was not expanded yet; it counts as expanded from now on.</summary>
    public bool TryExpand(out int item)
    {
        for (; _next < Count; _next++)
        {
            // The lowest bit of an entry is 1 until it is expanded.
            if ((_entries[_next] & 1) != 0)
            {
                _entries[_next] &= ~1L;
                item = this[_next].Item;
                _next++;
                return true;
            }
        }

        item = -1;
        return false;
    }

    public List<ScoredItem> ToList()
    {
        var list = new List<ScoredItem>(Count);
        for (var place = 0; place < Count; place++)
        {
            list.Add(this[place]);
        }

        return list;
    }

    // Floats in the order of integers: those below zero with their bits turned.
    private static int ToOrder(float score)
    {
        var bits = BitConverter.SingleToInt32Bits(score);
        return bits < 0 ? bits ^ int.MaxValue : bits;
    }

    private static float ScoreOf(long entry)
    {
        var order = (int)(entry >> 32);
        return BitConverter.Int32BitsToSingle(order < 0 ? order ^ int.MaxValue : order);
    }
}

using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>A growing array whose memory is kept from one file to the next. Not thread safe.</summary>
internal sealed class LogBuffer<T>
{
    private const int CapacityMin = 1024;

    /// <summary>The first <see cref="Count"/> are in use.</summary>
    public T[] Items { get; private set; } = [];

    public int Count { get; private set; }

    public void Add(T item)
    {
        Reserve(1);
        Items[Count++] = item;
    }

    /// <summary>Adds elements that the caller fills in, all of them.</summary>
    public Span<T> Extend(int count)
    {
        Reserve(count);
        var added = Items.AsSpan(Count, count);
        Count += count;
        return added;
    }

    public void Clear()
    {
        // References would keep what they point at alive.
        Array.Clear(Items, 0, Count);
        Count = 0;
    }

    /// <summary>The column over this buffer: it must not be filled on until it is written.</summary>
    public SinkColumn ToColumn(string name) => new(name, Items) { Rows = Count };

    private void Reserve(int count)
    {
        if (Count + count > Items.Length)
        {
            var grown = new T[Math.Max(CapacityMin, Math.Max(Items.Length * 2, Count + count))];
            Items.AsSpan(0, Count).CopyTo(grown);
            Items = grown;
        }
    }
}

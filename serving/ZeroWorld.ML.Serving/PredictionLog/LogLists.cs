using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>A column of lists, bytes or texts that is being filled, flat. Not thread safe.</summary>
internal sealed class LogLists<T>
{
    private const int None = -1;
    private readonly LogBuffer<T> _elements = new();
    private readonly LogBuffer<int> _lengths = new();

    /// <summary>Adds a row of elements that the caller fills in, all of them.</summary>
    public Span<T> AddRow(int length)
    {
        _lengths.Add(length);
        return _elements.Extend(length);
    }

    public void AddRow(ReadOnlySpan<T> elements) => elements.CopyTo(AddRow(elements.Length));

    /// <summary>Adds a row that has nothing, not even an empty list.</summary>
    public void AddNone() => _lengths.Add(None);

    public void Clear()
    {
        _elements.Clear();
        _lengths.Clear();
    }

    /// <summary>The column over this buffer: it must not be filled on until it is written.</summary>
    /// <param name="areNull">Which elements are null.</param>
    public SinkLists ToColumn(string name, LogBuffer<bool>? areNull = null) => new SinkLists(name, _elements.Items, _lengths.Items, areNull?.Items) { Rows = _lengths.Count };
}

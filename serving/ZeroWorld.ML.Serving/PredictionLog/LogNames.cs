using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>A column of lists of names that many rows share, kept as one reference per row until it is written. Not thread safe.</summary>
internal sealed class LogNames
{
    private readonly LogBuffer<string[]> _rows = new();
    private readonly LogLists<string?> _written = new();

    public void AddRow(string[] names) => _rows.Add(names);

    public void Clear()
    {
        _rows.Clear();
        _written.Clear();
    }

    /// <summary>The column over this buffer: it must not be filled on until it is written.</summary>
    public SinkColumn ToColumn(string name)
    {
        _written.Clear();
        foreach (var names in _rows.Items.AsSpan(0, _rows.Count))
        {
            _written.AddRow(names);
        }

        return _written.ToColumn(name) with { HasFewTexts = true };
    }
}

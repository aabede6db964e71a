using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>A column of lists of names that many rows share, kept as one reference per row until it is written. Not thread safe.</summary>
internal sealed class LogNames
{
    private readonly LogBuffer<string[]> _rows = new();

    public void AddRow(string[] names) => _rows.Add(names);

    public void Clear() => _rows.Clear();

    /// <summary>The column, in memory of its own.</summary>
    public SinkColumn ToColumn(string name)
    {
        var lengths = new int[_rows.Count];
        var total = 0;
        for (var row = 0; row < lengths.Length; row++)
        {
            lengths[row] = _rows.Items[row].Length;
            total += lengths[row];
        }

        var elements = new string?[total];
        var position = 0;
        foreach (var names in _rows.Items.AsSpan(0, _rows.Count))
        {
            names.CopyTo(elements, position);
            position += names.Length;
        }

        return new SinkLists(name, elements, lengths) { HasFewTexts = true };
    }
}

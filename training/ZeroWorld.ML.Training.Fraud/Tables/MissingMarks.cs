namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Which columns get a mark for missing numbers: of those that are missing in the same rows the first, since the marks of the others would be the same feature.</summary>
/// <remarks>What a join did not find is missing in dozens of columns together; their marks cost trees as much as the numbers do, and a line divides its weight among them.</remarks>
/// <param name="rows">The rows that a table is encoded by.</param>
internal sealed class MissingMarks(TableSource source, int[] rows)
{
    private readonly Dictionary<(int Missing, int First, int Last), List<int>> _alike = [];
    private readonly List<int> _columns = [];

    /// <summary>The marked columns, in the order in which they were added.</summary>
    internal IReadOnlyList<int> Columns => _columns;

    /// <param name="column">A column of numbers.</param>
    /// <param name="missing">In how many rows it is missing.</param>
    internal void Add(int column, int missing)
    {
        if (missing == 0)
        {
            return;
        }

        var values = source.Numbers[column];
        var key = (missing, Array.FindIndex(rows, row => float.IsNaN(values[row])), Array.FindLastIndex(rows, row => float.IsNaN(values[row])));
        if (!_alike.TryGetValue(key, out var alike))
        {
            _alike.Add(key, alike = []);
        }

        if (!alike.Exists(other => AreMissingTogether(source.Numbers[other], values)))
        {
            alike.Add(column);
            _columns.Add(column);
        }
    }

    private bool AreMissingTogether(float[] left, float[] right) => Array.TrueForAll(rows, row => float.IsNaN(left[row]) == float.IsNaN(right[row]));
}

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>A sparse matrix by rows; columns ascend within a row.</summary>
internal sealed record SparseRows(int[] Starts, int[] Columns, float[] Values)
{
    internal int RowCount => Starts.Length - 1;

    internal ReadOnlySpan<int> ColumnsOf(int row) => Columns.AsSpan(Starts[row], Starts[row + 1] - Starts[row]);

    internal ReadOnlySpan<float> ValuesOf(int row) => Values.AsSpan(Starts[row], Starts[row + 1] - Starts[row]);

    internal static SparseRows Of((int[] Columns, float[] Values)[] rows)
    {
        var starts = new int[rows.Length + 1];
        for (var row = 0; row < rows.Length; row++)
        {
            starts[row + 1] = checked(starts[row] + rows[row].Columns.Length);
        }

        var (columns, values) = (new int[starts[^1]], new float[starts[^1]]);
        for (var row = 0; row < rows.Length; row++)
        {
            rows[row].Columns.CopyTo(columns, starts[row]);
            rows[row].Values.CopyTo(values, starts[row]);
        }

        return new SparseRows(starts, columns, values);
    }

    /// <summary>The transposed matrix, for as many columns as rows.</summary>
    internal SparseRows Turn()
    {
        var starts = new int[RowCount + 1];
        foreach (var column in Columns)
        {
            starts[column + 1]++;
        }

        for (var column = 0; column < RowCount; column++)
        {
            starts[column + 1] += starts[column];
        }

        var next = starts.AsSpan(0, RowCount).ToArray();
        var (columns, values) = (new int[Columns.Length], new float[Columns.Length]);
        for (var row = 0; row < RowCount; row++)
        {
            for (var index = Starts[row]; index < Starts[row + 1]; index++)
            {
                var place = next[Columns[index]]++;
                (columns[place], values[place]) = (row, Values[index]);
            }
        }

        return new SparseRows(starts, columns, values);
    }

    /// <summary>Adds a row, times a weight, to a dense vector.</summary>
    internal void AddRow(int row, float weight, Span<float> target)
    {
        var columns = ColumnsOf(row);
        var values = ValuesOf(row);
        for (var index = 0; index < columns.Length; index++)
        {
            target[columns[index]] += weight * values[index];
        }
    }
}

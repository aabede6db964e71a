namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Cells that were computed row by row, by the code that answers requests.</summary>
internal sealed class WindowCells(CellColumn?[] cells) : ViewCells
{
    public override void Dispose()
    {
    }

    public override int LongestOf(int column) => cells[column]!.Longest;

    public override int LengthOf(int column, int row) => cells[column]!.LengthOf(row);

    public override void Write(int block, int at, ReadOnlySpan<long> moments, ReadOnlySpan<CellTarget> columns)
    {
        foreach (ref readonly var target in columns)
        {
            var column = cells[target.Column]!;
            for (var row = at; row < at + moments.Length; row++)
            {
                var cell = column.Get(block + row);
                target.Values.Set(row, cell.Value);
                if (target.Statuses.Length > 0)
                {
                    target.Statuses[row] = cell.Status;
                }
            }
        }
    }
}

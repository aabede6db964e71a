namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Cells that were computed row by row, by the code that answers requests.</summary>
internal sealed class WindowCells(CellColumn?[] cells) : ViewCells
{
    public override void Write(int column, int first, ReadOnlySpan<long> moments, ColumnBuffer target, Span<FeatureStatus> statuses)
    {
        for (var row = 0; row < moments.Length; row++)
        {
            var cell = cells[column]!.Get(first + row);
            target.Set(row, cell.Value);
            statuses[row] = cell.Status;
        }
    }
}

using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Tests;

internal static class Tables
{
    internal static readonly TrainingColumns Columns = new() { Features = ["x"], Label = "label", Time = "time", Card = "card", RowId = "id" };

    /// <summary>One row per tuple: day (a fraction is the time of day), card, fraud.</summary>
    internal static TrainingTable Of(params (double Day, long Card, bool IsFraud)[] rows) => TrainingTable.FromFrame(Frame(rows), Columns);

    internal static ColumnFrame Frame(params (double Day, long Card, bool IsFraud)[] rows)
    {
        var frame = new ColumnFrame(rows.Length);
        frame.Add("x", rows.Select(static row => row.Day).ToArray());
        frame.Add("label", rows.Select(static row => row.IsFraud ? 1L : 0).ToArray());
        frame.Add("time", rows.Select(static row => (long)(row.Day * UtcDay.Length)).ToArray());
        frame.Add("card", rows.Select(static row => row.Card).ToArray());
        frame.Add("id", Enumerable.Range(0, rows.Length).Select(static row => (long)row).ToArray());
        return frame;
    }

    internal static int[] All(TrainingTable table) => [.. Enumerable.Range(0, table.Rows)];
}

using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class MissingMarksTests
{
    private const int Rows = 200;

    [Fact]
    public void Fit_ColumnsThatAreMissingInTheSameRows_HaveOneMark()
    {
        // b is missing where a is; c in one row less; d in as many rows as a, with the same first and last; e never.
        var (encoder, source) = Fit(Rows,
            ("a", static row => row % 4 == 0), ("b", static row => row % 4 == 0), ("c", static row => row % 4 == 0 && row > 0),
            ("d", static row => row % 4 == 0 && row != 100 ? true : row == 101), ("e", static _ => false));

        Assert.Equal(["a", "b", "c", "d", "e", "a is missing", "c is missing", "d is missing"], encoder.Names);
        var table = encoder.Encode(source, Enumerable.Range(0, Rows).ToArray());
        Assert.Equal([1, 1, 1], table.Features(4)[5..].ToArray());
        Assert.Equal([1, 1, 0], table.Features(100)[5..].ToArray());
    }

    [Fact]
    public void Fit_RowsThatAreNotFittedOn_DoNotTellColumnsApart()
    {
        var (encoder, _) = Fit(Rows - 1, ("a", static row => row % 2 == 0), ("b", static row => row % 2 == 0 || row == Rows - 1));

        Assert.Equal(["a", "b", "a is missing"], encoder.Names);
    }

    private static (TableEncoder Encoder, TableSource Source) Fit(int fitted, params (string Name, Func<int, bool> IsMissing)[] columns)
    {
        var frame = new ColumnFrame(Rows);
        frame.Add("at", Enumerable.Range(0, Rows).Select(static row => (long)row).ToArray());
        frame.Add("who", new long[Rows]);
        frame.Add("bad", Enumerable.Range(0, Rows).Select(static row => row % 3 == 0 ? 1L : 0).ToArray());
        foreach (var (name, isMissing) in columns)
        {
            frame.Add(name, Enumerable.Range(0, Rows).Select(row => isMissing(row) ? double.NaN : row).ToArray());
        }

        var roles = new FraudTableColumns { Label = "bad", Time = "at", Entity = "who", TimeUnit = TimeUnit.Index };
        var source = TableSource.Of(frame, roles, new TableFeatures([.. columns.Select(static column => column.Name)], []), []);
        return (TableEncoder.Fit(source, Enumerable.Range(0, fitted).ToArray()), source);
    }
}

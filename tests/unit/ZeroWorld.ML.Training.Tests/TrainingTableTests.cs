using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Tests;

public sealed class TrainingTableTests
{
    [Fact]
    public void FromFrame_RowsInAnyOrder_ComesOutByTimeThenId()
    {
        var table = Tables.Of((3, 30, false), (1, 10, true), (1, 11, false));

        Assert.Equal([10, 11, 30], Tables.All(table).Select(table.Card));
        Assert.Equal([1L, 2, 0], Tables.All(table).Select(table.RowId));
        Assert.Equal([1f, 1, 3], Tables.All(table).Select(row => table.Features(row)[0]));
        Assert.Equal([true, false, false], table.LabelsOf([0, 1, 2]));
    }

    [Fact]
    public void FindFirst_AnyMoment_GivesTheFirstRowAtOrAfterIt()
    {
        var table = Tables.Of((1, 1, false), (2, 2, false), (2, 3, false));

        Assert.Equal(0, table.FindFirst(0));
        Assert.Equal(1, table.FindFirst(2 * UtcDay.Length));
        Assert.Equal(3, table.FindFirst((2 * UtcDay.Length) + 1));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e300)]
    public void FromFrame_FeatureWithoutAFiniteFloat_NamesFeatureAndRow(double value)
    {
        var frame = Tables.Frame((1, 1, false), (2, 2, true));
        frame.Get<double>("x")[1] = value;

        var exception = Assert.Throws<TrainingException>(() => TrainingTable.FromFrame(frame, Tables.Columns));

        Assert.Equal(TrainingError.UnsuitableData, exception.Error);
        Assert.Contains("'x' of row id 1", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromFrame_LabelOfTwo_NamesIt()
    {
        var frame = Tables.Frame((1, 1, false));
        frame.Get<long>("label")[0] = 2;

        var exception = Assert.Throws<TrainingException>(() => TrainingTable.FromFrame(frame, Tables.Columns));

        Assert.Contains("'label' of row id 0 is 2; expected 0 or 1", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromFrame_MissingOrTextColumn_NamesIt()
    {
        var frame = Tables.Frame((1, 1, false));
        frame.Add("text", new string?[] { "a" });

        Assert.Contains("no column 'y'", Assert.Throws<FeatureException>(() => TrainingTable.FromFrame(frame, Tables.Columns with { Features = ["y"] })).Message, StringComparison.Ordinal);
        Assert.Contains("'text' holds String", Assert.Throws<FeatureException>(() => TrainingTable.FromFrame(frame, Tables.Columns with { Features = ["text"] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromFrame_AnyNumericType_IsTaken()
    {
        var frame = Tables.Frame((1, 1, true));
        frame.Add("float", new[] { 1.5f });
        frame.Add("int", new[] { 2 });
        frame.Add("long", new[] { 3L });
        frame.Add("bool", new[] { true });

        var table = TrainingTable.FromFrame(frame, Tables.Columns with { Features = ["float", "int", "long", "bool"] });

        Assert.Equal([1.5f, 2, 3, 1], table.Features(0).ToArray());
    }
}

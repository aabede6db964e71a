using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class TableHoursTests
{
    private const long Hour = UtcDay.Length / 24;

    private static readonly FraudTableColumns Columns = new() { Label = "bad", Time = "at", Entity = "who", TimeUnit = TimeUnit.Microseconds };

    [Fact]
    public void Of_Timestamps_AddsTheHourOfEachRow()
    {
        var (frame, types, columns) = Of(Frame(-Hour, 0, (36 * Hour) + (Hour / 4), 47 * Hour), Columns);

        Assert.Equal([23, 0, 12.25, 23], frame.Get<double>("hour of at"));
        Assert.Equal(FeatureType.Float64, types["hour of at"]);
        Assert.Null(columns.Features);
    }

    [Fact]
    public void Of_SecondsSinceTheEpoch_AddsTheHour()
    {
        var (frame, _, _) = Of(Frame(0, 3_600, 90_000, 90_000), Columns with { TimeUnit = TimeUnit.Seconds });

        Assert.Equal([0, 1, 1, 1], frame.Get<double>("hour of at"));
    }

    [Fact]
    public void Of_AListOfFeaturesWithTheTime_HasTheHourInItsPlace()
    {
        var (_, _, columns) = Of(Frame(0, Hour, 5 * Hour, 9 * Hour), Columns with { Features = ["amount", "at"] });

        Assert.Equal(["amount", "hour of at"], columns.Features!);
    }

    [Theory]
    [InlineData(TimeUnit.Microseconds, 24, null, false)]
    [InlineData(TimeUnit.Index, 1, null, false)]
    [InlineData(TimeUnit.Days, 1, null, false)]
    [InlineData(TimeUnit.Microseconds, 1, "amount", false)]
    [InlineData(TimeUnit.Microseconds, 1, null, true)]
    public void Of_DaysOrAnOrderOrAListWithoutTheTimeOrAnHourThatIsThere_LeaveTheTableAsItIs(TimeUnit unit, int stepHours, string? feature, bool isThere)
    {
        var table = Frame(0, stepHours * Hour, 2 * stepHours * Hour, 71 * Hour);
        if (isThere)
        {
            table.Frame.Add("hour of at", new double[4]);
            table.Types.Add("hour of at", FeatureType.Float64);
        }

        var (frame, _, _) = Of(table, Columns with { TimeUnit = unit, Features = feature is null ? null : [feature] });

        Assert.Same(table.Frame, frame);
    }

    // Three training rows and one that is not.
    private static (ColumnFrame Frame, IReadOnlyDictionary<string, FeatureType> Types, FraudTableColumns Columns) Of(
        (ColumnFrame Frame, Dictionary<string, FeatureType> Types) table, FraudTableColumns columns) => TableHours.Of(table.Frame, table.Types, columns, [0, 1, 2]);

    private static (ColumnFrame Frame, Dictionary<string, FeatureType> Types) Frame(params long[] at)
    {
        var frame = new ColumnFrame(4);
        frame.Add("at", at);
        frame.Add("bad", (long[])[0, 1, 0, 1]);
        frame.Add("who", (long[])[1, 2, 3, 4]);
        return (frame, new Dictionary<string, FeatureType> { ["at"] = FeatureType.Int64, ["bad"] = FeatureType.Int64, ["who"] = FeatureType.Int64 });
    }
}

using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class TableAgesTests
{
    private const long Day = UtcDay.Length;

    private static readonly FraudTableColumns Columns = new() { Label = "bad", Time = "at", Entity = "who", TimeUnit = TimeUnit.Microseconds };

    [Fact]
    public void Of_ATime_IsTheDaysFromItToTheRow()
    {
        var (frame, types, columns) = Of(Frame(FeatureType.Timestamp, (long[])[90 * Day, long.MinValue, 20 * Day, 103 * Day]), Columns, []);

        Assert.Equal([10, double.NaN, 82 + (1.0 / 24), 0], frame.Get<double>("days since born"));
        Assert.Equal(FeatureType.Float64, types["days since born"]);
        Assert.DoesNotContain("born", frame.Names);
        Assert.False(types.ContainsKey("born"));
        Assert.Null(columns.Features);
    }

    [Fact]
    public void Of_ATimeAfterATrainingRow_IsLeftOutWithTheNumberOfRows()
    {
        var notes = new List<string>();

        var (frame, _, _) = Of(Frame(FeatureType.Timestamp, (long[])[90 * Day, (101 * Day) + 1, 20 * Day, 20 * Day]), Columns, notes);

        Assert.Equal(["at", "bad", "who"], frame.Names);
        Assert.Equal("feature 'born' was left out: it is a time after its own row in 1 of 3 training rows, and may not have been known then; name it as a feature if it was", Assert.Single(notes));
    }

    [Fact]
    public void Of_ATimeAfterARowThatWasNamed_IsAFeatureAllTheSame()
    {
        var (frame, _, columns) = Of(Frame(FeatureType.Timestamp, (long[])[90 * Day, 103 * Day, 20 * Day, 20 * Day]), Columns with { Features = ["born"] }, []);

        Assert.Equal(-2, frame.Get<double>("days since born")[1]);
        Assert.Equal(["days since born"], columns.Features!);
    }

    [Fact]
    public void Of_ATimeAfterATestRowOnly_IsAFeature()
    {
        var (frame, _, _) = Of(Frame(FeatureType.Timestamp, (long[])[90 * Day, 91 * Day, 20 * Day, 104 * Day]), Columns, []);

        Assert.Equal(-1, frame.Get<double>("days since born")[3]);
    }

    [Fact]
    public void Of_TheSameTimeInAllTrainingRows_IsLeftOutSinceItsAgeIsTheTimeOfTheRow()
    {
        var notes = new List<string>();

        var (frame, _, _) = Of(Frame(FeatureType.Timestamp, (long[])[90 * Day, 90 * Day, 90 * Day, 20 * Day]), Columns, notes);

        Assert.DoesNotContain("days since born", frame.Names);
        Assert.Equal("feature 'born' was left out: it has the same value in all training rows", Assert.Single(notes));
    }

    [Fact]
    public void Of_TextsThatAreTimes_AreAges()
    {
        var notes = new List<string>();

        var (frame, _, _) = Of(Frame(FeatureType.String, (string?[])["01.04.1970", null, "11.04.1970", "12.04.1970"]), Columns, notes);

        Assert.Equal([10, double.NaN, 2 + (1.0 / 24), 2], frame.Get<double>("days since born"));
        Assert.Equal("the feature 'born' was read as times, d.M.yyyy", Assert.Single(notes));
    }

    [Theory]
    [InlineData("5.4.21", "5.4.22", "6.1.01")]
    [InlineData("web", "01.04.1970", "phone")]
    public void Of_TextsThatMayBeSomethingElse_StayTexts(string first, string second, string third)
    {
        string?[] texts = [first, second, null, third];

        var (frame, types, _) = Of(Frame(FeatureType.String, texts), Columns, []);

        Assert.Equal(texts, frame.Get<string?>("born"));
        Assert.Equal(FeatureType.String, types["born"]);
    }

    [Theory]
    [InlineData(TimeUnit.Index, false, false)]
    [InlineData(TimeUnit.Microseconds, true, false)]
    [InlineData(TimeUnit.Microseconds, false, true)]
    public void Of_RowsThatAreOnlyInOrderOrACategoryOrAnAgeThatIsThere_LeaveTheTimeAsItIs(TimeUnit unit, bool isCategory, bool isThere)
    {
        var table = Frame(FeatureType.Timestamp, (long[])[90 * Day, 91 * Day, 20 * Day, 20 * Day]);
        if (isThere)
        {
            table.Frame.Add("days since born", new double[4]);
            table.Types.Add("days since born", FeatureType.Float64);
        }

        var (frame, _, _) = Of(table, Columns with { TimeUnit = unit, Categorical = isCategory ? ["born"] : [] }, []);

        Assert.Same(table.Frame, frame);
    }

    // Three training rows and one that is not.
    private static (ColumnFrame Frame, IReadOnlyDictionary<string, FeatureType> Types, FraudTableColumns Columns) Of(
        (ColumnFrame Frame, Dictionary<string, FeatureType> Types) table, FraudTableColumns columns, List<string> notes) =>
        TableAges.Of(table.Frame, table.Types, columns, [0, 1, 2], notes);

    private static (ColumnFrame Frame, Dictionary<string, FeatureType> Types) Frame(FeatureType type, Array born)
    {
        var frame = new ColumnFrame(4);
        frame.Add("at", (long[])[100 * Day, 101 * Day, (102 * Day) + (Day / 24), 103 * Day]);
        frame.Add("bad", (long[])[0, 1, 0, 1]);
        frame.Add("who", (long[])[1, 2, 3, 4]);
        frame.Add("born", born);
        return (frame, new Dictionary<string, FeatureType> { ["at"] = FeatureType.Timestamp, ["bad"] = FeatureType.Int64, ["who"] = FeatureType.Int64, ["born"] = type });
    }
}

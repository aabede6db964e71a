using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Tests;

public sealed class TemporalSplitTests
{
    private static readonly TemporalSplit Split = new()
    {
        Name = "test",
        TrainFrom = Day(0),
        TrainTo = Day(7),
        TestFrom = Day(14),
        TestTo = Day(21),
        LabelDelay = TimeSpan.FromDays(7),
        KnownFrom = Day(0),
    };

    [Fact]
    public void Select_RowsOfEveryPeriod_TakesTrainAndTestAndLeavesTheGap()
    {
        var table = Tables.Of((0, 1, false), (6.9, 2, false), (7, 3, false), (13.9, 4, false), (14, 5, false), (20.9, 6, false), (21, 7, false));

        var rows = Split.Select(table);

        Assert.Equal([0, 1], rows.Train.ToArray());
        Assert.Equal([4, 5], rows.Test.ToArray());
    }

    [Fact]
    public void Select_CardsWithFrauds_LeavesOutWhoseFraudIsKnownWhenTheTestDayBegins()
    {
        // Card 1: a fraud in training, known on every test day. Card 2: a fraud on day 7.5, known (7 days later) from day 15 on. Card 3: not before its own test.
        var table = Tables.Of((3, 1, true), (7.5, 2, true), (14.1, 1, false), (14.9, 2, false), (15.5, 2, false), (16, 3, true), (17, 3, false));

        var cards = Split.Select(table).Test.ToArray().Select(row => (table.Card(row), table.Time(row) / UtcDay.Length));

        Assert.Equal([(2L, 14L), (3, 16), (3, 17)], cards);
    }

    [Fact]
    public void Select_FraudBeforeKnownFrom_DoesNotCount()
    {
        var table = Tables.Of((3, 1, true), (14, 1, false));

        Assert.Empty(Split.Select(table).Test.ToArray());
        Assert.Single((Split with { KnownFrom = Day(4) }).Select(table).Test.ToArray());
    }

    [Fact]
    public void Select_TestBeforeLabelsAreKnown_IsRefused()
    {
        var exception = Assert.Throws<TrainingException>(() => (Split with { TestFrom = Day(13) }).Select(Tables.Of((0, 1, false))));

        Assert.Equal(TrainingError.InvalidInput, exception.Error);
        Assert.Contains("expected training, then at least the delay, then the test", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ToValidation_OfAWeek_StaysInsideTheTrainingPeriod()
    {
        var validation = Split.ToValidation(TimeSpan.FromDays(2), TimeSpan.Zero);

        Assert.Equal((Day(0), Day(5), Day(5), Day(7)), (validation.TrainFrom, validation.TrainTo, validation.TestFrom, validation.TestTo));
        Assert.Equal(Day(0), validation.KnownFrom);
    }

    [Fact]
    public void ToValidation_WithGap_FitsBeforeTheGap()
    {
        var validation = (Split with { TrainFrom = Day(-21), KnownFrom = Day(0) }).ToValidation(TimeSpan.FromDays(7), TimeSpan.FromDays(7));

        Assert.Equal((Day(-7), Day(0), Day(7)), (validation.TrainTo, validation.TestFrom, validation.TestTo));
        Assert.Equal(Day(-14), validation.KnownFrom);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(86_399_999_999, 0)]
    [InlineData(86_400_000_000, 1)]
    [InlineData(-1, -1)]
    [InlineData(-86_400_000_000, -1)]
    public void UtcDay_AnyTime_IsFloored(long microseconds, long day)
    {
        Assert.Equal(day, UtcDay.Of(microseconds));
        Assert.Equal(day * UtcDay.Length, UtcDay.StartOf(microseconds));
    }

    private static EventTime Day(int day) => new(day * UtcDay.Length);
}

using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class FraudSplitsTests
{
    [Fact]
    public void Choose_DataThatCoversTheHandbooksDays_TestsTheHandbooksWeek()
    {
        var plan = FraudSplits.Choose(SyntheticTransactions.Table(183, 2, start: new DateTimeOffset(2018, 4, 1, 0, 0, 0, TimeSpan.Zero)), 28);

        Assert.Equal(("2018-07-25T00:00:00Z", "2018-08-01T00:00:00Z"), (plan.Week.TrainFrom.ToString(), plan.Week.TrainTo.ToString()));
        Assert.Equal(("2018-08-08T00:00:00Z", "2018-08-15T00:00:00Z"), (plan.Week.TestFrom.ToString(), plan.Week.TestTo.ToString()));
        Assert.Equal("2018-07-04T00:00:00Z", plan.Default.TrainFrom.ToString());
        Assert.Equal((plan.Week.TestFrom, plan.Week.TestTo, plan.Week.KnownFrom), (plan.Default.TestFrom, plan.Default.TestTo, plan.Default.KnownFrom));
    }

    [Fact]
    public void Choose_OtherDates_TestsTheLastSevenFullDays()
    {
        var frame = SyntheticTransactions.Frame(60, 20);
        var table = TrainingTable.FromFrame(frame, FraudColumns.Default);

        Assert.Equal(Day(60), FraudSplits.Choose(table, 28).Week.TestTo);
    }

    [Fact]
    public void Choose_FileThatEndsInTheMorning_LeavesThatDayOut()
    {
        var whole = SyntheticTransactions.Frame(60, 20);
        var cut = new ColumnFrame((59 * 20) + 5);
        foreach (var name in whole.Names)
        {
            var values = whole.GetColumn(name);
            var copy = Array.CreateInstance(values.GetType().GetElementType()!, cut.Rows);
            Array.Copy(values, copy, cut.Rows);
            cut.Add(name, copy);
        }

        Assert.Equal(Day(59), FraudSplits.Choose(TrainingTable.FromFrame(cut, FraudColumns.Default), 28).Week.TestTo);
    }

    [Theory]
    [InlineData(21, 7, 2)]
    [InlineData(30, 16, 2)]
    [InlineData(35, 21, 7)]
    [InlineData(100, 28, 7)]
    public void Choose_SomeDays_TrainsAsLongAsThereIsDataAndValidatesBehindTheDelayWhereItCan(int days, int trainingDays, int validationDays)
    {
        var plan = FraudSplits.Choose(SyntheticTransactions.Table(days, 20), 28);

        Assert.Equal(trainingDays, Days(plan.Default.TrainFrom, plan.Default.TrainTo));
        Assert.Equal(validationDays, Days(plan.DefaultValidation.TestFrom, plan.DefaultValidation.TestTo));
        Assert.Equal(plan.Default.TrainTo, plan.DefaultValidation.TestTo);
        Assert.Equal(TimeSpan.FromDays(validationDays == 7 ? 7 : 0), plan.DefaultValidation.LabelDelay);
        Assert.Equal(Days(plan.DefaultValidation.TrainTo, plan.DefaultValidation.TestFrom), plan.DefaultValidation.LabelDelay.TotalDays);
    }

    [Fact]
    public void Choose_TwentyDays_SaysHowManyThereAre()
    {
        var exception = Assert.Throws<TrainingException>(() => FraudSplits.Choose(SyntheticTransactions.Table(20, 20), 28));

        Assert.Equal(TrainingError.UnsuitableData, exception.Error);
        Assert.Contains("cover 20 full days", exception.Message, StringComparison.Ordinal);
        Assert.Contains("expected at least 21", exception.Message, StringComparison.Ordinal);
    }

    private static EventTime Day(int day) => EventTime.FromDateTimeOffset(SyntheticTransactions.Start.AddDays(day));

    private static double Days(EventTime from, EventTime to) => (to.Microseconds - from.Microseconds) / (double)UtcDay.Length;
}

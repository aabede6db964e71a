using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The splits a fraud model is measured on: one week of training as in chapter 3 of the Fraud Detection Handbook, and a longer training before the same test week.</summary>
/// <remarks>
/// Both test on the same rows: a card counts as compromised by its frauds of the two weeks before the test, however long the training period is.
/// </remarks>
public static class FraudSplits
{
    /// <summary>Days of the training week, of the label delay and of the test week.</summary>
    public const int WeekDays = 7;

    /// <summary>Full days of data that training needs at least.</summary>
    public const int DaysMin = 3 * WeekDays;

    private const long Week = WeekDays * UtcDay.Length;

    // Where the data covers them, the days of the handbook's chapter 3, so that numbers can be compared with its tables.
    private static readonly long HandbookTrainFrom = Midnight(2018, 7, 25);
    private static readonly long HandbookTestTo = Midnight(2018, 8, 15);

    /// <summary>Chooses test week and training periods by the days that the data covers.</summary>
    /// <param name="trainingDaysMax">Longest training period of the default split.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: no rows, or too few full days.</exception>
    public static FraudSplitPlan Choose(TrainingTable table, int trainingDaysMax)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (table.Rows == 0)
        {
            throw Unsuitable($"There are no transactions to train on; expected at least {DaysMin} full days of them.");
        }

        var from = UtcDay.StartOf(table.Time(0));
        var to = EndOfFullDays(table);
        var days = (to - from) / UtcDay.Length;
        if (days < DaysMin)
        {
            throw Unsuitable(
                $"The transactions cover {days} full days ({new EventTime(table.Time(0))} to {new EventTime(table.Time(table.Rows - 1))}, {table.Rows} rows); "
                + $"expected at least {DaysMin}: {WeekDays} of training, {WeekDays} of label delay, {WeekDays} of test.");
        }

        var testTo = from <= HandbookTrainFrom && to >= HandbookTestTo ? HandbookTestTo : to;
        var trainTo = testTo - (2 * Week);
        var trainFrom = Math.Max(from, trainTo - (trainingDaysMax * UtcDay.Length));
        var trainingDays = (trainTo - trainFrom) / UtcDay.Length;
        var week = Split("one week of training", trainTo - Week, trainTo);
        var longer = Split($"{trainingDays} days of training", trainFrom, trainTo);

        // Validation with the deployed gap takes a week, the delay and a week to fit on; a shorter period validates on its last two days.
        return new FraudSplitPlan(
            week,
            week.ToValidation(TimeSpan.FromDays(2), TimeSpan.Zero),
            longer,
            trainingDays >= DaysMin
                ? longer.ToValidation(TimeSpan.FromDays(WeekDays), TimeSpan.FromDays(WeekDays))
                : longer.ToValidation(TimeSpan.FromDays(2), TimeSpan.Zero));
    }

    /// <returns>A sentence about the first part of the split that has one class only, or <see langword="null"/>.</returns>
    internal static string? FindProblem(TrainingTable table, TemporalSplit split, TemporalSplit validation)
    {
        var (rows, inner) = (split.Select(table), validation.Select(table));
        return Problem("training", rows.Train, split.TrainFrom, split.TrainTo)
            ?? Problem("test", rows.Test, split.TestFrom, split.TestTo)
            ?? Problem("fit", inner.Train, validation.TrainFrom, validation.TrainTo)
            ?? Problem("validation", inner.Test, validation.TestFrom, validation.TestTo);

        string? Problem(string part, ReadOnlyMemory<int> memory, EventTime from, EventTime to)
        {
            var frauds = table.CountPositives(memory.Span);
            return frauds > 0 && frauds < memory.Length
                ? null
                : $"Split '{split.Name}': the {part} rows ({from} to {to}, without known compromised cards) hold {frauds} frauds and {memory.Length - frauds} genuine transactions; "
                    + "expected at least one of each.";
        }
    }

    private static TemporalSplit Split(string name, long trainFrom, long trainTo) => new()
    {
        Name = name,
        TrainFrom = new EventTime(trainFrom),
        TrainTo = new EventTime(trainTo),
        TestFrom = new EventTime(trainTo + Week),
        TestTo = new EventTime(trainTo + (2 * Week)),
        LabelDelay = TimeSpan.FromDays(WeekDays),
        KnownFrom = new EventTime(trainTo - Week),
    };

    // The last day counts as full when it has at least half of the rows of the day a week earlier: files often end in the middle of a day.
    private static long EndOfFullDays(TrainingTable table)
    {
        var lastDay = UtcDay.StartOf(table.Time(table.Rows - 1));
        var rows = table.Rows - table.FindFirst(lastDay);
        var before = table.FindFirst(lastDay - Week + UtcDay.Length) - table.FindFirst(lastDay - Week);
        return 2 * rows >= before ? lastDay + UtcDay.Length : lastDay;
    }

    private static long Midnight(int year, int month, int day) =>
        UnixMicroseconds.FromDateTimeOffset(new DateTimeOffset(year, month, day, 0, 0, 0, TimeSpan.Zero));

    private static TrainingException Unsuitable(string message) => new(TrainingError.UnsuitableData, message);
}

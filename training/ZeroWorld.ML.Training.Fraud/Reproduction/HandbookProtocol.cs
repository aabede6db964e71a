using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The splits of the Fraud Detection Handbook: a week of training, a week until labels are known, a week of test without known compromised cards.</summary>
internal static class HandbookProtocol
{
    internal const int FoldCount = 4;

    private const long Week = 7 * UtcDay.Length;

    // Chapter 3, and the folds of chapters 5 to 7: each a week earlier than the one before it.
    private static readonly long ChapterThree = Midnight(7, 25);
    private static readonly long LastTestFold = Midnight(8, 15);
    private static readonly long LastValidationFold = Midnight(7, 11);

    /// <summary>First and last moment that any split reads.</summary>
    internal static (long From, long To) Extent => (LastValidationFold - ((FoldCount - 1) * Week), LastTestFold + (3 * Week));

    internal static TemporalSplit OneWeek { get; } = Split("chapter 3", ChapterThree);

    /// <summary>Five days to fit and two to validate, inside the week of training.</summary>
    internal static TemporalSplit OneWeekValidation { get; } = OneWeek.ToValidation(TimeSpan.FromDays(2), TimeSpan.Zero);

    internal static IReadOnlyList<TemporalSplit> TestFolds { get; } = Folds("test fold", LastTestFold);

    /// <summary>The handbook's validation folds: their last row is older than the end of the first test fold's training.</summary>
    internal static IReadOnlyList<TemporalSplit> ValidationFolds { get; } = Folds("validation fold", LastValidationFold);

    private static TemporalSplit[] Folds(string name, long last) =>
        [.. Enumerable.Range(0, FoldCount).Select(fold => Split($"{name} {fold + 1}", last - (fold * Week)))];

    private static TemporalSplit Split(string name, long trainFrom) => new()
    {
        Name = name,
        TrainFrom = new EventTime(trainFrom),
        TrainTo = new EventTime(trainFrom + Week),
        TestFrom = new EventTime(trainFrom + (2 * Week)),
        TestTo = new EventTime(trainFrom + (3 * Week)),
        LabelDelay = TimeSpan.FromDays(7),
        KnownFrom = new EventTime(trainFrom),
    };

    private static long Midnight(int month, int day) =>
        UnixMicroseconds.FromDateTimeOffset(new DateTimeOffset(2018, month, day, 0, 0, 0, TimeSpan.Zero));
}

using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Rows of a table by time (training before the test, and inside the training fit rows before validation rows, with the label delay between both) or by entity.</summary>
/// <param name="Train">Rows of the training part, in order of time.</param>
/// <param name="Fit">The earlier ones, or those of some entities.</param>
/// <param name="Validation">The others, on which the calibrator and thresholds are chosen.</param>
/// <param name="Folds">Pairs of parts of the training rows, on which hyper-parameters and algorithms are chosen.</param>
/// <param name="Test">Rows that are looked at once.</param>
internal sealed record TableSplit(int[] Train, int[] Fit, int[] Validation, IReadOnlyList<TableFold> Folds, int[] Test)
{
    private const double HeldShare = 0.2;

    /// <summary>Splits sorted rows.</summary>
    /// <param name="testFrom">First moment of the test; <see langword="null"/>: the last <paramref name="share"/> of the rows, whole moments together.</param>
    /// <param name="share">Share of validation rows in the training part too; above 0, below 1.</param>
    /// <param name="delay">How long after a row its label is known, in the unit of the times.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: a part is empty or has one class only.</exception>
    internal static TableSplit Of(TableSource source, long? testFrom, double share, long delay, List<string> notes)
    {
        var times = source.Times;
        if (times.Length == 0)
        {
            throw new TrainingException(TrainingError.UnsuitableData, "The table has no labelled row.");
        }

        var from = testFrom ?? BoundaryOf(times, share);
        int[] test = [.. Enumerable.Range(0, times.Length).Where(row => times[row] >= from)];
        int[] train = [.. Enumerable.Range(0, times.Length).Where(row => times[row] < from - delay)];
        if (train.Length == 0 && times.Length > test.Length)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData,
                string.Create(CultureInfo.InvariantCulture, $"label-delay: none of the {times.Length - test.Length} rows before the test has a label that is known when it begins; expected a shorter delay or a later test."));
        }

        if (times.Length > test.Length + train.Length)
        {
            notes.Add(string.Create(
                CultureInfo.InvariantCulture, $"{times.Length - test.Length - train.Length} rows before the test were left out: their labels are not known when it begins"));
        }

        return Of(source, train, test, share, delay, notes);
    }

    /// <summary>Splits by entity.</summary>
    /// <param name="share">Share of the entities that are the test's, and of those left that are for validation; above 0, below 1.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: a part is empty or has one class only.</exception>
    internal static TableSplit OfEntities(TableSource source, double share, List<string> notes)
    {
        int[] rows = [.. Enumerable.Range(0, source.Rows)];
        return OfEntities(source, Array.FindAll(rows, row => !EntitySplit.IsTest(source.Entities[row], share)), Array.FindAll(rows, row => EntitySplit.IsTest(source.Entities[row], share)), share, notes);
    }

    /// <summary>The same with training and test rows given.</summary>
    internal static TableSplit OfEntities(TableSource source, int[] train, int[] test, double share, List<string> notes)
    {
        Check(source, "training", train);
        Check(source, "test", test);
        EntitySplit.CheckApart(source, train, test);
        var (fit, validation) = ByEntity(source, train, share);
        Check(source, "fit", fit);
        Check(source, "validation", validation);
        notes.Add("split by entity: no entity of the test is in the training part; the figures say nothing about later times");
        return new TableSplit(train, fit, validation, EntitySplit.Folds(source, train) is { Count: > 1 } folds ? folds : [new TableFold(fit, validation)], test);
    }

    /// <summary>Splits by time, with training and test rows given.</summary>
    internal static TableSplit Of(TableSource source, int[] train, int[] test, double share, long delay, List<string> notes)
    {
        Check(source, "training", train);
        Check(source, "test", test);
        var (fit, validation) = SplitTraining(source, train, share, delay, notes);
        Check(source, "fit", fit);
        Check(source, "validation", validation);
        return new TableSplit(train, fit, validation, TableFold.Of(source, train, delay) is { Count: > 1 } folds ? folds : [new TableFold(fit, validation)], test);
    }

    private static (int[] Fit, int[] Validation) SplitTraining(TableSource source, int[] train, double share, long delay, List<string> notes)
    {
        var times = Array.ConvertAll(train, row => source.Times[row]);
        var from = BoundaryOf(times, share);
        if (from <= times[0])
        {
            // One moment only: whole entities are the next best thing to time.
            notes.Add("the training part has one moment only: validation rows are those of a fifth of the entities");
            return ByEntity(source, train, HeldShare);
        }

        var validation = Array.FindAll(train, row => source.Times[row] >= from);
        var fit = Array.FindAll(train, row => source.Times[row] < from - delay);
        if (HasBoth(source, fit))
        {
            return (fit, validation);
        }

        notes.Add("the training part is too short for the label delay inside it: fit and validation rows follow each other");
        return (Array.FindAll(train, row => source.Times[row] < from), validation);
    }

    private static (int[] Fit, int[] Validation) ByEntity(TableSource source, int[] train, double share) =>
        (Array.FindAll(train, row => !EntitySplit.IsValidation(source.Entities[row], share)), Array.FindAll(train, row => EntitySplit.IsValidation(source.Entities[row], share)));

    private static long BoundaryOf(long[] times, double share)
    {
        var from = times[Math.Min(times.Length - 1, (int)(times.Length * (1 - share)))];
        if (from > times[0])
        {
            return from;
        }

        // The first moment takes up so much: the test begins with the next one, if there is one.
        var next = Array.FindIndex(times, time => time > from);
        return next < 0 ? from : times[next];
    }

    internal static bool HasBoth(TableSource source, int[] rows) => rows.Any(row => source.Labels[row]) && rows.Any(row => !source.Labels[row]);

    private static void Check(TableSource source, string part, int[] rows)
    {
        if (!HasBoth(source, rows))
        {
            var positives = rows.Count(row => source.Labels[row]);
            throw new TrainingException(
                TrainingError.UnsuitableData,
                string.Create(CultureInfo.InvariantCulture, $"The {part} rows hold {positives} positive and {rows.Length - positives} negative ones; expected at least one of each."));
        }
    }
}

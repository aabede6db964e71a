using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Splits by entity: all rows of an entity are on one side. Which side depends on the entity alone (its number, or which text it is in the order of the file). Pure functions.</summary>
internal static class EntitySplit
{
    // Draws of the test and of what is inside the training part must not depend on each other.
    private const ulong TestDraw = 1;
    private const ulong TrainingDraw = 2;

    /// <summary>Rows of the test: those of about <paramref name="share"/> of the entities.</summary>
    internal static bool IsTest(long entity, double share) => Draw(entity, TestDraw) < share;

    /// <summary>Validation rows inside the training part: those of about <paramref name="share"/> of its entities.</summary>
    internal static bool IsValidation(long entity, double share) => Draw(entity, TrainingDraw) < share;

    /// <summary>Up to five groups of entities, each measured by a fit on all others.</summary>
    /// <param name="train">In order of time.</param>
    /// <returns>Each with both classes in both parts; none where there are too few positives for two.</returns>
    internal static IReadOnlyList<TableFold> Folds(TableSource source, int[] train)
    {
        var positives = train.Count(row => source.Labels[row]);
        var count = TableFold.CountOf(positives, positives, TableFold.ValuesOf(source, train));
        if (count < 2)
        {
            return [];
        }

        return
        [
            .. Enumerable.Range(0, count)
                .Select(fold => new TableFold(Array.FindAll(train, row => FoldOf(row) != fold), Array.FindAll(train, row => FoldOf(row) == fold)))
                .Where(fold => TableSplit.HasBoth(source, fold.Fit) && TableSplit.HasBoth(source, fold.Validation)),
        ];

        int FoldOf(int row) => (int)(Draw(source.Entities[row], TrainingDraw) * count);
    }

    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: entities of the test are entities of the training too.</exception>
    internal static void CheckApart(TableSource source, ReadOnlySpan<int> train, ReadOnlySpan<int> test)
    {
        var known = new HashSet<long>();
        foreach (var row in train)
        {
            known.Add(source.Entities[row]);
        }

        var shared = 0;
        foreach (var row in test)
        {
            shared += known.Contains(source.Entities[row]) ? 1 : 0;
        }

        if (shared > 0)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData,
                string.Create(CultureInfo.InvariantCulture, $"The test set overlaps the training set: {shared} of {test.Length} test rows are of entities of the training set; expected none with a split by entity."));
        }
    }

    // From 0 to below 1, spread as by chance (the finalizer of SplitMix64).
    private static double Draw(long entity, ulong draw)
    {
        var mixed = (ulong)entity + (draw * 0x9E3779B97F4A7C15);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return ((mixed ^ (mixed >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}

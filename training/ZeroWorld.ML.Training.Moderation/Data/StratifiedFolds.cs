namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Folds with each class's share alike. Pure functions; equal rows and seed give equal folds.</summary>
public static class StratifiedFolds
{
    /// <param name="classes">Class per row.</param>
    /// <param name="folds">2 or more.</param>
    /// <returns>Fold per row, 0 to <paramref name="folds"/> - 1.</returns>
    public static int[] Of(ReadOnlySpan<int> classes, int folds, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        var order = Enumerable.Range(0, classes.Length).ToArray();
        new Random(seed).Shuffle(order);
        var next = new Dictionary<int, int>();
        var assigned = new int[classes.Length];
        foreach (var row in order)
        {
            var count = next.GetValueOrDefault(classes[row]);
            assigned[row] = count % folds;
            next[classes[row]] = count + 1;
        }

        return assigned;
    }
}

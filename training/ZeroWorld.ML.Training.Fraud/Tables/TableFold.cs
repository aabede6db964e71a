namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Training rows to fit on, and others to measure on: the next ones in time, or those of other entities.</summary>
internal sealed record TableFold(int[] Fit, int[] Validation)
{
    private const int FoldsMax = 5;
    private const int PositivesPerFoldMin = 4;

    // With so many a single validation part tells settings apart, and several of them would cost minutes.
    private const int ManyPositives = 5_000;

    // Rows times columns. Fewer folds measure the same positives by fewer fits, which is what counts where a fit takes seconds (many) or minutes (huge).
    private const int FewFoldsMax = 3;
    private const long ManyValues = 2_000_000;
    private const long HugeValues = 20_000_000;

    /// <summary>Cuts the later half of the positives into parts of equally many, each measured by a fit on all rows before it. Pure function.</summary>
    /// <param name="train">In order of time.</param>
    /// <param name="delay">How long after a row its label is known, in the unit of the times; left out of account where a fold is too short for it.</param>
    /// <returns>In order of time, each with both classes in both parts; none or one where there are too few positives or moments for more, or so many that more tell nothing new.</returns>
    internal static IReadOnlyList<TableFold> Of(TableSource source, int[] train, long delay)
    {
        int[] positives = Array.FindAll(train, row => source.Labels[row]);
        var later = positives.Length / 2;
        var count = CountOf(positives.Length, later, ValuesOf(source, train));
        if (count < 2)
        {
            return [];
        }

        long[] starts = [.. Enumerable.Range(0, count).Select(fold => source.Times[positives[positives.Length - later + (fold * later / count)]]).Distinct(), long.MaxValue];
        var folds = new List<TableFold>();
        for (var fold = 0; fold + 1 < starts.Length; fold++)
        {
            var (start, end) = (starts[fold], starts[fold + 1]);
            var fit = Array.FindAll(train, row => source.Times[row] < start - delay);
            if (!TableSplit.HasBoth(source, fit))
            {
                fit = Array.FindAll(train, row => source.Times[row] < start);
            }

            var validation = Array.FindAll(train, row => source.Times[row] >= start && source.Times[row] < end);
            if (TableSplit.HasBoth(source, fit) && TableSplit.HasBoth(source, validation))
            {
                folds.Add(new TableFold(fit, validation));
            }
        }

        return folds;
    }

    /// <summary>How many folds tell settings apart.</summary>
    /// <param name="positives">Positives of the training rows.</param>
    /// <param name="measured">Those that the folds are measured on, all together.</param>
    /// <param name="values">Training rows times columns.</param>
    internal static int CountOf(int positives, int measured, long values) => (positives, values) switch
    {
        ( >= ManyPositives, _) or (_, >= HugeValues) => 1,
        (_, >= ManyValues) => Math.Min(FewFoldsMax, measured / PositivesPerFoldMin),
        _ => Math.Min(FoldsMax, measured / PositivesPerFoldMin),
    };

    /// <summary>Whether a fit takes so long that a trial has to earn it.</summary>
    internal static bool IsLong(TableSource source, int[] train) => ValuesOf(source, train) >= ManyValues;

    internal static long ValuesOf(TableSource source, int[] train) => (long)train.Length * source.Width;
}

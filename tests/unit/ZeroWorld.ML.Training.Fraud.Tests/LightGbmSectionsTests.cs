namespace ZeroWorld.ML.Training.Fraud.Tests;

/// <summary>Models that grow in sections, as those do that take long.</summary>
public sealed class LightGbmSectionsTests
{
    private static readonly LightGbmSettings Settings = new() { Trees = 23, BinsMax = 255, RowFraction = 0.7, FeatureFraction = 0.6 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Fit_StoppedBetweenSections_GoesOnAndGivesTheSameBytes(int sections)
    {
        var (table, rows) = Rows();
        using var folder = new TemporaryFolder();
        using var kill = new CancellationTokenSource();
        var writes = 0;
        var stopped = new FitCheckpoint(folder.File("grown"), "key");
        stopped.Written = () =>
        {
            if (++writes == sections)
            {
                kill.Cancel();
            }
        };

        Assert.Throws<OperationCanceledException>(() => Fit(table, rows, sectionTrees: 5, stopped, kill.Token));
        var (resumedWrites, taken) = (0, new FitCheckpoint(folder.File("grown"), "key"));
        taken.Written = () => resumedWrites++;
        var resumed = Fit(table, rows, sectionTrees: 5, taken, Cancellation);
        var whole = Fit(table, rows, sectionTrees: 5, null, Cancellation);

        Assert.Equal(whole, resumed);
        Assert.Equal(4 - sections, resumedWrites);
        Assert.Equal(23, LightGbmText.Read(resumed, 1).Count());
    }

    [Fact]
    public void Fit_NoRandomChoices_SectionsGrowTheTreesOfOneGo()
    {
        var (table, rows) = Rows();
        var settings = Settings with { RowFraction = 1, FeatureFraction = 1 };

        var sections = new LightGbmTrees(Fit(table, rows, sectionTrees: 4, null, Cancellation, settings));
        var whole = new LightGbmTrees(Fit(table, rows, sectionTrees: 100, null, Cancellation, settings));

        Assert.Equal(Scores(whole, table, rows), Scores(sections, table, rows));
    }

    [Fact]
    public void Fit_StateOfAnotherFit_IsNotTaken()
    {
        var (table, rows) = Rows();
        using var folder = new TemporaryFolder();
        using var kill = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Fit(table, rows, 5, new FitCheckpoint(folder.File("grown"), "one") { Written = kill.Cancel }, kill.Token));

        var other = Fit(table, rows, 5, new FitCheckpoint(folder.File("grown"), "other"), Cancellation, Settings with { LearningRate = 0.2 });

        Assert.Equal(Fit(table, rows, 5, null, Cancellation, Settings with { LearningRate = 0.2 }), other);
    }

    private static (TrainingTable Table, int[] Rows) Rows()
    {
        var table = SyntheticTransactions.Table(10, 300);
        return (table, SyntheticTransactions.All(table));
    }

    private static byte[] Fit(TrainingTable table, int[] rows, int sectionTrees, FitCheckpoint? grown, CancellationToken cancellationToken, LightGbmSettings? settings = null)
    {
        var values = (long)rows.Length * table.FeatureNames.Count * sectionTrees;
        using var fits = new LightGbmEngine(settings ?? Settings, sectionValues: values).Begin(table, rows, 7, cancellationToken);
        return fits.Fit(7, isAlone: true, grown, cancellationToken).Save();
    }

    private static double[] Scores(LightGbmTrees trees, TrainingTable table, int[] rows)
    {
        var scores = new double[rows.Length];
        trees.AddScores(table, rows, 1, scores);
        return scores;
    }
}

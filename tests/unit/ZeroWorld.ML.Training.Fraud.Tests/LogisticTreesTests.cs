using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class LogisticTreesTests : FraudTableTests
{
    private static readonly Lazy<TrainingTable> Rows = new(static () => SyntheticTransactions.Table(10, 1_500));
    private static readonly int[] FitRows = [.. Enumerable.Range(0, 4_000)];

    [Fact]
    public void LogOdds_TwoParts_AreTheirWeightedMean()
    {
        var table = Rows.Value;
        int[] rows = [5_000, 6_000, 7_000];
        var trainer = new LogisticTreesTrainer(new LogisticSettings(), new LightGbmSettings { Trees = 20 }, 0.25);

        var both = trainer.Fit(table, FitRows, 3, Cancellation).LogOdds(table, rows, Cancellation);

        var line = trainer.Logistic.Fit(table, FitRows, 3, Cancellation).LogOdds(table, rows, Cancellation);
        var trees = trainer.Trees.Fit(table, FitRows, 3, Cancellation).LogOdds(table, rows, Cancellation);
        Assert.Equal(line.Zip(trees, static (left, right) => (0.25 * left) + (0.75 * right)), both);
        Assert.NotEqual(line, trees);
    }

    [Fact]
    public void Reasons_OfTheMean_AddUpToItsLogOdds()
    {
        var table = Rows.Value;
        var model = new LogisticTreesTrainer(new LogisticSettings(), new LightGbmSettings { Trees = 20, Fits = 2, RowFraction = 0.7 }, 0.4).Fit(table, FitRows, 1, Cancellation);
        var reasons = new ReasonModel(TreeReasons.WithCovers(model.ToTreeEnsemble()!, table, FitRows), model.ToLinearTerms(), table.FeatureNames, null);
        int[] rows = [5_000, 6_000, 7_000];
        var logOdds = model.LogOdds(table, rows, Cancellation);

        for (var index = 0; index < rows.Length; index++)
        {
            Assert.Equal(logOdds[index], reasons.BaseValue + reasons.Explain(table.Features(rows[index])).Sum(static reason => reason.Contribution), 1e-4);
        }
    }

    [Fact]
    public void MixtureParts_SeveralMeansOfTheSameParts_FitsEachOnce()
    {
        ITrainer<IFraudModel>[] grid =
        [
            .. FraudAlgorithms.Grid(FraudAlgorithms.Logistic, rows: 2_000),
            .. FraudAlgorithms.Grid(FraudAlgorithms.LightGbm, rows: 2_000),
            .. FraudAlgorithms.Grid(FraudAlgorithms.LogisticTrees, rows: 2_000),
        ];
        var parts = new MixtureParts(grid);
        var fitted = new List<string>();

        foreach (var trainer in grid)
        {
            parts.LogOdds(trainer, part =>
            {
                fitted.Add(TableTrial.KeyOf(part.Algorithm, part.Parameters));
                return [1, 2];
            });
        }

        Assert.Distinct(fitted);
        Assert.Equal(grid.Count(static trainer => trainer is not LogisticTreesTrainer), fitted.Count);
    }

    [Fact]
    public void LogisticTreesTrainer_WeightOutsideItsRange_SaysWhatIsExpected()
    {
        var exception = Assert.Throws<TrainingException>(() => new LogisticTreesTrainer(new LogisticSettings(), new LightGbmSettings(), 1));

        Assert.Equal("Logistic trees setting LogisticWeight is 1; expected above 0 and below 1.", exception.Message);
    }

    [Fact]
    public async Task RunAsync_MeanOfALineAndTrees_IsPackagedWithReasonsAndACurve()
    {
        var result = await RunAsync(TableFrames.Make(2_000), new FraudTableSettings { Seeds = [1], Algorithms = [FraudAlgorithms.LogisticTrees] });

        Assert.Equal(FraudAlgorithms.LogisticTrees, result.Algorithm);
        Assert.InRange(result.Parity.MaxDifference, 0, 1e-4);
        Assert.NotEmpty(result.Importance);
        Assert.NotEmpty(result.LearningCurve);
    }
}

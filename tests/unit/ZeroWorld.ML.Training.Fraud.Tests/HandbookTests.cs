namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class HandbookTests
{
    [Fact]
    public void Measure_PublishedDataWithTheChapterThreeSplit_ReachesThePublishedXGBoost()
    {
        var file = HandbookData.FindFile();
        Assert.SkipWhen(file is null, "The shared data of the Fraud Detection Handbook is not there (shared/data/fraud-handbook beside the repository, or ZEROWORLD_DATA).");
        var settings = new FraudTrainingSettings();
        var table = TrainingTable.FromFrame(HandbookData.Load(file!), FraudColumns.Default);
        var plan = FraudSplits.Choose(table, settings.TrainingDaysMax);

        var runs = SeedRuns.Measure(
            table, plan.Week, plan.WeekValidation, settings, new StepCounter(0, null), TestContext.Current.CancellationToken);

        var summary = runs.Summary;
        Assert.Equal((67_240, 598), (summary.TrainRows, summary.TrainPositives));
        Assert.All(summary.Seeds, static seed => Assert.Equal((58_264, 385), (seed.Rows, seed.Positives)));
        Assert.Equal(0.397, summary.Seeds[0].CardPrecisionCeiling, 0.0005);
        Assert.Equal(3, summary.Seeds.Count);
        Assert.True(summary.AucRoc.Mean >= 0.862, $"AUC ROC {summary.AucRoc}");
        Assert.True(summary.AveragePrecision.Mean >= 0.639, $"average precision {summary.AveragePrecision}");
        Assert.True(summary.CardPrecision.Mean >= 0.273, $"card precision@100 {summary.CardPrecision}");
        TestContext.Current.SendDiagnosticMessage($"AUC ROC {summary.AucRoc}, average precision {summary.AveragePrecision}, card precision@100 {summary.CardPrecision}");
    }
}

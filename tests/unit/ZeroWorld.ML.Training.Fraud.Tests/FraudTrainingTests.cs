using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class FraudTrainingTests
{
    private static readonly DateTimeOffset Now = new(2024, 2, 3, 4, 5, 6, TimeSpan.Zero);

    private static readonly FraudTrainingSettings Quick = new()
    {
        Grid = [new() { Trees = 20, LearningRate = 0.2 }, new() { Trees = 40, LearningRate = 0.2 }],
        CardsPerDay = 10,
    };

    [Fact]
    public async Task RunAsync_EnoughData_WritesAPackageWhoseGoldenSamplesRun()
    {
        using var folder = new TemporaryFolder();
        var steps = new List<TrainingProgress>();

        var result = await RunAsync(SyntheticTransactions.Frame(45, 300), folder.File("package"), progress: new Listed(steps));

        var package = await ModelPackageReader.OpenAsync(folder.File("package"), TestContext.Current.CancellationToken);
        Assert.Equal(result.Package.Digest, package.Digest);
        using var session = new OnnxSession(package.ModelPath);
        var sample = Assert.Single(await GoldenSamples.ReadAsync(package, TestContext.Current.CancellationToken));
        var features = sample.Inputs["features"];
        var scores = session.Score(features.Data.Select(static value => (float)value).ToArray(), (int)features.Shape[0]);
        Assert.Equal(64, scores.Length);
        Assert.All(scores.Zip(sample.Outputs["probability"].Data), static pair => Assert.Equal(pair.Second, pair.First, ParityReport.Tolerance));

        Assert.Equal(FraudColumns.Features, package.Manifest.Inputs[0].Features);
        Assert.Equal(["allow", "review", "block"], package.Manifest.Thresholds!.Decisions.Select(static decision => decision.Name));
        Assert.Equal(result.Packaged.AveragePrecision, package.Manifest.Metrics["average_precision"]);
        Assert.Equal(result.Week!.AucRoc.Mean, package.Manifest.Metrics["one_week_mean_auc_roc"]);
        Assert.Equal(Now, package.Manifest.Lineage.CreatedTime);
        Assert.Equal(result.Seed, package.Manifest.Lineage.Seed);
        Assert.Equal(["LightGBM", "Microsoft.ML"], package.Manifest.Lineage.Packages.Keys.Order(StringComparer.Ordinal));
        Assert.All(package.Manifest.Lineage.Packages.Values, static version => Assert.Matches(@"^\d+\.\d+", version));
        Assert.True(result.Packaged.AveragePrecision > 0.2, $"The model learned nothing: average precision {result.Packaged.AveragePrecision}.");
        Assert.Equal(Enumerable.Range(1, steps.Count), steps.Select(static step => step.Done));
        Assert.Equal(steps.Count, steps[^1].Total);
    }

    [Fact]
    public async Task RunAsync_SameInputTwice_GivesTheSamePackage()
    {
        using var folder = new TemporaryFolder();
        var frame = SyntheticTransactions.Frame(45, 200);

        var first = await RunAsync(frame, folder.File("first"));
        var second = await RunAsync(frame, folder.File("second"));

        Assert.Equal(first.Package.Digest, second.Package.Digest);
    }

    [Fact]
    public async Task RunAsync_SeveralSeeds_PackagesTheMedianAndKeepsTheAlertBudget()
    {
        using var folder = new TemporaryFolder();

        var result = await RunAsync(SyntheticTransactions.Frame(45, 300), folder.File("package"));

        Assert.Equal([1, 2, 3], result.Default.SeedNumbers);
        Assert.Equal(result.Packaged, result.Default.Seeds[result.Seed - 1]);
        Assert.Equal(2, result.Trials.Count);
        Assert.Contains("at most 3 alerts", result.Thresholds.Method, StringComparison.Ordinal);
        Assert.Equal((result.Week!.Seeds[0].Rows, result.Week.Seeds[0].Positives), (result.Default.Seeds[0].Rows, result.Default.Seeds[0].Positives));
    }

    [Fact]
    public async Task RunAsync_ScorerThatDiffers_BreaksParityAndLeavesNothing()
    {
        using var folder = new TemporaryFolder();

        var exception = await Assert.ThrowsAsync<TrainingException>(() =>
            RunAsync(SyntheticTransactions.Frame(45, 200), folder.File("package"), scorer: new ConstantScorer()));

        Assert.Equal(TrainingError.ParityBroken, exception.Error);
        Assert.Contains("expected a difference of at most 1E-05", exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("package")));
    }

    [Fact]
    public async Task RunAsync_EmptyFrame_SaysWhatIsNeeded()
    {
        await AssertUnsuitable(SyntheticTransactions.Frame(0, 0), "no transactions to train on; expected at least 21 full days");
    }

    [Fact]
    public async Task RunAsync_TooFewDays_SaysHowMany()
    {
        await AssertUnsuitable(SyntheticTransactions.Frame(10, 50), "cover 10 full days");
    }

    [Fact]
    public async Task RunAsync_NoFraudAtAll_NamesTheTrainingRows()
    {
        await AssertUnsuitable(SyntheticTransactions.Frame(45, 50, fraudShare: 0), "the training rows (2021-03-04T00:00:00Z to 2021-04-01T00:00:00Z, without known compromised cards) hold 0 frauds and 1400 genuine");
    }

    [Fact]
    public async Task RunAsync_NoFraudInTheTestWeek_NamesTheTestRows()
    {
        await AssertUnsuitable(SyntheticTransactions.Frame(45, 50, mayBeFraud: static day => day < 38), "the test rows (2021-04-08T00:00:00Z to 2021-04-15T00:00:00Z");
    }

    [Fact]
    public async Task RunAsync_TooFewFraudsForOneWeek_TrainsTheDefaultAndSaysWhy()
    {
        using var folder = new TemporaryFolder();

        // No fraud in the training week, some before it and in the test.
        var result = await RunAsync(SyntheticTransactions.Frame(45, 200, mayBeFraud: static day => day is < 24 or 30 or >= 38), folder.File("package"));

        Assert.Null(result.Week);
        Assert.Contains("Split 'one week of training': the fit rows", result.WeekProblem, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("package/manifest.json")));
    }

    [Fact]
    public async Task RunAsync_FolderWithFiles_IsRefusedAndLeftAsItIs()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("mine.txt"), "mine", TestContext.Current.CancellationToken);

        var exception = await Assert.ThrowsAsync<TrainingException>(() => RunAsync(SyntheticTransactions.Frame(45, 50), folder.Path));

        Assert.Equal(TrainingError.InvalidInput, exception.Error);
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task RunAsync_WrongSettings_NameTheSetting()
    {
        FraudTrainingSettings[] wrong =
        [
            Quick with { Seeds = [1, 2] }, Quick with { Seeds = [1, 1, 2] }, Quick with { CardsPerDay = 0 }, Quick with { TrainingDaysMax = 3 },
            Quick with { AlertShare = 0 }, Quick with { BlockShare = 0.5 }, Quick with { Grid = [] },
        ];
        foreach (var settings in wrong)
        {
            var exception = await Assert.ThrowsAsync<TrainingException>(() => RunAsync(SyntheticTransactions.Frame(1, 1), "unused", settings));
            Assert.Equal(TrainingError.InvalidInput, exception.Error);
        }
    }

    [Fact]
    public async Task RunAsync_MissingFeature_NamesTheColumn()
    {
        var frame = new ColumnFrame(1);
        frame.Add("TX_DATETIME", new long[1]);
        frame.Add("TRANSACTION_ID", new long[1]);

        var exception = await Assert.ThrowsAsync<FeatureException>(() => RunAsync(frame, "unused"));

        Assert.Contains("no column 'amount'", exception.Message, StringComparison.Ordinal);
    }

    private static async Task AssertUnsuitable(ColumnFrame frame, string expected)
    {
        using var folder = new TemporaryFolder();

        var exception = await Assert.ThrowsAsync<TrainingException>(() => RunAsync(frame, folder.File("package")));

        Assert.Equal(TrainingError.UnsuitableData, exception.Error);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("package")));
    }

    private static Task<FraudTrainingResult> RunAsync(
        ColumnFrame frame, string folder, FraudTrainingSettings? settings = null, IModelScorer? scorer = null, IProgress<TrainingProgress>? progress = null)
    {
        var request = new FraudTrainingRequest
        {
            Frame = frame,
            Settings = settings ?? Quick,
            FeatureService = new FeatureServiceReference("default", "fraud", new string('a', 64)),
            TrainingSetFingerprint = new string('b', 64),
            OutputDirectory = folder,
            Scorer = scorer,
        };
        return new FraudTraining(new FakeTimeProvider(Now)).RunAsync(request, progress, TestContext.Current.CancellationToken);
    }

    private sealed class ConstantScorer : IModelScorer
    {
        public Task<float[]> ScoreAsync(ModelPackage package, ReadOnlyMemory<float> features, int rows, string output, CancellationToken cancellationToken) =>
            Task.FromResult(new float[rows]);

        public Task<float[]> ScoreAsync(ModelPackage package, IReadOnlyDictionary<string, GoldenTensor> inputs, string output, CancellationToken cancellationToken) =>
            Task.FromResult(new float[inputs.First().Value.Shape[0]]);
    }

    private sealed class Listed(List<TrainingProgress> steps) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => steps.Add(value);
    }
}

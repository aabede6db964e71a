using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class AlgorithmTests
{
    private static readonly Lazy<TrainingTable> Rows = new(static () => SyntheticTransactions.Table(10, 1_500));

    public static TheoryData<string, CalibrationMethod> AlgorithmsAndCalibrators { get; } = new(
        from algorithm in FraudAlgorithms.Names
        from method in new[] { CalibrationMethod.None, CalibrationMethod.Platt, CalibrationMethod.Isotonic }
        select (algorithm, method));

    public static TheoryData<string> Algorithms { get; } = new(FraudAlgorithms.Names);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(AlgorithmsAndCalibrators))]
    public async Task Write_EveryAlgorithmAndCalibrator_ScoresTenThousandRowsAsTheTrainerAndIsValid(string algorithm, CalibrationMethod method)
    {
        var table = Rows.Value;
        int[] fit = [.. Enumerable.Range(0, 4_000)], calibrate = [.. Enumerable.Range(4_000, 1_000)], test = [.. Enumerable.Range(5_000, 10_000)];
        var model = Trainer(algorithm).Fit(table, fit, 1, Cancellation);
        var calibrated = new CalibratedFraudModel(
            model, Calibration.Fit(method, model.LogOdds(table, calibrate, Cancellation), table.LabelsOf(calibrate)));
        using var folder = new TemporaryFolder();
        FraudGraph.Write(folder.File("model.onnx"), calibrated, null, table.FeatureNames.Count);

        using var session = new OnnxSession(folder.File("model.onnx"));
        var expected = calibrated.Score(table, test, Cancellation);
        var actual = session.Score(test.SelectMany(row => table.Features(row).ToArray()).ToArray(), test.Length);

        Assert.InRange(expected.Zip(actual, static (left, right) => Math.Abs(left - right)).Max(), 0, 1e-4);
        Assert.Equal(actual[17], Assert.Single(session.Score(table.Features(test[17]).ToArray(), 1)), 1e-6f);
        Assert.True(expected.Distinct().Count() > 10, "A constant score tests nothing.");
        Assert.Equal("valid", await PythonOnnx.CheckAsync(folder.File("model.onnx"), Cancellation));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Fit_SameSeedTwice_GivesTheSameBytes(string algorithm)
    {
        Assert.Equal(BytesOf(algorithm, Rows.Value, 5), BytesOf(algorithm, Rows.Value, 5));
    }

    [Theory]
    [InlineData(FraudAlgorithms.RandomForest)]
    [InlineData(FraudAlgorithms.LightGbm)]
    [InlineData(FraudAlgorithms.LogisticTrees)]
    [InlineData(FraudAlgorithms.IsolationForest)]
    [InlineData(FraudAlgorithms.Autoencoder)]
    public void Fit_OtherSeed_GivesOtherBytes(string algorithm)
    {
        Assert.NotEqual(BytesOf(algorithm, Rows.Value, 5), BytesOf(algorithm, Rows.Value, 6));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Fit_OtherValuesInRowsThatAreNotFitted_ChangesNothing(string algorithm)
    {
        var frame = SyntheticTransactions.Frame(10, 1_500);
        foreach (var feature in FraudColumns.Features)
        {
            frame.Get<double>(feature).AsSpan(4_000).Reverse();
        }

        frame.Get<long>("TX_FRAUD").AsSpan(4_000).Reverse();

        Assert.Equal(BytesOf(algorithm, Rows.Value, 1), BytesOf(algorithm, TrainingTable.FromFrame(frame, FraudColumns.Default), 1));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Fit_OneClassOnly_SaysWhatWasFound(string algorithm)
    {
        var table = SyntheticTransactions.Table(5, 100, fraudShare: 0);

        var exception = Assert.Throws<TrainingException>(() => Trainer(algorithm).Fit(table, SyntheticTransactions.All(table), 1, Cancellation));

        Assert.Contains("hold 0 frauds and 500 genuine transactions; expected both", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void LogOdds_RowsWithASignal_RankBetterThanChance(string algorithm)
    {
        var table = Rows.Value;
        int[] test = [.. Enumerable.Range(4_000, 11_000)];
        var scores = Trainer(algorithm).Fit(table, Enumerable.Range(0, 4_000).ToArray(), 1, Cancellation).Score(table, test, Cancellation);

        Assert.InRange(BinaryMetrics.AreaUnderRoc(scores, table.LabelsOf(test)), 0.6, 1);
    }

    [Theory]
    [InlineData(2_400, 300, new[] { 300, 300, 300, 300 })]
    [InlineData(100, 5, new[] { 64, 64, 64, 64 })]
    [InlineData(8_192, 300, new[] { 1024, 1024, 1024, 13_333, 13_333, 1024 })]
    [InlineData(1_000_000, 5_000, new[] { 1024, 1024, 1024, 1024 })]
    [InlineData(96_000, 500, new[] { 1024, 1024, 1024, 1024 })]
    [InlineData(1_000_000, 40, new[] { 1024, 1024, 1024, 60_000, 60_000, 1024 })]
    public void Grid_RowsOfLightGbm_LimitBinsAndTrials(int rows, int featureCount, int[] bins)
    {
        var grid = FraudAlgorithms.Grid(FraudAlgorithms.LightGbm, featureCount: featureCount, rows: rows);

        Assert.Equal(bins.Select(static count => count.ToString(CultureInfo.InvariantCulture)), grid.Select(static trainer => trainer.Parameters["bins_max"]));
        Assert.Distinct(grid.Select(static trainer => TableTrial.KeyOf(trainer.Algorithm, trainer.Parameters)));
    }

    [Theory]
    [InlineData(999, 4)]
    [InlineData(1_000, 6)]
    public void Grid_FewPositivesAmongManyRows_HasNoManyBins(int positives, int count)
    {
        var grid = FraudAlgorithms.Grid(FraudAlgorithms.LightGbm, ClassBalance.Plain, 0, featureCount: 30, rows: 230_000, positives).ToList();

        Assert.Equal(count, grid.Count);
        Assert.Equal(count - 4, grid.Count(static trainer => trainer.Parameters["bins_max"] == "60000"));
    }

    [Theory]
    [InlineData(39_999, 500, 3)]
    [InlineData(40_000, 500, 1)]
    public void Grid_LogisticRegressionOnTwentyMillionValues_HasOneL2(int rows, int featureCount, int count) =>
        Assert.Equal(count, FraudAlgorithms.Grid(FraudAlgorithms.Logistic, featureCount: featureCount, rows: rows).Count);

    [Fact]
    public void Grid_UnknownName_ListsTheKnownOnes()
    {
        var exception = Assert.Throws<TrainingException>(() => FraudAlgorithms.Grid("svm"));

        Assert.Equal("algorithm: 'svm' is unknown; expected one of logistic-regression, random-forest, fasttree, lightgbm, logistic-trees, tree-blend, isolation-forest, autoencoder.", exception.Message);
    }

    [Fact]
    public void Fit_PositiveWeight_RaisesProbabilitiesAndCalibrationBringsThemBack()
    {
        var table = Rows.Value;
        int[] fit = [.. Enumerable.Range(0, 4_000)], calibrate = [.. Enumerable.Range(4_000, 4_000)], test = [.. Enumerable.Range(8_000, 7_000)];
        var plain = new TreeFraudTrainer(new LightGbmSettings { Trees = 50 }).Fit(table, fit, 1, Cancellation);
        var weighted = new TreeFraudTrainer(new LightGbmSettings { Trees = 50, PositiveWeight = 30 }).Fit(table, fit, 1, Cancellation);
        var calibrated = new CalibratedFraudModel(weighted, Calibration.Fit(CalibrationMethod.Platt, weighted.LogOdds(table, calibrate, Cancellation), table.LabelsOf(calibrate)));

        Assert.True(Mean(weighted) > 3 * Mean(plain), $"{Mean(weighted)} {Mean(plain)}");
        Assert.Equal(Share(table, test), Mean(calibrated), 0.01);

        double Mean(ITrainedModel model) => model.Score(table, test, Cancellation).Average(static score => (double)score);
    }

    [Fact]
    public void ResampledTrainer_FewNegatives_FitsOnSoManyAndStaysDeterministic()
    {
        var table = Rows.Value;
        var inner = new RowCounter(new LogisticFraudTrainer(new LogisticSettings()));
        int[] rows = [.. Enumerable.Range(0, 4_000)];

        new ResampledTrainer(inner, 5).Fit(table, rows, 1, Cancellation);
        new ResampledTrainer(inner, 5).Fit(table, rows, 1, Cancellation);

        var positives = table.CountPositives(rows);
        Assert.All(inner.Fitted, fitted => Assert.Equal((positives, 6 * positives), (table.CountPositives(fitted), fitted.Length)));
        Assert.Equal(inner.Fitted[0], inner.Fitted[1]);
    }

    [Fact]
    public void TreeReasons_EveryBoostedModel_AddsUpToTheTrainersLogOdds()
    {
        var table = Rows.Value;
        int[] fit = [.. Enumerable.Range(0, 4_000)];
        foreach (var algorithm in new[] { FraudAlgorithms.FastTree, FraudAlgorithms.LightGbm, FraudAlgorithms.TreeBlend, FraudAlgorithms.IsolationForest })
        {
            var model = Trainer(algorithm).Fit(table, fit, 1, Cancellation);
            var ensemble = TreeReasons.WithCovers(model.ToTreeEnsemble()!, table, fit);
            var explainer = new TreeExplainer(ensemble);
            var contributions = new double[table.FeatureNames.Count];
            int[] rows = [5_000, 6_000, 7_000];
            var logOdds = model.LogOdds(table, rows, Cancellation);
            for (var index = 0; index < rows.Length; index++)
            {
                explainer.Explain(table.Features(rows[index]), contributions);

                Assert.Equal(logOdds[index], explainer.BaseValue + contributions.Sum(), 1e-4);
            }
        }
    }

    private static ITrainer<IFraudModel> Trainer(string algorithm) => algorithm switch
    {
        FraudAlgorithms.LightGbm => new TreeFraudTrainer(new LightGbmSettings { Trees = 40, Fits = 2, RowFraction = 0.7 }),
        FraudAlgorithms.LogisticTrees => new LogisticTreesTrainer(new LogisticSettings(), new LightGbmSettings { Trees = 20, Fits = 2, RowFraction = 0.7 }, 0.4),
        FraudAlgorithms.Autoencoder => new AutoencoderTrainer(new AutoencoderSettings { Hidden = 12, Code = 4, EpochsMax = 6, EpochRowsMax = 2_000 }),
        FraudAlgorithms.RandomForest => new TreeFraudTrainer(new ForestSettings { Trees = 20, LeavesMax = 30 }),
        FraudAlgorithms.FastTree => new TreeFraudTrainer(new FastTreeSettings { Trees = 40, BinsMax = 255 }),
        FraudAlgorithms.TreeBlend => new TreeBlendTrainer(
            new LightGbmSettings { Trees = 20, Fits = 2, RowFraction = 0.7 }, new FastTreeSettings { Trees = 20, BinsMax = 255, RowFraction = 0.8 }, 0.3),
        _ => FraudAlgorithms.Grid(algorithm)[0],
    };

    private static byte[] BytesOf(string algorithm, TrainingTable table, int seed)
    {
        using var folder = new TemporaryFolder();
        var model = Trainer(algorithm).Fit(table, Enumerable.Range(0, 4_000).ToArray(), seed, Cancellation);
        FraudGraph.Write(folder.File("model.onnx"), new CalibratedFraudModel(model, PlainSigmoid.Instance), null, table.FeatureNames.Count);
        return File.ReadAllBytes(folder.File("model.onnx"));
    }

    private static double Share(TrainingTable table, int[] rows) => (double)table.CountPositives(rows) / rows.Length;

    private sealed class RowCounter(ITrainer<IFraudModel> inner) : ITrainer<IFraudModel>
    {
        internal List<int[]> Fitted { get; } = [];

        public string Algorithm => inner.Algorithm;

        public IReadOnlyDictionary<string, string> Parameters => inner.Parameters;

        public IFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken)
        {
            Fitted.Add(rows.ToArray());
            return inner.Fit(table, rows, seed, cancellationToken);
        }
    }
}

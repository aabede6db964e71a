using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class TreeFraudTrainerTests
{
    private static readonly LightGbmSettings Settings = new() { Trees = 120, RowFraction = 0.7, FeatureFraction = 0.7, LeafRowsMin = 5 };

    [Fact]
    public void Fit_SameSeedTwice_GivesIdenticalTrees()
    {
        var table = SyntheticTransactions.Table(10, 500);
        var rows = SyntheticTransactions.All(table);

        var first = Flatten(Fit(table, rows, 5).ToTreeEnsemble());

        Assert.Equal(first, Flatten(Fit(table, rows, 5).ToTreeEnsemble()));
        Assert.NotEqual(first, Flatten(Fit(table, rows, 6).ToTreeEnsemble()));
    }

    [Fact]
    public void Fit_OnOneThreadAndOnAll_GivesTheSameTrees()
    {
        var table = SyntheticTransactions.Table(10, 500);
        int[] rows = SyntheticTransactions.All(table);
        using var fits = new LightGbmEngine(Settings, threadsMax: 3).Begin(table, rows, 5, TestContext.Current.CancellationToken);

        var alone = fits.Fit(5, isAlone: true, null, TestContext.Current.CancellationToken).Save();
        var beside = fits.Fit(5, isAlone: false, null, TestContext.Current.CancellationToken).Save();

        Assert.Contains("[num_threads: 3]", System.Text.Encoding.UTF8.GetString(alone), StringComparison.Ordinal);
        Assert.Contains("[num_threads: 1]", System.Text.Encoding.UTF8.GetString(beside), StringComparison.Ordinal);
        Assert.Equal(TreesOf(alone), TreesOf(beside));

        static string TreesOf(byte[] text) => System.Text.Encoding.UTF8.GetString(text).Split("parameters:")[0];
    }

    [Fact]
    public void Fit_RowsInManyPieces_LearnsFromThoseRowsAlone()
    {
        var table = SyntheticTransactions.Table(10, 300);
        int[] odd = [.. SyntheticTransactions.All(table).Where(static row => row % 3 != 1)];
        var copy = TrainingTable.FromRows(
            table.FeatureNames, [.. odd.SelectMany(row => table.Features(row).ToArray())], table.LabelsOf(odd), [.. odd.Select(table.Time)], [.. odd.Select(table.Card)], [.. odd.Select(table.RowId)]);

        Assert.Equal(Flatten(Fit(copy, SyntheticTransactions.All(copy), 5).ToTreeEnsemble()), Flatten(Fit(table, odd, 5).ToTreeEnsemble()));
    }

    [Fact]
    public void Fit_EarlyStopping_FitsTheNumberOfTreesWithTheLeastLossOnLaterRows()
    {
        var table = SyntheticTransactions.Table(10, 500);
        int[] rows = SyntheticTransactions.All(table), earlier = rows[..4_000], later = rows[4_000..];
        var settings = Settings with { Trees = 300, LearningRate = 0.3, RowFraction = 1, FeatureFraction = 1 };
        var whole = new TreeFraudTrainer(settings).FitTrees(table, earlier, 1, null, TestContext.Current.CancellationToken).ToTreeEnsemble();
        var curve = LearningCurve.Of(whole, 1, table, earlier, later, pointsMax: 300);
        var best = curve.MinBy(static step => step.ValidationLogLoss)!.Trees;

        var stopped = new TreeFraudTrainer(settings with { EarlyStopping = 250 }).FitTrees(table, rows, 1, null, TestContext.Current.CancellationToken).ToTreeEnsemble();

        Assert.InRange(best, 1, 50);
        Assert.Equal(best, stopped.Trees.Count);
    }

    public static TheoryData<string> Libraries { get; } = ["lightgbm", "lightgbm, three fits", "fasttree", "random-forest", "tree-blend"];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Fit_DoneBefore_IsReadFromItsCheckpointAndScoresTheSameBits(string library)
    {
        var table = SyntheticTransactions.Table(10, 300);
        int[] rows = SyntheticTransactions.All(table);
        using var folder = new TemporaryFolder();
        var whole = Trainer(library).Fit(table, rows, 3, TestContext.Current.CancellationToken);
        Trainer(library).Fit(table, rows, 3, Checkpoint(), TestContext.Current.CancellationToken);
        var times = Directory.GetFiles(folder.File("checkpoints")).ToDictionary(static file => file, File.GetLastWriteTimeUtc);

        var read = Trainer(library).Fit(table, rows, 3, Checkpoint(), TestContext.Current.CancellationToken);

        Assert.NotEmpty(times);
        Assert.All(times, static file => Assert.Equal(file.Value, File.GetLastWriteTimeUtc(file.Key)));
        Assert.Equal(whole.LogOdds(table, rows, TestContext.Current.CancellationToken), read.LogOdds(table, rows, TestContext.Current.CancellationToken));
        Assert.Equal(BytesOf(whole), BytesOf(read));

        FitCheckpoint Checkpoint() => new(Path.Combine(folder.File("checkpoints"), "fit"), "key");

        byte[] BytesOf(IFraudModel model)
        {
            FraudGraph.Write(folder.File("model.onnx"), new CalibratedFraudModel(model, PlainSigmoid.Instance), null, table.FeatureNames.Count);
            return File.ReadAllBytes(folder.File("model.onnx"));
        }
    }

    [Fact]
    public void Fit_StoppedAfterTheSecondOfThree_GoesOnWithTheThirdAndGivesTheSameBits()
    {
        var table = SyntheticTransactions.Table(10, 300);
        int[] rows = SyntheticTransactions.All(table);
        using var folder = new TemporaryFolder();
        using var kill = new CancellationTokenSource();
        var trainer = Trainer("lightgbm, three fits");
        var (stopped, writes, rest) = (new FitCheckpoint(folder.File("fit.checkpoint"), "key"), 0, 0);
        stopped.Written = () =>
        {
            if (++writes == 2)
            {
                kill.Cancel();
            }
        };
        Assert.Throws<OperationCanceledException>(() => trainer.Fit(table, rows, 3, stopped, kill.Token));

        var taken = new FitCheckpoint(folder.File("fit.checkpoint"), "key") { Written = () => rest++ };
        var resumed = trainer.Fit(table, rows, 3, taken, TestContext.Current.CancellationToken);

        Assert.Equal((2, 1), (writes, rest));
        Assert.Equal(
            trainer.Fit(table, rows, 3, TestContext.Current.CancellationToken).LogOdds(table, rows, TestContext.Current.CancellationToken),
            resumed.LogOdds(table, rows, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Grid_OfBlends_HasEveryPairAndTheMeanOfAllWithEveryWeightAndItsPartsAreThoseOfTheLibraries()
    {
        var table = SyntheticTransactions.Table(10, 300);
        ReadOnlyMemory<int> rows = SyntheticTransactions.All(table);
        LightGbmSettings[] left = [new() { Trees = 5 }, new() { Trees = 6 }];
        var right = new FastTreeSettings { Trees = 7, BinsMax = 255 };

        var grid = TreeBlendTrainer.Grid(left, [right], [0.25, 0.5]);

        Assert.Equal(6, grid.Select(static trainer => string.Join(',', trainer.Parameters)).Distinct().Count());
        var (first, second, third) = (LogOddsOf(left[0]), LogOddsOf(left[1]), LogOddsOf(right));
        var (pair, all) = (BlendOf(grid[3]), BlendOf(grid[5]));
        Assert.All(Enumerable.Range(0, pair.Length), row => Assert.Equal((second[row] + third[row]) / 2, pair[row], 1e-12));
        Assert.All(Enumerable.Range(0, all.Length), row => Assert.Equal((((first[row] + second[row]) / 2) + third[row]) / 2, all[row], 1e-12));

        double[] BlendOf(TreeBlendTrainer trainer) =>
            trainer.Fit(table, rows, 1, TestContext.Current.CancellationToken).LogOdds(table, rows, TestContext.Current.CancellationToken);

        double[] LogOddsOf(TreeSettings settings) =>
            new TreeFraudTrainer(settings).Fit(table, rows, 1, TestContext.Current.CancellationToken).LogOdds(table, rows, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void ToTreeEnsemble_WrittenAsOnnx_ScoresTenThousandRowsAsTheTrainer()
    {
        var table = SyntheticTransactions.Table(10, 1_500);
        var model = Fit(table, [.. SyntheticTransactions.All(table).Take(5_000)], 1);
        using var folder = new TemporaryFolder();
        TreeEnsembleGraph.Write(folder.File("model.onnx"), model.ToTreeEnsemble());
        using var session = new OnnxSession(folder.File("model.onnx"));
        int[] rows = [.. SyntheticTransactions.All(table).Skip(5_000)];

        var expected = model.Score(table, rows, TestContext.Current.CancellationToken);
        var actual = session.Score(Matrix(table, rows), rows.Length);

        Assert.Equal(10_000, rows.Length);
        Assert.True(expected.Max() > 0.5 && expected.Min() < 0.05, $"Scores from {expected.Min()} to {expected.Max()} test little.");
        Assert.InRange(expected.Zip(actual, static (left, right) => Math.Abs(left - right)).Max(), 0, 1e-5);
    }

    [Fact]
    public void ToTreeEnsemble_RowsOnThresholds_TakeTheTrainersBranch()
    {
        var table = SyntheticTransactions.Table(10, 500);
        var model = Fit(table, SyntheticTransactions.All(table), 1);
        var ensemble = model.ToTreeEnsemble();
        using var folder = new TemporaryFolder();
        TreeEnsembleGraph.Write(folder.File("model.onnx"), ensemble);
        using var session = new OnnxSession(folder.File("model.onnx"));

        // Each row lies on the thresholds of one tree, or one float above or below them.
        var frame = SyntheticTransactions.Frame(1, 3 * ensemble.Trees.Count);
        for (var row = 0; row < frame.Rows; row++)
        {
            var tree = ensemble.Trees[row / 3];
            for (var split = 0; split < tree.Thresholds.Count; split++)
            {
                var threshold = (float)tree.Thresholds[split];
                var value = (row % 3) switch { 0 => threshold, 1 => MathF.BitIncrement(threshold), _ => MathF.BitDecrement(threshold) };
                frame.Get<double>(FraudColumns.Features[tree.SplitFeatures[split]])[row] = value;
            }
        }

        var edges = TrainingTable.FromFrame(frame, FraudColumns.Default);
        var rows = SyntheticTransactions.All(edges);
        var expected = model.Score(edges, rows, TestContext.Current.CancellationToken);
        var actual = session.Score(Matrix(edges, rows), rows.Length);

        Assert.InRange(expected.Zip(actual, static (left, right) => Math.Abs(left - right)).Max(), 0, 1e-5);
    }

    [Fact]
    public void Fit_OneClassOnly_SaysWhatWasFound()
    {
        var table = SyntheticTransactions.Table(5, 100, fraudShare: 0);

        var exception = Assert.Throws<TrainingException>(() => Fit(table, SyntheticTransactions.All(table), 1));

        Assert.Equal(TrainingError.UnsuitableData, exception.Error);
        Assert.Contains("hold 0 frauds and 500 genuine transactions; expected both", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_SettingsOutOfRange_NameTheSetting()
    {
        LightGbmSettings[] wrong =
        [
            new() { Trees = 0 }, new() { LearningRate = 0 }, new() { LearningRate = double.NaN }, new() { LeavesMax = 1 }, new() { DepthMax = 0 }, new() { LeafRowsMin = 0 },
            new() { L2 = -1 }, new() { BinsMax = 1 }, new() { RowFraction = 1.5 }, new() { FeatureFraction = 0 },
        ];

        Assert.All(wrong, static settings => Assert.Equal(
            TrainingError.InvalidInput, Assert.Throws<TrainingException>(() => new TreeFraudTrainer(settings)).Error));
        Assert.Contains("Trees is 0; expected 1 or more", Assert.Throws<TrainingException>(() => new TreeFraudTrainer(wrong[0])).Message, StringComparison.Ordinal);
    }

    private static TreeFraudModel Fit(TrainingTable table, int[] rows, int seed) =>
        new TreeFraudTrainer(Settings).FitTrees(table, rows, seed, null, TestContext.Current.CancellationToken);

    private static IResumableTrainer<IFraudModel> Trainer(string library) => library switch
    {
        "lightgbm" => new TreeFraudTrainer(Settings),
        "lightgbm, three fits" => new TreeFraudTrainer(Settings with { Fits = 3 }),
        "fasttree" => new TreeFraudTrainer(new FastTreeSettings { Trees = 20, BinsMax = 255 }),
        "random-forest" => new TreeFraudTrainer(new ForestSettings { Trees = 20 }),
        _ => new TreeBlendTrainer(Settings with { Fits = 2 }, new FastTreeSettings { Trees = 20, BinsMax = 255 }, 0.3),
    };

    private static float[] Matrix(TrainingTable table, int[] rows) => [.. rows.SelectMany(row => table.Features(row).ToArray())];

    private static double[] Flatten(TreeEnsemble ensemble) =>
    [
        ensemble.Slope, ensemble.Offset, ensemble.BaseScore,
        .. ensemble.Trees.SelectMany(static tree => tree.SplitFeatures.Select(static feature => (double)feature)
            .Concat(tree.Thresholds).Concat(tree.LeftChildren.Select(static child => (double)child)).Concat(tree.LeafValues)),
    ];
}

using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class FraudTableTrainingTests : FraudTableTests
{
    [Fact]
    public async Task RunAsync_TableWithGapsAndTexts_LearnsAndWritesAPackageWhoseGoldenSamplesRun()
    {
        var result = await RunAsync(TableFrames.Make(6_000), Quick with { Algorithms = [FraudAlgorithms.Logistic, FraudAlgorithms.FastTree], Segments = ["channel", "amount"] });

        var package = await ModelPackageReader.OpenAsync(Folder.File("package"), Cancellation);
        var sample = Assert.Single(await GoldenSamples.ReadAsync(package, Cancellation));
        using var session = new OnnxSession(package.ModelPath);
        Assert.All(session.Score(sample.Inputs).Zip(sample.Outputs["probability"].Data), static pair => Assert.Equal(pair.Second, pair.First, 1e-4));
        Assert.Equal(
            (new DateTimeOffset(2023, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2023, 2, 9, 23, 48, 0, TimeSpan.Zero)), (package.Manifest.Lineage.TrainFrom, package.Manifest.Lineage.TrainTo));
        Assert.Equal(["features", "times", "categories"], package.Manifest.Inputs.Select(static input => input.Tensor));
        Assert.Contains("", sample.Inputs["categories"].Texts!);
        Assert.Contains(double.NaN, sample.Inputs["features"].Data);
        Assert.Equal("valid", await PythonOnnx.CheckAsync(package.ModelPath, Cancellation));
        Assert.True(result.Packaged.AucRoc > 0.7, $"AUC {result.Packaged.AucRoc}");
        Assert.InRange(result.Parity.MaxDifference, 0, 1e-4);
        Assert.Equal(5, result.Trials.Count);
        Assert.Contains("feature 'nothing' was left out: it has no value in the", string.Join('\n', result.Notes), StringComparison.Ordinal);
        Assert.Contains("web", result.Segments.Where(static segment => segment.Column == "channel").Select(static segment => segment.Value));
        Assert.Equal(result.Packaged.Rows, result.Segments.Where(static segment => segment.Column == "amount").Sum(static segment => segment.Rows));
    }

    [Fact]
    public async Task RunAsync_TreesWon_ExplainsRowsByRawColumns()
    {
        var result = await RunAsync(TableFrames.Make(6_000), Quick with { Algorithms = [FraudAlgorithms.FastTree] });

        Assert.Equal(10, result.Explained.Count);
        Assert.All(result.Explained, static row => Assert.All(row.Reasons, static reason => Assert.Contains(reason.Column, (string[])["amount", "age", "channel", "shop", "hour of at"])));
        Assert.Contains(result.Importance[0].Column, (string[])["amount", "shop", "channel"]);
        Assert.True(result.LearningCurve[^1].FitLogLoss < result.LearningCurve[0].FitLogLoss);
        Assert.Equal(result.LearningCurve.Count, result.LearningCurve.Select(static step => step.Trees).Distinct().Count());
    }

    [Fact]
    public async Task RunAsync_SameTableTwice_GivesTheSamePackage()
    {
        var first = await RunAsync(TableFrames.Make(3_000), Quick);
        var second = await RunAsync(TableFrames.Make(3_000), Quick, folder: "again");

        Assert.Equal(first.Package.Digest, second.Package.Digest);
    }

    [Fact]
    public async Task RunAsync_OtherValuesInTheTestRows_LeavesTheModelAndItsThresholdsAsTheyWere()
    {
        var changed = TableFrames.Make(3_000);
        var test = (int)(0.8 * 3_000);
        changed.Get<long>("bad").AsSpan(test).Reverse();
        changed.Get<double>("amount").AsSpan(test).Fill(1e6);
        changed.Get<string?>("channel").AsSpan(test).Fill("unheard of");
        changed.Get<string?>("shop").AsSpan(test).Clear();

        var first = await RunAsync(TableFrames.Make(3_000), Quick);
        var second = await RunAsync(changed, Quick, folder: "again");

        Assert.Equal(await File.ReadAllBytesAsync(first.Package.ModelPath, Cancellation), await File.ReadAllBytesAsync(second.Package.ModelPath, Cancellation));
        Assert.Equal(first.Thresholds.Decisions, second.Thresholds.Decisions);
        Assert.NotEqual(first.Packaged, second.Packaged);
    }

    [Fact]
    public async Task RunAsync_OtherValuesInLaterFolds_LeaveTheEarlierOnesAsTheyWere()
    {
        var changed = TableFrames.Make(3_000);
        changed.Get<double>("amount").AsSpan(1_950).Fill(1e6);
        changed.Get<string?>("channel").AsSpan(1_950).Fill("unheard of");
        changed.Get<string?>("shop").AsSpan(1_950).Clear();

        var first = (await RunAsync(TableFrames.Make(3_000), Quick)).Trials[0].FoldPrecisions;
        var second = (await RunAsync(changed, Quick, folder: "again")).Trials[0].FoldPrecisions;

        Assert.Equal((5, 5), (first.Count, second.Count));
        Assert.Equal(first.Take(2), second.Take(2));
        Assert.NotEqual(first[4], second[4]);
    }

    [Fact]
    public async Task RunAsync_CategoriesThatTrainingNeverSaw_HaveAScoreAndKeepParity()
    {
        var frame = TableFrames.Make(3_000);
        frame.Get<string?>("channel").AsSpan(2_400).Fill("telepathy");
        frame.Get<string?>("shop").AsSpan(2_400).Fill("the moon");

        var result = await RunAsync(frame, Quick);

        Assert.Equal(600, result.Parity.Rows);
        Assert.All(result.TestScores, static score => Assert.InRange(score, 0, 1));
    }

    [Fact]
    public async Task RunAsync_OneFold_TakesTheFitOfTheChosenSettingsFromTheSearch()
    {
        // Fewer positives than two folds need.
        var frame = TableFrames.Make(600);
        var bad = frame.Get<long>("bad");
        for (var row = 0; row < bad.Length; row++)
        {
            bad[row] = row % 40 == 7 ? 1 : 0;
        }

        var folder = Path.Combine(Folder.File("checkpoints"), "run");
        var request = RequestOf(frame, Quick with { Algorithms = [FraudAlgorithms.FastTree], Seeds = [1] }, "package") with { Checkpoints = new CheckpointFolder(folder, "fingerprint") };
        var result = await new FraudTableTraining(TimeProvider.System).RunAsync(request, null, Cancellation);

        // Two settings on the fit rows, and the chosen one on all training rows.
        Assert.All(result.Trials, static trial => Assert.Single(trial.FoldPrecisions));
        Assert.Equal(3, Directory.GetFiles(folder, "*.checkpoint").Length);
    }

    [Fact]
    public async Task RunAsync_TestTableWithTrainingRows_IsRefusedWithTheirNumber()
    {
        var train = TableFrames.Make(3_000);
        var test = TableFrames.Make(1_000, seed: 2, firstDay: 60);
        foreach (var row in Enumerable.Range(0, 7))
        {
            Copy<long>("at", row);
            Copy<string?>("customer", row);
            Copy<long>("bad", row);
            Copy<double>("amount", row);
            Copy<long>("age", row);
            Copy<string?>("channel", row);
            Copy<string?>("shop", row);
        }

        await RefusedAsync(train, Quick, TrainingError.UnsuitableData, "overlaps the training set: 7 of 1000 test rows are training rows too", test);

        void Copy<T>(string column, int row) => test.Get<T>(column)[row] = train.Get<T>(column)[100 + row];
    }

    [Fact]
    public async Task RunAsync_TestTableInsideTheTrainingPeriod_IsRefusedWithTheNumberOfRows() => await RefusedAsync(
        TableFrames.Make(3_000), Quick, TrainingError.UnsuitableData, "overlaps the training set in time: 200 of 1000", TableFrames.Make(1_000, seed: 2, firstDay: 40));

    [Fact]
    public async Task RunAsync_LaterTestTable_TrainsOnAllOfTheFirst()
    {
        var result = await RunAsync(TableFrames.Make(3_000), Quick, test: TableFrames.Make(1_000, seed: 2, firstDay: 60, withNewShops: true));

        Assert.Equal((3_000, 1_000), (result.TrainRows, result.Packaged.Rows));
    }

    [Fact]
    public async Task RunAsync_LabelDelay_LeavesTheRowsBeforeTheTestOutAndImmatureOnesToo()
    {
        var result = await RunAsync(TableFrames.Make(5_000), Quick with { LabelDelay = TimeSpan.FromDays(5), AsOf = "2023-02-15T00:00:00Z" });

        // Rows of 40 days are mature (to 10 February); the last fifth tests, and five days of 100 rows before it are not labelled when it begins.
        Assert.Contains("999 rows were left out: their labels are not mature", string.Join('\n', result.Notes), StringComparison.Ordinal);
        Assert.Contains("rows before the test were left out", string.Join('\n', result.Notes), StringComparison.Ordinal);
        Assert.InRange(result.TrainRows, 2_690, 2_710);
    }

    [Fact]
    public async Task RunAsync_LabelDelayLongerThanTheTraining_SaysSo() => await RefusedAsync(
        TableFrames.Make(3_000), Quick with { LabelDelay = TimeSpan.FromDays(45) }, TrainingError.UnsuitableData, "label-delay: none of the 2400 rows before the test has a label that is known when it begins");

    [Fact]
    public async Task RunAsync_Champion_IsComparedOnTheSameRows()
    {
        var frame = TableFrames.Make(6_000);
        var weak = await RunAsync(frame, Quick, columns: TableFrames.Columns with { Features = ["age"] }, folder: "weak");
        var strong = await RunAsync(frame, Quick, champion: weak.Package, folder: "strong");
        var again = await RunAsync(frame, Quick, champion: strong.Package, folder: "again");

        Assert.True(weak.Gate.IsPassed);
        Assert.True(strong.Gate.IsPassed, strong.Gate.Reason);
        Assert.True(strong.Gate.Gain!.Value.Lower > 0);
        Assert.False(again.Gate.IsPassed);
        Assert.Equal(0, again.Gate.Gain!.Value.Value, 1e-6);
    }

    [Fact]
    public async Task RunAsync_ModelThatRanksValidationRowsWorseThanChance_SaysThatItTellsNothingApart()
    {
        var frame = TableFrames.Make(3_000);
        var (bad, amount) = (frame.Get<long>("bad"), frame.Get<double>("amount"));
        for (var row = 0; row < bad.Length; row++)
        {
            // What is large is bad until the validation rows begin, and good from then on.
            bad[row] = (row < 1_920 ? amount[row] > 150 : amount[row] < 5) ? 1 : 0;
        }

        var result = await RunAsync(frame, Quick with { Calibration = CalibrationMethod.Platt }, columns: TableFrames.Columns with { Features = ["amount"] });

        Assert.Contains("logistic-regression ranks the validation rows worse than chance", string.Join('\n', result.Notes), StringComparison.Ordinal);
        Assert.Single(result.TestScores.Distinct());
    }

    [Fact]
    public async Task RunAsync_Costs_ChooseTheCheapestThreshold()
    {
        var result = await RunAsync(TableFrames.Make(3_000), Quick with { Costs = (1, 10) });

        Assert.Equal(["allow", "block"], result.Thresholds.Decisions.Select(static decision => decision.Name));
        Assert.Contains("a false alarm at 1 and a miss at 10", result.Thresholds.Method, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_TrialsThatAreKnown_AreNotDoneAgainAndGiveTheSamePackage()
    {
        var done = new List<TableTrial>();
        var whole = await RunAsync(TableFrames.Make(3_000), Quick, onTrial: done.Add);
        var redone = new List<TableTrial>();

        var resumed = await RunAsync(
            TableFrames.Make(3_000), Quick, folder: "again", known: done.Take(2).ToDictionary(static trial => trial.Key, static trial => trial.FoldPrecisions), onTrial: redone.Add);

        Assert.Equal((3, 1), (done.Count, redone.Count));
        Assert.Equal(whole.Package.Digest, resumed.Package.Digest);
    }

    [Fact]
    public async Task RunAsync_WrongTables_SayWhatAndWhere()
    {
        await RefusedAsync(With("bad", static (long[] bad) => bad.AsSpan().Clear()), Quick, TrainingError.UnsuitableData, "training rows hold 0 positive and 2400 negative ones");
        await RefusedAsync(With("bad", static (long[] bad) => bad[41] = 2), Quick, TrainingError.UnsuitableData, "Label 'bad' of row 42 is '2'; expected 0 or 1");
        await RefusedAsync(With("amount", static (double[] amount) => amount[9] = double.PositiveInfinity), Quick, TrainingError.UnsuitableData, "Feature 'amount' of row 10 is Infinity");
        await RefusedAsync(With("at", static (long[] at) => at[3] = long.MinValue), Quick, TrainingError.UnsuitableData, "Time 'at' of row 4 is missing");
        await RefusedAsync(
            TableFrames.Make(3_000), Quick, TrainingError.UnsuitableData, "Feature 'nothing' has no value in the 2400 training rows", columns: TableFrames.Columns with { Features = ["nothing"] });
        await RefusedAsync(TableFrames.Make(3_000), Quick, TrainingError.InvalidInput, "there is no column 'x'", columns: TableFrames.Columns with { Features = ["x"] });
        await RefusedAsync(TableFrames.Make(3_000), Quick, TrainingError.InvalidInput, "label: there is no column 'y'", columns: TableFrames.Columns with { Label = "y" });
        await RefusedAsync(TableFrames.Make(3_000), Quick, TrainingError.InvalidInput, "'bad' is the label", columns: TableFrames.Columns with { Features = ["bad"] });
        await RefusedAsync(TableFrames.Make(3_000), Quick with { Algorithms = ["svm"] }, TrainingError.InvalidInput, "'svm' is unknown");
        await RefusedAsync(TableFrames.Make(3_000), Quick with { TestShare = 1 }, TrainingError.InvalidInput, "test-share: 1");
        await RefusedAsync(TableFrames.Make(3_000), Quick with { Segments = ["x"] }, TrainingError.InvalidInput, "segment: 'x' is no feature");
    }
}

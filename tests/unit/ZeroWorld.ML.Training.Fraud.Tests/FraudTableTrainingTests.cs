using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class FraudTableTrainingTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2024, 2, 3, 4, 5, 6, TimeSpan.Zero);
    private static readonly FraudTableSettings Quick = new() { Algorithms = [FraudAlgorithms.Logistic], CardsPerDay = 5 };

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task RunAsync_TableWithGapsAndTexts_LearnsAndWritesAPackageWhoseGoldenSamplesRun()
    {
        var result = await RunAsync(TableFrames.Make(6_000), Quick with { Algorithms = [FraudAlgorithms.Logistic, FraudAlgorithms.FastTree], Segments = ["channel", "amount"] });

        var package = await ModelPackageReader.OpenAsync(_folder.File("package"), Cancellation);
        var sample = Assert.Single(await GoldenSamples.ReadAsync(package, Cancellation));
        using var session = new OnnxSession(package.ModelPath);
        Assert.All(session.Score(sample.Inputs).Zip(sample.Outputs["probability"].Data), static pair => Assert.Equal(pair.Second, pair.First, 1e-4));
        Assert.Equal(["features", "categories"], package.Manifest.Inputs.Select(static input => input.Tensor));
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

    [Theory]
    [InlineData(TimeUnit.Auto, 1994, 1995, 1996, "1996")]
    [InlineData(TimeUnit.Auto, 10, 20, 30, "30")]
    [InlineData(TimeUnit.Days, 10, 20, 30, "30")]
    public async Task RunAsync_WholeNumbersAsTime_SplitAtAMoment(TimeUnit unit, long first, long second, long third, string testFrom)
    {
        var frame = With("at", (long[] at) =>
        {
            for (var row = 0; row < at.Length; row++)
            {
                at[row] = row < 1_000 ? first : row < 2_000 ? second : third;
            }
        });

        var result = await RunAsync(
            frame, Quick with { TestFrom = testFrom }, columns: TableFrames.Columns with { TimeUnit = unit }, types: new Dictionary<string, FeatureType>(TableFrames.Types) { ["at"] = FeatureType.Int64 });

        Assert.Equal((2_000, 1_000, 1_000), (result.TrainRows, result.ValidationRows, result.Packaged.Rows));
    }

    [Theory]
    [InlineData(TimeUnit.Auto, 0, 7)]
    [InlineData(TimeUnit.Seconds, 0.25, 7)]
    [InlineData(TimeUnit.Auto, 1_609_459_200.25, 1)]
    public async Task RunAsync_TimesAndEntitiesAsFractions_TrainAsWholeNumbersDo(TimeUnit unit, double first, double entityStep)
    {
        var frame = TableFrames.Make(3_000);
        var fractions = new ColumnFrame(frame.Rows);
        foreach (var name in frame.Names)
        {
            fractions.Add(name, name switch
            {
                "at" => Enumerable.Range(0, frame.Rows).Select(row => first + (row * 60.0)).ToArray(),
                "customer" => Enumerable.Range(0, frame.Rows).Select(row => row == 5 ? double.NaN : row % 300 * entityStep).ToArray(),
                _ => frame.GetColumn(name),
            });
        }

        var result = await RunAsync(
            fractions, Quick with { TestFrom = ((long)first + 120_001).ToString(CultureInfo.InvariantCulture) }, columns: TableFrames.Columns with { TimeUnit = unit },
            types: new Dictionary<string, FeatureType>(TableFrames.Types) { ["at"] = FeatureType.Float64, ["customer"] = FeatureType.Float64 });

        Assert.Equal((2_001, 999), (result.TrainRows, result.Packaged.Rows));
    }

    [Fact]
    public async Task RunAsync_FractionsOfNoKnownUnit_SayWhichAreTimes()
    {
        var frame = TableFrames.Make(3_000);
        var fractions = new ColumnFrame(frame.Rows);
        foreach (var name in frame.Names)
        {
            fractions.Add(name, name == "at" ? Enumerable.Range(0, frame.Rows).Select(static row => row * 1.5).ToArray() : frame.GetColumn(name));
        }

        var exception = await Assert.ThrowsAsync<TrainingException>(
            () => RunAsync(fractions, Quick, types: new Dictionary<string, FeatureType>(TableFrames.Types) { ["at"] = FeatureType.Float64 }));

        Assert.Contains("holds fractions; expected timestamps, dates, whole numbers, or fractions whose time unit is days", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_TextsAsLabels_NeedToKnowThePositiveOne()
    {
        var frame = TableFrames.Make(3_000);
        var texts = new ColumnFrame(frame.Rows);
        foreach (var name in frame.Names)
        {
            texts.Add(name, name == "bad" ? Array.ConvertAll(frame.Get<long>("bad"), static value => value == 1 ? "Charged Off" : "Fully Paid") : frame.GetColumn(name));
        }

        var types = new Dictionary<string, FeatureType>(TableFrames.Types) { ["bad"] = FeatureType.String };
        var result = await RunAsync(texts, Quick, columns: TableFrames.Columns with { Positive = "Charged Off" }, types: types);
        var exception = await Assert.ThrowsAsync<TrainingException>(() => RunAsync(texts, Quick, folder: "x", types: types));

        Assert.Equal(frame.Get<long>("bad").Skip(2_400).Sum(), result.Packaged.Positives);
        Assert.Contains("expected 0 or 1, or the value that is positive", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_PositiveThatNoRowHas_ListsTheValuesOfTheLabel() => await RefusedAsync(
        TableFrames.Make(3_000), Quick, TrainingError.UnsuitableData, "positive: no row of the label 'bad' is '2'; its values are '0', '1'.", columns: TableFrames.Columns with { Positive = "2" });

    [Fact]
    public async Task RunAsync_YesThatWasReadAsOne_IsThePositiveOne()
    {
        var result = await RunAsync(TableFrames.Make(3_000), Quick, columns: TableFrames.Columns with { Positive = "Yes" });

        Assert.Equal(TableFrames.Make(3_000).Get<long>("bad").Skip(2_400).Sum(), result.Packaged.Positives);
    }

    [Theory]
    [InlineData("dd.MM.yyyy HH:mm", "d.M.yyyy H:mm", "10.02.2023")]
    [InlineData("d/M/yyyy, h:mm:ss tt", "d/M/yyyy, h:mm:ss tt", "2023-02-10")]
    [InlineData("MMM-yyyy", "MMM-yyyy", "Feb-2023")]
    [InlineData("yyyyMMdd", null, "20230210")]
    public async Task RunAsync_TimesAsPeopleWriteThem_AreTimes(string written, string? read, string testFrom)
    {
        var frame = new ColumnFrame(3_000);
        var made = TableFrames.Make(3_000);
        string[] times = Array.ConvertAll(made.Get<long>("at"), micros => UnixMicroseconds.ToDateTimeOffset(micros).ToString(written, System.Globalization.CultureInfo.InvariantCulture));
        foreach (var name in made.Names)
        {
            frame.Add(name, name != "at" ? made.GetColumn(name) : read is null ? Array.ConvertAll(times, static text => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture)) : times);
        }

        var result = await RunAsync(
            frame, Quick with { TestFrom = testFrom }, types: new Dictionary<string, FeatureType>(TableFrames.Types) { ["at"] = read is null ? FeatureType.Int64 : FeatureType.String });

        var boundary = UnixMicroseconds.FromDateTimeOffset(new DateTimeOffset(2023, 2, testFrom == "Feb-2023" ? 1 : 10, 0, 0, 0, TimeSpan.Zero));
        Assert.Equal(made.Get<long>("at").Count(micros => micros >= boundary), result.Packaged.Rows);
        Assert.Equal(read is null ? 0 : 1, result.Notes.Count(note => note == $"the time 'at' was read as {read}"));
    }

    [Fact]
    public async Task RunAsync_ColumnsThatTeachNothing_AreLeftOutWithTheReason()
    {
        var frame = TableFrames.Make(3_000);
        frame.Add("same", Enumerable.Repeat(1L, 3_000).ToArray());
        frame.Add("row", Enumerable.Range(0, 3_000).Select(static row => 7_000L + (3 * row)).ToArray());
        var types = new Dictionary<string, FeatureType>(TableFrames.Types) { ["same"] = FeatureType.Int64, ["row"] = FeatureType.Int64 };

        var result = await RunAsync(frame, Quick, types: types);

        Assert.Contains("feature 'same' was left out: it has the same value in all training rows", result.Notes);
        Assert.Contains("feature 'row' was left out: it grows with the time as a row number does", result.Notes);
    }

    [Fact]
    public async Task RunAsync_TimesAmongTheFeatures_AreInputsOfTheModelAsAges()
    {
        var frame = TableFrames.Make(3_000);
        var (at, bad) = (frame.Get<long>("at"), frame.Get<long>("bad"));
        frame.Add("opened", Enumerable.Range(0, 3_000).Select(row => row % 9 == 4 ? long.MinValue : at[row] - ((bad[row] == 1 ? 1 + (row % 5) : 10 + (row % 300)) * UtcDay.Length)).ToArray());
        var types = new Dictionary<string, FeatureType>(TableFrames.Types) { ["opened"] = FeatureType.Timestamp };

        var result = await RunAsync(frame, Quick with { Algorithms = [FraudAlgorithms.FastTree] }, types: types);

        Assert.Equal("days since opened", result.Importance[0].Column);
        Assert.True(result.Packaged.AucRoc > 0.9, $"AUC {result.Packaged.AucRoc}");
        Assert.InRange(result.Parity.MaxDifference, 0, 1e-4);
        Assert.Contains("\"days since opened\"", await File.ReadAllTextAsync(Path.Combine(result.Package.Directory, "columns.json"), Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_TestTableWhoseColumnsWereReadAsOtherTypes_IsTakenAsTheSameTable()
    {
        var (train, test) = (TableFrames.Make(3_000), TableFrames.Make(1_000, seed: 2, firstDay: 60));
        var read = new ColumnFrame(1_000);
        foreach (var name in test.Names)
        {
            // All gaps are read as texts, whole numbers as such.
            read.Add(name, name == "nothing" ? new string?[1_000] : name == "amount" ? Array.ConvertAll(test.Get<double>(name), static value => double.IsNaN(value) ? long.MinValue : (long)value) : test.GetColumn(name));
        }

        var result = await RunAsync(train, Quick, test: read);

        Assert.Equal(1_000, result.Packaged.Rows);
    }

    private static ColumnFrame With<T>(string column, Action<T[]> change)
    {
        var frame = TableFrames.Make(3_000);
        change(frame.Get<T>(column));
        return frame;
    }

    private async Task RefusedAsync(
        ColumnFrame frame, FraudTableSettings settings, TrainingError error, string part, ColumnFrame? test = null, FraudTableColumns? columns = null)
    {
        var exception = await Assert.ThrowsAsync<TrainingException>(() => RunAsync(frame, settings, test: test, columns: columns, folder: Guid.NewGuid().ToString("N")));
        Assert.Contains(part, exception.Message, StringComparison.Ordinal);
        Assert.Equal(error, exception.Error);
    }

    private async Task<FraudTableResult> RunAsync(
        ColumnFrame frame,
        FraudTableSettings settings,
        ColumnFrame? test = null,
        FraudTableColumns? columns = null,
        ModelPackage? champion = null,
        string folder = "package",
        IReadOnlyDictionary<string, IReadOnlyList<double>>? known = null,
        Action<TableTrial>? onTrial = null,
        IReadOnlyDictionary<string, FeatureType>? types = null)
    {
        var request = new FraudTableRequest
        {
            Frame = frame,
            Types = types ?? TableFrames.Types,
            Columns = columns ?? TableFrames.Columns,
            Test = test,
            Settings = settings,
            DataFingerprint = new string('a', 64),
            OutputDirectory = _folder.File(folder),
            Scorer = new PackageScorer(),
            Champion = champion,
            KnownTrials = known ?? new Dictionary<string, IReadOnlyList<double>>(),
            OnTrial = trial =>
            {
                onTrial?.Invoke(trial);
                return Task.CompletedTask;
            },
        };
        return await new FraudTableTraining(new FakeTimeProvider(Now)).RunAsync(request, null, Cancellation);
    }

    private sealed class PackageScorer : IModelScorer
    {
        public Task<float[]> ScoreAsync(ModelPackage package, ReadOnlyMemory<float> features, int rows, string output, CancellationToken cancellationToken)
        {
            using var session = new OnnxSession(package.ModelPath);
            return Task.FromResult(session.Score(features, rows));
        }

        public Task<float[]> ScoreAsync(ModelPackage package, IReadOnlyDictionary<string, GoldenTensor> inputs, string output, CancellationToken cancellationToken)
        {
            using var session = new OnnxSession(package.ModelPath);
            return Task.FromResult(session.Score(inputs));
        }
    }
}

using System.Globalization;
using System.Text.Json;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud.Tests;

/// <summary>What the columns of a table hold, as people write them: times, labels, features.</summary>
public sealed class FraudTableColumnTests : FraudTableTests
{
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
        Assert.Equal(unit == TimeUnit.Days || first == 1994, result.Package.Manifest.Lineage.TrainFrom is not null);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_NoColumnVaries_SaysThatTheHourAloneIsLearnedFrom(bool isConstant)
    {
        var frame = With("amount", (double[] amount) => amount.AsSpan().Fill(isConstant ? 5 : amount[0]));
        frame.Get<double>("amount")[1] = 5;
        frame.Get<double>("amount")[0] = isConstant ? 5 : 7;
        var types = TableFrames.Types.Where(static type => type.Key is "at" or "customer" or "bad" or "amount").ToDictionary();

        var result = await RunAsync(frame, Quick, types: types);

        Assert.Equal(isConstant, result.Notes.Contains("no other column is left to learn from: the model sees 'hour of at' alone, and tells rows of one hour apart by nothing"));
        Assert.Equal(isConstant ? 1 : 2, result.Importance.Count);
    }

    [Fact]
    public async Task RunAsync_SecondsFromSomeStart_AreAnOrderWithoutADelayUnlessTheirUnitIsNamed()
    {
        const int Length = 120_000;
        static ColumnFrame Make(int rows, int seed, int from)
        {
            var frame = TableFrames.Make(rows, seed);
            var at = frame.Get<long>("at");
            for (var row = 0; row < at.Length; row++)
            {
                at[row] = from + ((long)row * Length / at.Length);
            }

            return frame;
        }

        var types = new Dictionary<string, FeatureType>(TableFrames.Types) { ["at"] = FeatureType.Int64 };
        var (table, early) = (Make(3_000, seed: 1, from: 0), Make(500, seed: 2, from: 0));
        var delayed = Quick with { LabelDelay = TimeSpan.FromHours(1) };
        var inSeconds = TableFrames.Columns with { TimeUnit = TimeUnit.Seconds };

        var refused = await Assert.ThrowsAsync<TrainingException>(() => RunAsync(table, delayed, types: types, folder: "refused"));
        var ordered = await RunAsync(table, Quick, test: early, types: types, folder: "order");
        var timed = await RunAsync(table, delayed, types: types, columns: inSeconds, folder: "seconds");
        var overlapping = await Assert.ThrowsAsync<TrainingException>(() => RunAsync(table, Quick, test: early, types: types, columns: inSeconds, folder: "overlap"));

        Assert.Equal(TrainingError.InvalidInput, refused.Error);
        Assert.Contains("label-delay: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("the time 'at' are only an order here", refused.Message, StringComparison.Ordinal);
        Assert.Contains("500 of 500 test rows are not later than the last training row by 'at'", string.Join('\n', ordered.Notes), StringComparison.Ordinal);
        Assert.Contains("the time 'at' are taken for an order alone", string.Join('\n', ordered.Notes), StringComparison.Ordinal);
        Assert.Contains("90 rows before the test were left out", string.Join('\n', timed.Notes), StringComparison.Ordinal);
        Assert.DoesNotContain("an order alone", string.Join('\n', timed.Notes), StringComparison.Ordinal);
        Assert.Contains("overlaps the training set in time: 500 of 500", overlapping.Message, StringComparison.Ordinal);
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
        var exception = await RefusedWithTimesAsync(static row => row * 1.5);

        Assert.Contains("holds fractions; expected timestamps, dates, whole numbers, or fractions whose time unit is days", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_InfiniteTime_NamesItsRow()
    {
        var exception = await RefusedWithTimesAsync(static row => row == 7 ? double.PositiveInfinity : row);

        Assert.Equal("Time 'at' of row 8 is infinite; expected a moment.", exception.Message);
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
    [InlineData("dd-MM-yy", "d-M-yy", "10-02-23")]
    [InlineData("dd.MM.yyyy HH:mm", "d.M.yyyy H:mm", "10.02.2023")]
    [InlineData("d/M/yyyy, h:mm:ss tt", "d/M/yyyy, h:mm:ss tt", "2023-02-10")]
    [InlineData("MMM-yyyy", "MMM-yyyy", "Feb-2023")]
    [InlineData("yyyyMMdd", null, "20230210")]
    public async Task RunAsync_TimesAsPeopleWriteThem_AreTimes(string written, string? read, string testFrom)
    {
        var frame = new ColumnFrame(3_000);
        var made = TableFrames.Make(3_000);
        string[] times = Array.ConvertAll(made.Get<long>("at"), micros => UnixMicroseconds.ToDateTimeOffset(micros).ToString(written, CultureInfo.InvariantCulture));
        foreach (var name in made.Names)
        {
            frame.Add(name, name != "at" ? made.GetColumn(name) : read is null ? Array.ConvertAll(times, static text => long.Parse(text, CultureInfo.InvariantCulture)) : times);
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
        using var columns = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(result.Package.Directory, "columns.json"), Cancellation));
        Assert.Equal(["amount", "age"], columns.RootElement.GetProperty("numeric").EnumerateArray().Select(static name => name.GetString()));
        Assert.Equal(["at", "opened"], columns.RootElement.GetProperty("times").EnumerateArray().Select(static name => name.GetString()));
        Assert.Equal("valid", await PythonOnnx.CheckAsync(result.Package.ModelPath, Cancellation));
    }

    [Fact]
    public async Task RunAsync_TimesAmongTheFeatures_TheModelTakesThemAsTheyAreAndMakesAgesAndHours()
    {
        var frame = TableFrames.Make(3_000);
        var at = frame.Get<long>("at");
        frame.Add("opened", Enumerable.Range(0, 3_000).Select(row => row % 9 == 4 ? long.MinValue : at[row] - ((1 + (row % 50)) * UtcDay.Length)).ToArray());
        frame.Get<long>("bad").AsSpan().Clear();
        for (var row = 0; row < 3_000; row++)
        {
            frame.Get<long>("bad")[row] = row % 9 != 4 && row % 50 < 5 && row % 3 != 0 ? 1 : 0;
        }

        var result = await RunAsync(
            frame, Quick with { Algorithms = [FraudAlgorithms.FastTree] }, types: new Dictionary<string, FeatureType>(TableFrames.Types) { ["opened"] = FeatureType.Timestamp });

        using var session = new OnnxSession(result.Package.ModelPath);
        var moment = at[2_500] + 123_456;
        var scores = session.Score(new Dictionary<string, GoldenTensor>
        {
            ["features"] = new([4, 2], [10, 30, 10, 30, 10, 30, 10, 30]),
            ["times"] = new([4, 2], [moment, moment - (2 * UtcDay.Length), moment - (700 * UtcDay.Length), moment - (702 * UtcDay.Length), moment, moment - (40 * UtcDay.Length), moment, double.NaN]),
            ["categories"] = new([4, 2], [], ["web", "s1", "web", "s1", "web", "s1", "web", "s1"]),
        });
        Assert.Equal(scores[0], scores[1]);
        Assert.True(scores[0] > 0.3 && scores[2] < 0.05 && scores[3] < 0.05, string.Join(' ', scores));
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

    private async Task<TrainingException> RefusedWithTimesAsync(Func<int, double> time)
    {
        var frame = TableFrames.Make(3_000);
        var fractions = new ColumnFrame(frame.Rows);
        foreach (var name in frame.Names)
        {
            fractions.Add(name, name == "at" ? Enumerable.Range(0, frame.Rows).Select(time).ToArray() : frame.GetColumn(name));
        }

        return await Assert.ThrowsAsync<TrainingException>(
            () => RunAsync(fractions, Quick, types: new Dictionary<string, FeatureType>(TableFrames.Types) { ["at"] = FeatureType.Float64 }));
    }
}

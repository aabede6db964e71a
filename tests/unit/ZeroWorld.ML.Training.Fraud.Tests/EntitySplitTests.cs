using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class EntitySplitTests : FraudTableTests
{
    private static readonly FraudTableSettings ByEntity = Quick with { Split = SplitKind.Entity };

    [Fact]
    public void Prepare_ByEntity_NoEntityIsOnTwoSides()
    {
        var (source, split) = Prepare(TableFrames.Make(3_000), ByEntity);

        AssertApart(source, split.Train, split.Test);
        AssertApart(source, split.Fit, split.Validation);
        Assert.Equal(3_000, split.Train.Length + split.Test.Length);
        Assert.Equal(split.Train.Length, split.Fit.Length + split.Validation.Length);
        Assert.InRange(split.Test.Length, 450, 750);
        Assert.Equal(5, split.Folds.Count);
        Assert.All(split.Folds, fold =>
        {
            AssertApart(source, fold.Fit, fold.Validation);
            Assert.Equal(split.Train.Length, fold.Fit.Length + fold.Validation.Length);
        });
        Assert.Equal(split.Train.Order(), split.Folds.SelectMany(static fold => fold.Validation).Order());
    }

    [Fact]
    public void Prepare_ByEntity_TestRowsAreOfAllTimes()
    {
        var (source, split) = Prepare(TableFrames.Make(3_000), ByEntity);

        Assert.True(source.Times[split.Test[0]] < source.Times[split.Train[^1]]);
        Assert.InRange(split.Test.Count(row => row < 1_500), split.Test.Length / 3, split.Test.Length * 2 / 3);
    }

    [Fact]
    public async Task RunAsync_ByEntity_OtherValuesOfTheTestEntitiesLeaveTheModelAsItWas()
    {
        var frame = TableFrames.Make(3_000);
        var (source, split) = Prepare(frame, ByEntity);
        var changed = TableFrames.Make(3_000);
        foreach (var row in split.Test)
        {
            var place = (int)source.Ids[row];
            changed.Get<double>("amount")[place] = 1e6;
            changed.Get<string?>("channel")[place] = "unheard of";
            changed.Get<long>("bad")[place] = 1 - changed.Get<long>("bad")[place];
        }

        var first = await RunAsync(frame, ByEntity);
        var second = await RunAsync(changed, ByEntity, folder: "again");

        Assert.Contains("split by entity", string.Join('\n', first.Notes), StringComparison.Ordinal);
        Assert.Equal("entity", first.Package.Manifest.Lineage.Parameters["split"]);
        Assert.Equal(split.Test.Length, first.TestScores.Count);
        Assert.Equal(await File.ReadAllBytesAsync(first.Package.ModelPath, Cancellation), await File.ReadAllBytesAsync(second.Package.ModelPath, Cancellation));
        Assert.NotEqual(first.Packaged, second.Packaged);
    }

    [Fact]
    public async Task RunAsync_ByEntityWithATestTable_TakesOtherEntitiesOfAnyTimeAndRefusesKnownOnes()
    {
        var (train, test) = (TableFrames.Make(3_000), TableFrames.Make(1_000, seed: 2, firstDay: 10));
        await RefusedAsync(train, ByEntity, TrainingError.UnsuitableData, "1000 of 1000 test rows are of entities of the training set", test);

        var customers = test.Get<string?>("customer");
        for (var row = 0; row < customers.Length; row++)
        {
            customers[row] = $"other {customers[row]}";
        }

        var result = await RunAsync(train, ByEntity, test: test);

        Assert.Equal((3_000, 1_000), (result.TrainRows, result.Packaged.Rows));
    }

    [Fact]
    public async Task RunAsync_ByEntityFromAMoment_IsRefused() =>
        await RefusedAsync(TableFrames.Make(3_000), ByEntity with { TestFrom = "2023-02-01" }, TrainingError.InvalidInput, "test-from: 2023-02-01; expected none with a split by entity");

    [Fact]
    public async Task RunAsync_ByEntityWithOneEntity_SaysWhatIsMissing() =>
        await RefusedAsync(With("customer", static (string?[] customer) => customer.AsSpan().Fill("one")), ByEntity, TrainingError.UnsuitableData, "rows hold 0 positive and 0 negative ones");

    private (TableSource Source, TableSplit Split) Prepare(ColumnFrame frame, FraudTableSettings settings)
    {
        var request = RequestOf(frame, settings, "prepared");
        var (source, split, _) = TableRows.Prepare(request, []);
        return (source, split);
    }

    private static void AssertApart(TableSource source, int[] left, int[] right)
    {
        Assert.NotEmpty(left);
        Assert.NotEmpty(right);
        Assert.Empty(left.Select(row => source.Entities[row]).Intersect(right.Select(row => source.Entities[row])));
    }
}

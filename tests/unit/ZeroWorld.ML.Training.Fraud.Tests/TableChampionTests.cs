using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud.Tests;

/// <summary>A champion that reads other columns than the new model.</summary>
public sealed class TableChampionTests : FraudTableTests
{
    private static readonly Dictionary<string, FeatureType> Types = new(TableFrames.Types) { ["opened"] = FeatureType.Timestamp };

    [Fact]
    public async Task RunAsync_ChampionReadsColumnsThatAreLeftOut_GetsThemFromTheFile()
    {
        var frame = WithOpened();
        var champion = await RunAsync(frame, Quick, types: Types, folder: "champion");

        var result = await RunAsync(frame, Quick, columns: TableFrames.Columns with { Features = ["age"] }, champion: champion.Package, types: Types);

        Assert.False(result.Gate.IsPassed);
        Assert.True(result.Gate.Gain!.Value.Upper < 0, result.Gate.Reason);
        Assert.Equal(champion.Packaged.AveragePrecision, result.Packaged.AveragePrecision - result.Gate.Gain.Value.Value, 1e-6);
    }

    [Fact]
    public async Task RunAsync_ChampionReadsAColumnThatTheTableLacks_IsRefusedByTheGateWithItsName()
    {
        var champion = await RunAsync(WithOpened(), Quick, types: Types, folder: "champion");

        var result = await RunAsync(TableFrames.Make(3_000), Quick, champion: champion.Package);

        Assert.False(result.Gate.IsPassed);
        Assert.Null(result.Gate.Gain);
        Assert.StartsWith("The champion reads the column 'opened', which the table does not have: the same rows cannot be scored with both models.", result.Gate.Reason, StringComparison.Ordinal);
        Assert.True(File.Exists(result.Package.ModelPath));
    }

    [Fact]
    public async Task RunAsync_ChampionReadsNumbersWhereTheTableHasTexts_IsRefusedByTheGateWithItsName()
    {
        var champion = await RunAsync(TableFrames.Make(3_000), Quick, folder: "champion");
        var texts = new ColumnFrame(3_000);
        foreach (var name in TableFrames.Make(3_000).Names)
        {
            texts.Add(name, name == "age" ? Enumerable.Range(0, 3_000).Select(static row => row % 2 == 0 ? "young" : "old").ToArray() : TableFrames.Make(3_000).GetColumn(name));
        }

        var result = await RunAsync(texts, Quick, champion: champion.Package, types: new Dictionary<string, FeatureType>(TableFrames.Types) { ["age"] = FeatureType.String });

        Assert.Contains("reads the column 'age' as numbers, and the table has texts there", result.Gate.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ChampionOfFormatOne_GetsAgesAndHoursAmongItsNumbers()
    {
        var frame = WithOpened();
        var read = new TableColumns(1, ["amount", "age", "days since opened", "hour of at"], [], ["channel"], "bad", "at", "customer", []);
        var request = new FraudTableRequest
        {
            Frame = frame, Types = Types, Columns = TableFrames.Columns, DataFingerprint = "f", OutputDirectory = Folder.File("unused"), Scorer = new NoScorer(),
        };
        var (source, split, inputs) = TableRows.Prepare(request, []);

        var numbers = inputs.Of(read, split.Test)["features"].Data;

        Assert.Null(inputs.FindProblem(read));
        Assert.Equal(["amount", "age", "days since opened", "hour of at"], source.Numeric);
        for (var index = 0; index < split.Test.Length; index++)
        {
            for (var column = 0; column < 4; column++)
            {
                Assert.Equal(source.Numbers[column][split.Test[index]], (float)numbers[(4 * index) + column]);
            }
        }
    }

    private static ColumnFrame WithOpened()
    {
        var frame = TableFrames.Make(3_000);
        var at = frame.Get<long>("at");
        frame.Add("opened", Enumerable.Range(0, 3_000).Select(row => row % 9 == 4 ? long.MinValue : at[row] - ((1 + (row % 50)) * UtcDay.Length)).ToArray());
        return frame;
    }

    private sealed class NoScorer : IModelScorer
    {
        public Task<float[]> ScoreAsync(ModelPackage package, ReadOnlyMemory<float> features, int rows, string output, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<float[]> ScoreAsync(ModelPackage package, IReadOnlyDictionary<string, GoldenTensor> inputs, string output, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}

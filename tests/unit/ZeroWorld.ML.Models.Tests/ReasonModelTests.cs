using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Models.Tests;

public sealed class ReasonModelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("zeroworld-reasons-").FullName;

    private string Path => System.IO.Path.Combine(_folder, ReasonModel.FileName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Read_WrittenFile_ExplainsAlike()
    {
        var model = new ReasonModel(Ensemble(0.1), ["amount", "channel", "channel"]);
        model.Write(Path);

        var read = ReasonModel.Read(Path);

        Assert.Equal(model.Explain([5, 1, float.NaN]), read.Explain([5, 1, float.NaN]));
        Assert.Equal((model.BaseValue, 3), (read.BaseValue, read.FeatureCount));
        Assert.Equal(["amount", "channel"], read.Columns);
    }

    [Fact]
    public void Explain_SeveralFeaturesOfAColumn_AreAddedUpAndTheRestOrdered()
    {
        var reasons = new ReasonModel(Ensemble(0.1), ["amount", "channel", "channel"]);
        var apart = new ReasonModel(Ensemble(0.1), ["amount", "web", "shop"]);

        var parts = apart.Explain([5, 1, 1]);

        Assert.Equal([new("amount", parts[0].Contribution), new("channel", parts[1].Contribution + parts[2].Contribution)], reasons.Explain([5, 1, 1]));
        var strongest = Assert.Single(apart.Explain([5, 1, 1], 1));
        Assert.Equal(parts.Max(static part => Math.Abs(part.Contribution)), Math.Abs(strongest.Contribution));
    }

    [Fact]
    public void Explain_ColumnWithoutASplit_IsNoReason()
    {
        var model = new ReasonModel(Ensemble(0.1) with { FeatureCount = 4 }, ["amount", "web", "shop", "unused"]);

        Assert.DoesNotContain(model.Explain([5, 1, 1, 9], 10), static code => code.Column == "unused");
    }

    [Theory]
    [InlineData("{", RegistryError.CorruptArtifact, "cannot be read")]
    [InlineData("{}", RegistryError.CorruptArtifact, "lacks columns or trees")]
    [InlineData("""{"format": 3}""", RegistryError.InvalidInput, "has format 3; this build knows formats 1 and 2")]
    [InlineData("""{"format": 2, "columns": ["a"], "trees": []}""", RegistryError.CorruptArtifact, "lacks columns or trees")]
    [InlineData("""{"format": 2, "columns": ["a", "b"], "trees": [], "linear": {"weights": [1], "means": [0], "offset": 0}}""", RegistryError.InvalidInput, "2 columns of 1 features")]
    [InlineData("""{"format": 2, "columns": ["a"], "trees": [], "linear": {"weights": [1], "means": [0], "offset": 0}, "encoding": {"medians": [1], "marked": [3], "texts": []}}""",
        RegistryError.CorruptArtifact, "A mark is of a number that is not there")]
    [InlineData("""{"format": 2, "columns": ["a"], "trees": [], "linear": {"weights": [1], "means": [0], "offset": 0}, "encoding": {"medians": [], "marked": [], "texts": [null]}}""",
        RegistryError.CorruptArtifact, "lacks columns or trees")]
    [InlineData("""{"format": 1, "columns": ["a"], "trees": [{}]}""", RegistryError.CorruptArtifact, "lacks columns or trees")]
    [InlineData("""{"format": 1, "columns": ["a"], "trees": [{"features": [3], "thresholds": [0], "left": [-1], "right": [-2], "missing_left": [true], "leaves": [0, 1], "covers": [1, 1]}]}""",
        RegistryError.InvalidInput, "reads the feature 3")]
    public void Read_NoUsableFile_SaysWhy(string text, RegistryError error, string part)
    {
        File.WriteAllText(Path, text);

        var exception = Assert.Throws<RegistryException>(() => ReasonModel.Read(Path));

        Assert.Equal(error, exception.Error);
        Assert.Contains(part, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReasonModel_OtherNumberOfColumns_IsRefused() =>
        Assert.Contains("1 columns of 3 features", Assert.Throws<RegistryException>(() => new ReasonModel(Ensemble(1), ["a"])).Message, StringComparison.Ordinal);

    [Fact]
    public void Explain_TreesAndALinearPart_AddsBothAndIsTheSameFromTheFile()
    {
        var linear = new LinearTerms([0.5f, -2, 0], [4, 0.25f, 1], 0.75);
        var trees = new ReasonModel(Ensemble(0.1), ["amount", "channel", "channel"]);
        var both = new ReasonModel(Ensemble(0.1), linear, ["amount", "channel", "channel"], null);
        both.Write(Path);

        float[] row = [6, 1, 0];
        var (apart, sum) = (trees.Explain(row), both.Explain(row));

        Assert.Equal(apart[0].Contribution + (0.5 * 2), sum[0].Contribution, 1e-12);
        Assert.Equal(apart[1].Contribution - (2 * 0.75), sum[1].Contribution, 1e-12);
        Assert.Equal(trees.BaseValue + 0.75, both.BaseValue, 1e-12);
        Assert.Equal(sum, ReasonModel.Read(Path).Explain(row));
        Assert.Throws<ArgumentException>(() => new ReasonModel(null, linear, ["a", "b", "c"], null).Explain([1, 2]));
    }

    [Fact]
    public void Read_FileWithAnEncoding_MakesTheSameFeatures()
    {
        var encoding = new FeatureEncoding(
            new ClockFeatures(1, true), [5, 7, 12], [0], [new CategoryFeatures(["", "web"], null, 0), new CategoryFeatures(["a", "b"], [0.1f, 0.9f], 0.3f)]);
        new ReasonModel(null, new LinearTerms(new float[7], new float[7], 0), ["amount", "age", "hour", "amount", "channel", "channel", "shop"], encoding).Write(Path);

        var read = ReasonModel.Read(Path).Encoding!;

        var (numbers, features) = (new float[3], new float[7]);
        numbers[0] = float.NaN;
        read.Clock!.Encode([1.5 * TimeSpan.MicrosecondsPerDay, -0.5 * TimeSpan.MicrosecondsPerDay], numbers.AsSpan(1));
        read.Encode(numbers, ["web", "unheard of"], features);
        Assert.Equal([5, 2, 12, 1, 0, 1, 0.3f], features);
        read.Clock.Encode([double.NaN, 0], numbers.AsSpan(1));
        read.Encode(numbers, ["unheard of", "b"], features);
        Assert.Equal([5, 7, 12, 1, 0, 0, 0.9f], features);
        Assert.Equal((1, 7), (read.RawNumbers, read.FeatureCount));
        Assert.Equal(18, ClockFeatures.HourOf(-6 * TimeSpan.MicrosecondsPerHour));
    }

    private static TreeEnsemble Ensemble(double leaf) => new()
    {
        FeatureCount = 3,
        Offset = -2,
        Trees =
        [
            new DecisionTree
            {
                SplitFeatures = [0, 1, 2],
                Thresholds = [3, 0.5, 0.5],
                LeftChildren = [1, ~0, ~2],
                RightChildren = [2, ~1, ~3],
                MissingLeft = [false, true, false],
                LeafValues = [leaf, 2, 3.5, 7],
                LeafCovers = [50, 20, 20, 10],
            },
            new DecisionTree
            {
                SplitFeatures = [1], Thresholds = [0.5], LeftChildren = [~0], RightChildren = [~1], MissingLeft = [false], LeafValues = [-1, 1], LeafCovers = [30, 70],
            },
        ],
    };
}

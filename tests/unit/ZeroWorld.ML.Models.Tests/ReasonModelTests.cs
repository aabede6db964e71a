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
    [InlineData("""{"format": 2}""", RegistryError.InvalidInput, "has format 2; this build knows format 1")]
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

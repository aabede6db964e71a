using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Models.Tests.Onnx;

public sealed class TreeEnsembleGraphTests : IDisposable
{
    private const int RowCount = 10_000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 3, 2)]
    [InlineData(2, 15, 31)]
    [InlineData(7, 1, 8)]
    [InlineData(60, 15, 1)]
    [InlineData(100, 15, 31)]
    [InlineData(200, 40, 31)]
    public void Write_RandomEnsemble_RuntimeMatchesDoubleArithmetic(int trees, int features, int leavesMax)
    {
        var random = new Random(trees * 1000 + features);
        var ensemble = RandomTrees.Ensemble(random, trees, features, leavesMax);
        var rows = RandomTrees.Rows(random, ensemble, RowCount);

        var scores = Run(ensemble, rows, RowCount);

        for (var row = 0; row < RowCount; row++)
        {
            Assert.Equal(RandomTrees.Probability(ensemble, rows.AsSpan(row * features, features)), scores[row], 1e-5);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Write_LeafValuesThatNameTheirLeaf_NoBranchIsFlipped(int seed)
    {
        // Every leaf's value is its number in steps far above rounding, one tree at a time: a wrong branch gives another leaf, and so another score.
        const int leaves = 48;
        var random = new Random(seed);
        for (var repeat = 0; repeat < 10; repeat++)
        {
            var tree = RandomTrees.Tree(random, 15, leaves) with { LeafValues = [.. Enumerable.Range(0, leaves).Select(leaf => (leaf - 24) / 8.0)] };
            var ensemble = new TreeEnsemble { FeatureCount = 15, Trees = [tree] };
            var rows = RandomTrees.Rows(random, ensemble, RowCount / 10);

            var scores = Run(ensemble, rows, RowCount / 10);

            var flips = 0;
            for (var row = 0; row < RowCount / 10; row++)
            {
                var leaf = RandomTrees.Leaf(tree, rows.AsSpan(row * 15, 15));
                flips += Math.Round((Math.Log(scores[row] / (1.0 - scores[row])) * 8) + 24) == leaf ? 0 : 1;
            }

            Assert.Equal(0, flips);
        }
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(-0.1)]
    [InlineData(0.5)]
    [InlineData(0.0)]
    [InlineData(1e-50)]
    [InlineData(-1e-50)]
    [InlineData(1.401298464324817E-45)]
    [InlineData(16777217.0)]
    [InlineData(3.4028234663852886E+38)]
    [InlineData(3.5e38)]
    [InlineData(-3.5e38)]
    [InlineData(1e300)]
    [InlineData(-1e300)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void RoundThreshold_EdgeValue_ComparesAsTheDouble(double threshold)
    {
        var rounded = TreeEnsembleGraph.RoundThreshold(threshold);
        float[] values =
        [
            rounded, MathF.BitIncrement(rounded), MathF.BitDecrement(rounded), (float)threshold, 0, float.Epsilon, -float.Epsilon,
            float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
        ];

        Assert.All(values, value => Assert.Equal(value <= threshold, value <= rounded));
        Assert.True(rounded <= threshold);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(-1e-50)]
    [InlineData(3.5e38)]
    [InlineData(-3.5e38)]
    [InlineData(double.PositiveInfinity)]
    public void Write_EdgeThreshold_RuntimeBranchesAsTheDouble(double threshold)
    {
        var rounded = TreeEnsembleGraph.RoundThreshold(threshold);
        float[] rows =
        [
            rounded, MathF.BitIncrement(rounded), MathF.BitDecrement(rounded), 0, float.MaxValue, float.MinValue,
            float.PositiveInfinity, float.NegativeInfinity, float.NaN,
        ];

        foreach (var missingLeft in new[] { true, false })
        {
            var scores = Run(Stump(threshold, missingLeft), rows, rows.Length);

            for (var row = 0; row < rows.Length; row++)
            {
                var left = float.IsNaN(rows[row]) ? missingLeft : rows[row] <= threshold;
                Assert.Equal(left, scores[row] < 0.5);
            }
        }
    }

    [Fact]
    public void Write_SameEnsembleTwice_SameBytes()
    {
        TreeEnsembleGraph.Write(_folder.File("a.onnx"), Stump(0.5, true), new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" });
        TreeEnsembleGraph.Write(_folder.File("b.onnx"), Stump(0.5, true), new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" });

        Assert.Equal(File.ReadAllBytes(_folder.File("a.onnx")), File.ReadAllBytes(_folder.File("b.onnx")));
        Assert.Equal(2, Directory.GetFiles(_folder.Path).Length);
    }

    public static TheoryData<string, TreeEnsemble> BrokenEnsembles => new()
    {
        { "0 trees", new TreeEnsemble { FeatureCount = 1, Trees = [] } },
        { "0 features", Stump(1, true) with { FeatureCount = 0 } },
        { "threshold NaN", Stump(double.NaN, true) },
        { "leaf 1 has the value Infinity", With(tree => tree with { LeafValues = [0, double.PositiveInfinity] }) },
        { "leaf 0 has the value 1E+39", With(tree => tree with { LeafValues = [1e39, 0] }) },
        { "1 splits need 2 leaves, it has 3", With(tree => tree with { LeafValues = [0, 1, 2] }) },
        { "split 0 is reached twice", With(tree => tree with { LeftChildren = [0] }) },
        { "leaf 0 is reached twice", With(tree => tree with { RightChildren = [~0] }) },
        { "split 7 does not exist", With(tree => tree with { LeftChildren = [7] }) },
        { "leaf 2147483647 does not exist", With(tree => tree with { LeftChildren = [int.MinValue] }) },
        { "reads the feature 3; expected 0 to 0", With(tree => tree with { SplitFeatures = [3] }) },
        { "have 0 thresholds", With(tree => tree with { Thresholds = [] }) },
        { "offset with the base score is NaN", Stump(1, true) with { BaseScore = double.NaN } },
        { "slope is Infinity", Stump(1, true) with { Slope = double.PositiveInfinity } },
    };

    [Theory]
    [MemberData(nameof(BrokenEnsembles))]
    public void Write_BrokenEnsemble_RefusesWithTheReason(string reason, TreeEnsemble ensemble)
    {
        var exception = Assert.Throws<RegistryException>(() => TreeEnsembleGraph.Write(_folder.File("model.onnx"), ensemble));

        Assert.Equal(RegistryError.InvalidInput, exception.Error);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    private static TreeEnsemble Stump(double threshold, bool missingLeft) => new()
    {
        FeatureCount = 1,
        Trees =
        [
            new DecisionTree
            {
                SplitFeatures = [0], Thresholds = [threshold], LeftChildren = [~0], RightChildren = [~1], MissingLeft = [missingLeft], LeafValues = [-1, 1],
            },
        ],
    };

    private static TreeEnsemble With(Func<DecisionTree, DecisionTree> change)
    {
        var stump = Stump(0.5, true);
        return stump with { Trees = [change(stump.Trees[0])] };
    }

    private float[] Run(TreeEnsemble ensemble, float[] rows, int rowCount)
    {
        TreeEnsembleGraph.Write(_folder.File("model.onnx"), ensemble);
        using var session = new InferenceSession(_folder.File("model.onnx"));
        using var input = OrtValue.CreateTensorValueFromMemory(rows, [rowCount, ensemble.FeatureCount]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, [TreeEnsembleGraph.Input], [input], [TreeEnsembleGraph.Output]);
        Assert.Equal([rowCount, 1L], outputs[0].GetTensorTypeAndShape().Shape);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}

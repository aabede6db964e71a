using System.Numerics;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Models.Tests;

public sealed class TreeExplainerTests
{
    [Theory]
    [InlineData(1, 3, 3)]
    [InlineData(5, 4, 6)]
    [InlineData(20, 6, 12)]
    [InlineData(3, 8, 40)]
    public void Explain_RandomTrees_GivesTheShapleyValuesOfEverySubset(int trees, int features, int splits)
    {
        var random = new Random((trees * 100) + splits);
        var ensemble = Ensemble(random, trees, features, splits);
        var explainer = new TreeExplainer(ensemble);
        var contributions = new double[features];
        for (var repeat = 0; repeat < 10; repeat++)
        {
            float[] row = [.. Enumerable.Range(0, features).Select(_ => random.Next(8) == 0 ? float.NaN : random.Next(10))];

            explainer.Explain(row, contributions);

            var expected = BruteForce(ensemble, row);
            for (var feature = 0; feature < features; feature++)
            {
                Assert.Equal(expected[feature], contributions[feature], 1e-9);
            }
        }
    }

    [Fact]
    public void Explain_AnyRow_AddsUpToItsLogOdds()
    {
        var random = new Random(2);
        var ensemble = Ensemble(random, 50, 5, 15);
        var explainer = new TreeExplainer(ensemble);
        var contributions = new double[5];
        float[] row = [1, 5, 2, 9, 4];

        explainer.Explain(row, contributions);

        var logOdds = ensemble.Offset + (ensemble.Slope * (ensemble.BaseScore + ensemble.Trees.Sum(tree => tree.LeafValues[tree.FindLeaf(row)])));
        Assert.Equal(logOdds, explainer.BaseValue + contributions.Sum(), 1e-9);
    }

    [Fact]
    public void Explain_TreeOfOneLeaf_MovesNothing()
    {
        var leaf = Tree([], [], [], [], [3.5], [10]);
        var explainer = new TreeExplainer(new TreeEnsemble { FeatureCount = 2, Trees = [leaf] });
        var contributions = new double[2];

        explainer.Explain([1, 2], contributions);

        Assert.Equal((3.5, 0.0, 0.0), (explainer.BaseValue, contributions[0], contributions[1]));
    }

    [Fact]
    public void Constructor_TreesWithoutCovers_AreRefused()
    {
        var ensemble = new TreeEnsemble { FeatureCount = 1, Trees = [Tree([0], [1], [~0], [~1], [1, 2], [])] };

        Assert.Contains("no covers", Assert.Throws<RegistryException>(() => new TreeExplainer(ensemble)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_CoverOfZero_IsRefused()
    {
        var ensemble = new TreeEnsemble { FeatureCount = 1, Trees = [Tree([0], [1], [~0], [~1], [1, 2], [0, 1])] };

        Assert.Contains("above 0", Assert.Throws<RegistryException>(() => new TreeExplainer(ensemble)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_WrongLength_IsRefused()
    {
        var explainer = new TreeExplainer(new TreeEnsemble { FeatureCount = 1, Trees = [Tree([0], [1], [~0], [~1], [1, 2], [2, 1])] });

        Assert.Throws<ArgumentException>(() => explainer.Explain([1, 2], new double[1]));
    }

    /// <summary>The definition: the mean over all orders of what a feature adds, with the expectation along the tree when a feature is left out.</summary>
    private static double[] BruteForce(TreeEnsemble ensemble, float[] row)
    {
        var features = ensemble.FeatureCount;
        double[] values = [.. Enumerable.Range(0, 1 << features).Select(subset => ensemble.Slope * ensemble.Trees.Sum(tree => Expect(tree, row, subset, 0)))];
        var contributions = new double[features];
        for (var subset = 0; subset < 1 << features; subset++)
        {
            var size = BitOperations.PopCount((uint)subset);
            for (var feature = 0; feature < features; feature++)
            {
                if ((subset & (1 << feature)) == 0)
                {
                    contributions[feature] += Factorial(size) * Factorial(features - size - 1) / Factorial(features) * (values[subset | (1 << feature)] - values[subset]);
                }
            }
        }

        return contributions;
    }

    private static double Expect(DecisionTree tree, float[] row, int subset, int node)
    {
        if (node < 0 || tree.SplitFeatures.Count == 0)
        {
            return tree.LeafValues[node < 0 ? ~node : 0];
        }

        var (left, right, value) = (tree.LeftChildren[node], tree.RightChildren[node], row[tree.SplitFeatures[node]]);
        if ((subset & (1 << tree.SplitFeatures[node])) != 0)
        {
            var goesLeft = float.IsNaN(value) ? tree.MissingLeft[node] : value <= tree.Thresholds[node];
            return Expect(tree, row, subset, goesLeft ? left : right);
        }

        var (leftCover, rightCover) = (Cover(tree, left), Cover(tree, right));
        return ((leftCover * Expect(tree, row, subset, left)) + (rightCover * Expect(tree, row, subset, right))) / (leftCover + rightCover);
    }

    private static double Cover(DecisionTree tree, int node) =>
        node < 0 ? tree.LeafCovers[~node] : Cover(tree, tree.LeftChildren[node]) + Cover(tree, tree.RightChildren[node]);

    private static double Factorial(int number) => Enumerable.Range(1, number).Aggregate(1.0, static (product, factor) => product * factor);

    private static TreeEnsemble Ensemble(Random random, int trees, int features, int splits) => new()
    {
        FeatureCount = features,
        Trees = [.. Enumerable.Range(0, trees).Select(_ => Grow(random, features, splits))],
        BaseScore = 0.3,
        Slope = 0.5,
        Offset = -1,
    };

    // Splits a random leaf again and again, so that trees are deep and read features twice on one path.
    private static DecisionTree Grow(Random random, int features, int splits)
    {
        int[] left = new int[splits], right = new int[splits], feature = new int[splits];
        var open = new List<(int Parent, bool IsLeft)> { (-1, false) };
        for (var split = 0; split < splits; split++)
        {
            var place = random.Next(open.Count);
            var (parent, isLeft) = open[place];
            if (parent >= 0)
            {
                (isLeft ? left : right)[parent] = split;
            }

            feature[split] = random.Next(features);
            open[place] = (split, true);
            open.Add((split, false));
        }

        for (var leaf = 0; leaf < open.Count; leaf++)
        {
            (open[leaf].IsLeft ? left : right)[open[leaf].Parent] = ~leaf;
        }

        return Tree(
            feature,
            [.. feature.Select(_ => (double)random.Next(10))],
            left,
            right,
            [.. open.Select(_ => random.NextDouble() - 0.5)],
            [.. open.Select(_ => 1.0 + random.Next(100))],
            [.. feature.Select(_ => random.Next(2) == 0)]);
    }

    private static DecisionTree Tree(int[] features, double[] thresholds, int[] left, int[] right, double[] leaves, double[] covers, bool[]? missingLeft = null) => new()
    {
        SplitFeatures = features,
        Thresholds = thresholds,
        LeftChildren = left,
        RightChildren = right,
        MissingLeft = missingLeft ?? new bool[features.Length],
        LeafValues = leaves,
        LeafCovers = covers,
    };
}

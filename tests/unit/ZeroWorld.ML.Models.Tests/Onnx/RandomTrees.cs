using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Models.Tests.Onnx;

/// <summary>Random ensembles and rows whose values often hit a threshold, its float32 neighbours, NaN and infinities.</summary>
internal static class RandomTrees
{
    internal static TreeEnsemble Ensemble(Random random, int trees, int features, int leavesMax) => new()
    {
        FeatureCount = features,
        Trees = [.. Enumerable.Range(0, trees).Select(_ => Tree(random, features, random.Next(1, leavesMax + 1)))],
        BaseScore = random.NextDouble() - 0.5,
        Slope = 0.5 + random.NextDouble(),
        Offset = random.NextDouble() - 0.5,
    };

    // Grows leaf-wise, as LightGBM: a leaf keeps its number for the left half, the right half becomes the next leaf.
    internal static DecisionTree Tree(Random random, int features, int leaves)
    {
        int[] splitFeatures = new int[leaves - 1], left = new int[leaves - 1], right = new int[leaves - 1];
        var thresholds = new double[leaves - 1];
        var missingLeft = new bool[leaves - 1];
        var parents = new List<(int Split, bool Left)> { (-1, false) };
        for (var split = 0; split < leaves - 1; split++)
        {
            var leaf = random.Next(parents.Count);
            var parent = parents[leaf];
            if (parent.Split >= 0)
            {
                (parent.Left ? left : right)[parent.Split] = split;
            }

            splitFeatures[split] = random.Next(features);
            thresholds[split] = Threshold(random);
            missingLeft[split] = random.Next(2) == 0;
            left[split] = ~leaf;
            right[split] = ~parents.Count;
            parents[leaf] = (split, true);
            parents.Add((split, false));
        }

        return new DecisionTree
        {
            SplitFeatures = splitFeatures,
            Thresholds = thresholds,
            LeftChildren = left,
            RightChildren = right,
            MissingLeft = missingLeft,
            LeafValues = [.. Enumerable.Range(0, leaves).Select(_ => (random.NextDouble() - 0.5) * 0.2)],
        };
    }

    internal static float[] Rows(Random random, TreeEnsemble ensemble, int rows)
    {
        var thresholds = ensemble.Trees.SelectMany(tree => tree.Thresholds).DefaultIfEmpty(0).ToArray();
        var data = new float[rows * ensemble.FeatureCount];
        for (var index = 0; index < data.Length; index++)
        {
            var near = (float)thresholds[random.Next(thresholds.Length)];
            data[index] = random.Next(12) switch
            {
                0 => float.NaN,
                1 => near,
                2 => MathF.BitIncrement(near),
                3 => MathF.BitDecrement(near),
                4 => random.Next(2) == 0 ? float.PositiveInfinity : float.NegativeInfinity,
                5 => 0,
                _ => (float)(random.NextDouble() * 20 - 10),
            };
        }

        return data;
    }

    /// <summary>The leaf of every tree, by the double comparison that trainers use.</summary>
    internal static int Leaf(DecisionTree tree, ReadOnlySpan<float> row)
    {
        var node = tree.SplitFeatures.Count == 0 ? ~0 : 0;
        while (node >= 0)
        {
            var value = (double)row[tree.SplitFeatures[node]];
            var goesLeft = double.IsNaN(value) ? tree.MissingLeft[node] : value <= tree.Thresholds[node];
            node = goesLeft ? tree.LeftChildren[node] : tree.RightChildren[node];
        }

        return ~node;
    }

    internal static double Probability(TreeEnsemble ensemble, ReadOnlySpan<float> row)
    {
        var score = ensemble.BaseScore;
        foreach (var tree in ensemble.Trees)
        {
            score += tree.LeafValues[Leaf(tree, row)];
        }

        return 1 / (1 + Math.Exp(-((ensemble.Slope * score) + ensemble.Offset)));
    }

    // Half of them are exact float32 values, where <= and < part; the rest lie between two.
    private static double Threshold(Random random)
    {
        var value = random.NextDouble() * 20 - 10;
        return random.Next(20) == 0 ? 0 : random.Next(2) == 0 ? (float)value : value;
    }
}

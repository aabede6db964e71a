namespace ZeroWorld.ML.Models.Onnx;

/// <summary>Trees as an ONNX file: <c>features</c> FP32 [rows, n] to <c>probability</c> FP32 [rows, 1].</summary>
/// <remarks>
/// The graph is TreeEnsembleRegressor (sum) -> Mul (slope) -> Add (offset) -> Sigmoid. Its arithmetic is float32: branches are those of the double thresholds without
/// exception (see <see cref="RoundThreshold"/>), probabilities differ from float64 by rounding only, about 1e-6 for some hundred trees.
/// </remarks>
public static class TreeEnsembleGraph
{
    public const string Input = "features";

    public const string Output = "probability";

    /// <summary>Writes the file, whole or not at all; the same ensemble gives the same bytes.</summary>
    /// <param name="metadata">Free text properties of the file.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: the ensemble is no ensemble of trees; the message names tree and node.</exception>
    public static void Write(string path, TreeEnsemble ensemble, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(ensemble);
        Check(ensemble);

        var graph = new OnnxGraphBuilder("trees").AddInput(new TensorSpec(Input, TensorDtype.Float32, [-1, ensemble.FeatureCount]));
        AddLogOdds(graph, ensemble, Input, "log_odds");
        graph.AddNode("Sigmoid", ["log_odds"], [Output])
            .AddOutput(new TensorSpec(Output, TensorDtype.Float32, [-1, 1]));
        foreach (var (key, value) in metadata ?? new Dictionary<string, string>())
        {
            graph.SetMetadata(key, value);
        }

        graph.Write(path);
    }

    /// <summary>Adds the nodes of <c>Slope x (BaseScore + sum of leaves) + Offset</c>, before the sigmoid: FP32 [rows, 1].</summary>
    /// <param name="input">Name of an FP32 [rows, n] value of the graph.</param>
    /// <param name="output">Name of the new value. The values between are <c>score</c> and <c>scaled_score</c>, the constants <c>slope</c> and <c>offset</c>.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: the ensemble is no ensemble of trees; the message names tree and node.</exception>
    public static void AddLogOdds(OnnxGraphBuilder graph, TreeEnsemble ensemble, string input, string output)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(ensemble);
        Check(ensemble);
        var offset = ensemble.Offset + (ensemble.Slope * ensemble.BaseScore);
        graph
            .AddInitializer("slope", [ToFloat(ensemble.Slope, "slope")], 1)
            .AddInitializer("offset", [ToFloat(offset, "offset with the base score")], 1)
            .AddNode("TreeEnsembleRegressor", [input], ["score"], ToAttributes(ensemble), OnnxGraphBuilder.MlDomain)
            .AddNode("Mul", ["score", "slope"], ["scaled_score"])
            .AddNode("Add", ["scaled_score", "offset"], [output]);
    }

    /// <summary>The largest float32 that is at most the threshold.</summary>
    /// <remarks>
    /// For every float32 x, <c>x &lt;= RoundThreshold(t)</c> exactly when <c>(double)x &lt;= t</c>: no float32 lies between the two. Rounding to nearest instead would
    /// let a value just above the threshold through where t was rounded up. Beyond the range of float32 this is float.MaxValue or negative infinity.
    /// </remarks>
    public static float RoundThreshold(double threshold)
    {
        var rounded = (float)threshold;
        return rounded > threshold ? MathF.BitDecrement(rounded) : rounded;
    }

    private static void Check(TreeEnsemble ensemble)
    {
        if (ensemble.FeatureCount < 1 || ensemble.Trees.Count < 1)
        {
            throw Invalid($"A tree ensemble needs features and trees; it has {ensemble.FeatureCount} features and {ensemble.Trees.Count} trees.");
        }

        for (var tree = 0; tree < ensemble.Trees.Count; tree++)
        {
            if (ensemble.Trees[tree].FindProblem(ensemble.FeatureCount) is { } problem)
            {
                throw Invalid($"Tree {tree} of {ensemble.Trees.Count} cannot be written: {problem}.");
            }
        }
    }

    // Node ids of a tree: its splits from 0 (the root first, as runtimes expect), then its leaves.
    private static OnnxAttribute[] ToAttributes(TreeEnsemble ensemble)
    {
        List<long> treeIds = [], nodeIds = [], features = [], trueNodes = [], falseNodes = [], missingTrue = [];
        List<string> modes = [];
        List<float> values = [];
        List<long> leafTrees = [], leafNodes = [];
        List<float> leafValues = [];
        for (var treeId = 0; treeId < ensemble.Trees.Count; treeId++)
        {
            var tree = ensemble.Trees[treeId];
            var splits = tree.SplitFeatures.Count;
            for (var split = 0; split < splits; split++)
            {
                AddNode(treeId, split, "BRANCH_LEQ", tree.SplitFeatures[split], RoundThreshold(tree.Thresholds[split]));
                trueNodes.Add(ToNode(tree.LeftChildren[split], splits));
                falseNodes.Add(ToNode(tree.RightChildren[split], splits));
                missingTrue.Add(tree.MissingLeft[split] ? 1 : 0);
            }

            for (var leaf = 0; leaf <= splits; leaf++)
            {
                AddNode(treeId, splits + leaf, "LEAF", 0, 0);
                trueNodes.Add(0);
                falseNodes.Add(0);
                missingTrue.Add(0);
                leafTrees.Add(treeId);
                leafNodes.Add(splits + leaf);
                leafValues.Add((float)tree.LeafValues[leaf]);
            }
        }

        return
        [
            OnnxAttribute.Of("aggregate_function", "SUM"),
            OnnxAttribute.Of("n_targets", 1L),
            OnnxAttribute.Of("nodes_treeids", treeIds),
            OnnxAttribute.Of("nodes_nodeids", nodeIds),
            OnnxAttribute.Of("nodes_modes", modes),
            OnnxAttribute.Of("nodes_featureids", features),
            OnnxAttribute.Of("nodes_values", values),
            OnnxAttribute.Of("nodes_truenodeids", trueNodes),
            OnnxAttribute.Of("nodes_falsenodeids", falseNodes),
            OnnxAttribute.Of("nodes_missing_value_tracks_true", missingTrue),
            OnnxAttribute.Of("target_treeids", leafTrees),
            OnnxAttribute.Of("target_nodeids", leafNodes),
            OnnxAttribute.Of("target_ids", Enumerable.Repeat(0L, leafNodes.Count)),
            OnnxAttribute.Of("target_weights", leafValues),
        ];

        void AddNode(int tree, int node, string mode, int feature, float value)
        {
            treeIds.Add(tree);
            nodeIds.Add(node);
            modes.Add(mode);
            features.Add(feature);
            values.Add(value);
        }
    }

    private static long ToNode(int child, int splits) => child >= 0 ? child : splits + ~child;

    private static float ToFloat(double value, string what) => float.IsFinite((float)value)
        ? (float)value
        : throw Invalid($"The {what} is {value}, which is not a finite float32.");

    private static RegistryException Invalid(string message) => new(RegistryError.InvalidInput, message);
}

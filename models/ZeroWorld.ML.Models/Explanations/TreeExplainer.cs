using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Models;

/// <summary>Exact Shapley values of a tree ensemble's log odds: how much each feature moved a row's score away from the mean.</summary>
/// <remarks>
/// Path-dependent TreeSHAP, Lundberg, Erion and Lee 2018 (arXiv 1802.03888), algorithm 2: a feature that is left out follows both branches in the proportion of the
/// training rows (the covers of the leaves). Time per row is in the order of trees x leaves x depth squared. The values of a row and <see cref="BaseValue"/> add up to its log odds.
/// Immutable and thread safe.
/// </remarks>
public sealed class TreeExplainer
{
    private readonly TreePaths[] _trees;
    private readonly int _featureCount;
    private readonly int _depthMax;

    /// <param name="ensemble">Trees with covers in every leaf.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: a tree is none, or has no covers.</exception>
    public TreeExplainer(TreeEnsemble ensemble)
    {
        ArgumentNullException.ThrowIfNull(ensemble);
        _featureCount = ensemble.FeatureCount;
        _trees = new TreePaths[ensemble.Trees.Count];
        BaseValue = ensemble.Offset + (ensemble.Slope * ensemble.BaseScore);
        for (var index = 0; index < _trees.Length; index++)
        {
            var tree = ensemble.Trees[index];
            var problem = tree.FindProblem(ensemble.FeatureCount) ?? (tree.LeafCovers.Count == 0 ? "its leaves have no covers" : null);
            if (problem is not null)
            {
                throw new RegistryException(RegistryError.InvalidInput, $"Tree {index} of {_trees.Length} cannot be explained: {problem}.");
            }

            _trees[index] = new TreePaths(tree, ensemble.Slope);
            _depthMax = Math.Max(_depthMax, _trees[index].Depth);
            BaseValue += _trees[index].Mean;
        }
    }

    /// <value>The mean log odds over the training rows.</value>
    public double BaseValue { get; }

    /// <summary>Explains one row.</summary>
    /// <param name="row">Features as the model reads them; NaN is a missing value.</param>
    /// <param name="contributions">Receives one value per feature, in log odds.</param>
    /// <exception cref="ArgumentException">A length is not the number of features.</exception>
    public void Explain(ReadOnlySpan<float> row, Span<double> contributions)
    {
        if (row.Length != _featureCount || contributions.Length != _featureCount)
        {
            throw new ArgumentException($"There are {row.Length} features and room for {contributions.Length} contributions; expected {_featureCount} of both.", nameof(row));
        }

        contributions.Clear();

        // A path holds one element more than there are splits above it, and every level needs a copy of its own.
        var levels = _depthMax + 2;
        var workspace = new PathElement[levels * (levels + 1) / 2];
        foreach (var tree in _trees)
        {
            tree.AddTo(row, contributions, workspace);
        }
    }
}

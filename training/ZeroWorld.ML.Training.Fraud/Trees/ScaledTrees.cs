using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Trees with a weight. Pure functions.</summary>
internal static class ScaledTrees
{
    /// <returns>An ensemble whose log odds are so many times as large.</returns>
    internal static TreeEnsemble Scale(this TreeEnsemble ensemble, double factor) => ensemble with
    {
        Trees = [.. ensemble.Trees.Select(tree => tree with { LeafValues = [.. tree.LeafValues.Select(value => value * factor)] })],
        BaseScore = ensemble.BaseScore * factor,
        Offset = ensemble.Offset * factor,
    };
}

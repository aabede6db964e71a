using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>A tensor on its way between the steps of an ensemble.</summary>
/// <param name="Tensor"><see langword="null"/>: the request left it out, or nobody wants it.</param>
/// <param name="HasRows">Whether whoever gave it counts rows with its first axis.</param>
internal readonly record struct EnsembleTensor(TensorBuffer? Tensor, bool HasRows)
{
    /// <summary>The tensor as a model takes it: as in Triton, one row is the same to a model with rows and to one without.</summary>
    /// <param name="spec">What the model declares.</param>
    /// <param name="hasRows">Whether the first axis of that counts rows.</param>
    public TensorBuffer Fit(TensorSpec spec, bool hasRows)
    {
        if (Tensor is null || HasRows == hasRows || spec.IsAnyRank)
        {
            return Tensor!;
        }

        var shape = Tensor.Shape;
        if (hasRows)
        {
            return InferenceInputs.Fits([.. spec.Shape.Skip(1)], shape) ? Tensor.Reshape([1, .. shape]) : Tensor;
        }

        return !InferenceInputs.Fits(spec.Shape, shape) && shape is [1, ..] ? Tensor.Reshape([.. shape[1..]]) : Tensor;
    }

    /// <summary>Whether tensors of two shapes may be one: as they are, or but for a first axis that counts rows.</summary>
    public static bool CanBeOne(TensorSpec left, bool leftHasRows, TensorSpec right, bool rightHasRows) =>
        left.IsAnyRank || right.IsAnyRank || CanBeOne(left.Shape, right.Shape) || (leftHasRows != rightHasRows && CanBeOne(WithoutRows(left, leftHasRows), WithoutRows(right, rightHasRows)));

    private static IReadOnlyList<long> WithoutRows(TensorSpec spec, bool hasRows) => hasRows ? [.. spec.Shape.Skip(1)] : spec.Shape;

    private static bool CanBeOne(IReadOnlyList<long> left, IReadOnlyList<long> right) =>
        left.Count == right.Count && left.Zip(right).All(static pair => pair.First == pair.Second || pair.First == -1 || pair.Second == -1);
}

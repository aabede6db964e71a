using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>A model that every runtime must be able to run, in words that each writes in its own format.</summary>
/// <param name="Kind">What it computes.</param>
/// <param name="Inputs">Its inputs, in order.</param>
/// <param name="Outputs">Its outputs, in order.</param>
public sealed record ContractModel(ContractModelKind Kind, TensorSpec[] Inputs, TensorSpec[] Outputs)
{
    /// <summary>y = 2x + 1.</summary>
    public static ContractModel Affine { get; } = new(
        ContractModelKind.Affine, [new TensorSpec("x", TensorDtype.Float32, [-1, 3])], [new TensorSpec("y", TensorDtype.Float32, [-1, 3])]);

    /// <summary>sum = a + b, difference = a - b.</summary>
    public static ContractModel SumAndDifference { get; } = new(
        ContractModelKind.SumAndDifference,
        [new TensorSpec("a", TensorDtype.Int64, [-1]), new TensorSpec("b", TensorDtype.Int64, [-1])],
        [new TensorSpec("sum", TensorDtype.Int64, [-1]), new TensorSpec("difference", TensorDtype.Int64, [-1])]);

    /// <summary>y = x[index]: fails on an index beyond the end.</summary>
    public static ContractModel Gather { get; } = new(
        ContractModelKind.Gather,
        [new TensorSpec("x", TensorDtype.Float32, [-1]), new TensorSpec("index", TensorDtype.Int64, [-1])],
        [new TensorSpec("y", TensorDtype.Float32, [-1])]);

    /// <summary>y = x.</summary>
    public static ContractModel Identity(TensorDtype dtype, params long[] shape) => new(
        ContractModelKind.Identity, [new TensorSpec("x", dtype, shape)], [new TensorSpec("y", dtype, shape)]);
}

public enum ContractModelKind
{
    Affine,
    SumAndDifference,
    Gather,
    Identity,
}

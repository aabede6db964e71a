using TorchSharp;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Training;

/// <summary>Arithmetic of tensors whose numbers live as long as libtorch reads them.</summary>
/// <remarks>
/// A number beside a tensor is a Scalar: native memory that its finalizer frees. TorchSharp (0.107) hands its address to libtorch and holds it no longer, so a collection in that moment frees what
/// is being read: an exception about a datatype that does not exist, or a wrong number. Its operators do so, and the addition of two tensors too (by its factor of 1); BannedSymbols.txt names them.
/// </remarks>
public static class TorchArithmetic
{
    private static readonly Scalar One = 1;

    /// <summary>left + right.</summary>
    public static Tensor Plus(this Tensor left, Tensor right)
    {
        ArgumentNullException.ThrowIfNull(left);
        return left.add(right, One);
    }

    /// <summary>left + right for every value.</summary>
    public static Tensor Plus(this Tensor left, double right)
    {
        ArgumentNullException.ThrowIfNull(left);
        using Scalar held = right;
        return left.add(held, One);
    }

    /// <summary>left * right for every value.</summary>
    public static Tensor Times(this Tensor left, double right)
    {
        ArgumentNullException.ThrowIfNull(left);
        using Scalar held = right;
        return left.mul(held);
    }

    /// <summary>The values, but <paramref name="value"/> where the mask is set.</summary>
    public static Tensor MaskedBy(this Tensor values, Tensor mask, double value)
    {
        ArgumentNullException.ThrowIfNull(values);
        using Scalar held = value;
        return values.masked_fill(mask, held);
    }

    /// <summary>The values in the order of their axes.</summary>
    /// <param name="values">FP32, in the memory of the processor.</param>
    public static float[] ToFloats(this Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        using var detached = values.detach();
        using var contiguous = detached.contiguous();
        return contiguous.data<float>().ToArray();
    }

    /// <summary>Sets all values.</summary>
    public static void SetAll(this Tensor values, double value)
    {
        ArgumentNullException.ThrowIfNull(values);
        using Scalar held = value;
        values.fill_(held);
    }

    /// <summary>Adds factor * source to the rows of the places, one after the other.</summary>
    public static void AddRows(this Tensor values, Tensor places, Tensor source, double factor)
    {
        ArgumentNullException.ThrowIfNull(values);
        using Scalar held = factor;
        values.index_add_(0, places, source, held);
    }
}

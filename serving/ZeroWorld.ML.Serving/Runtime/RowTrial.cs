using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>
/// Tries whether the rows of a model change one another: two rows are run alone and together, and each must give the same both times. A softmax over the first axis, or a normalization by the
/// batch, looks like rows and is not.
/// </summary>
public static class RowTrial
{
    private const long ElementsMax = 4 << 20;

    // Rounding differs with the size of a run; a row that saw another one differs by far more.
    private const double Tolerance = 1e-3;

    // Sizes of axes that the file leaves open: most models take any, image networks want some tens.
    private static readonly long[] OpenSizes = [3, 1, 8, 32, 224];

    /// <returns><see langword="false"/> also when the model takes none of the inputs that are tried: then nothing is known.</returns>
    public static bool Passes(IModelInstance instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        foreach (var size in OpenSizes)
        {
            try
            {
                return Passes(instance, size);
            }
            catch (ServingException exception) when (exception.Error == ServingError.BackendFailed)
            {
                // This size is no valid input; another one may be.
            }
        }

        return false;
    }

    private static bool Passes(IModelInstance instance, long openSize)
    {
        var random = new Random(1);
        var signature = instance.Signature;
        var both = new TensorBuffer[signature.Inputs.Count];
        for (var index = 0; index < both.Length; index++)
        {
            if (!signature.Inputs[index].IsOptional)
            {
                both[index] = Make(signature.Inputs[index], openSize, random);
            }
        }

        var together = instance.Run(both);
        for (var row = 0; row < 2; row++)
        {
            var start = row;
            var alone = instance.Run(Array.ConvertAll(both, tensor => tensor?.SliceRows(start, 1)!));
            for (var output = 0; output < alone.Length; output++)
            {
                if (together[output].Shape.Length == 0 || together[output].Shape[0] != 2 || alone[output].Shape.Length == 0 || alone[output].Shape[0] != 1
                    || !AreEqual(together[output].SliceRows(row, 1), alone[output]))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static TensorBuffer Make(TensorSpec spec, long openSize, Random random)
    {
        long[] shape = [2, .. spec.Shape.Skip(1).Select(size => size >= 0 ? size : openSize)];
        if (!TensorShape.TryCountElements(shape, out var count) || count > ElementsMax)
        {
            throw new ServingException(ServingError.BackendFailed, $"The input {spec} is too large for a trial.");
        }

        if (spec.Dtype == TensorDtype.Bytes)
        {
            var strings = new byte[count][];
            for (var index = 0; index < count; index++)
            {
                strings[index] = [(byte)('a' + random.Next(26))];
            }

            return TensorBuffer.OfStrings(shape, strings);
        }

        // Whole numbers are often indexes: 0 and 1 are almost always valid ones.
        var isWhole = spec.Dtype is not (TensorDtype.Float16 or TensorDtype.BFloat16 or TensorDtype.Float32 or TensorDtype.Float64);
        var values = new double[count];
        for (var index = 0; index < count; index++)
        {
            values[index] = isWhole ? random.Next(2) : random.NextDouble();
        }

        if (spec.Dtype == TensorDtype.BFloat16)
        {
            var halves = Array.ConvertAll(values, static value => (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16));
            return TensorBuffer.Of(spec.Dtype, shape, MemoryMarshal.AsBytes<ushort>(halves).ToArray());
        }

        return TensorElements.FromDoubles(spec.Dtype, shape, values)!;
    }

    private static bool AreEqual(TensorBuffer left, TensorBuffer right)
    {
        if (!left.Shape.SequenceEqual(right.Shape))
        {
            return false;
        }

        if (left.Dtype == TensorDtype.Bytes)
        {
            for (var index = 0; index < left.ElementCount; index++)
            {
                if (!left.Strings.Span[index].AsSpan().SequenceEqual(right.Strings.Span[index]))
                {
                    return false;
                }
            }

            return true;
        }

        for (var index = 0; index < left.ElementCount; index++)
        {
            var (a, b) = (TensorElements.ToDouble(left, index), TensorElements.ToDouble(right, index));
            if (!a.Equals(b) && !(Math.Abs(a - b) <= Tolerance * Math.Max(1, Math.Max(Math.Abs(a), Math.Abs(b)))))
            {
                return false;
            }
        }

        return true;
    }
}

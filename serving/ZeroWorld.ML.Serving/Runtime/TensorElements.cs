using System.Numerics;
using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Elements of tensors as float64, for golden samples, thresholds and messages.</summary>
internal static class TensorElements
{
    /// <summary>One element of a tensor of numbers; a bool is 0 or 1. NaN for <see cref="TensorDtype.Bytes"/>.</summary>
    public static double ToDouble(TensorBuffer tensor, int index) => tensor.Dtype switch
    {
        TensorDtype.Bool or TensorDtype.UInt8 => tensor.Data.Span[index],
        TensorDtype.Int8 => tensor.AsSpan<sbyte>()[index],
        TensorDtype.UInt16 => tensor.AsSpan<ushort>()[index],
        TensorDtype.Int16 => tensor.AsSpan<short>()[index],
        TensorDtype.UInt32 => tensor.AsSpan<uint>()[index],
        TensorDtype.Int32 => tensor.AsSpan<int>()[index],
        TensorDtype.UInt64 => tensor.AsSpan<ulong>()[index],
        TensorDtype.Int64 => tensor.AsSpan<long>()[index],
        TensorDtype.Float16 => (double)tensor.AsSpan<Half>()[index],
        TensorDtype.BFloat16 => BitConverter.Int32BitsToSingle(tensor.AsSpan<ushort>()[index] << 16),
        TensorDtype.Float32 => tensor.AsSpan<float>()[index],
        TensorDtype.Float64 => tensor.AsSpan<double>()[index],
        _ => double.NaN,
    };

    /// <returns><see langword="null"/> when the tensor is not of this type, or its elements are not as many as its shape says.</returns>
    public static TensorBuffer? FromGolden(TensorDtype dtype, GoldenTensor tensor)
    {
        if (dtype != TensorDtype.Bytes)
        {
            return tensor.Texts is null ? FromDoubles(dtype, tensor.Shape, tensor.Data) : null;
        }

        long[] shape = [.. tensor.Shape];
        return tensor.Texts is { } texts && TensorShape.TryCountElements(shape, out var count) && count == texts.Count
            ? TensorBuffer.OfStrings(shape, texts.Select(System.Text.Encoding.UTF8.GetBytes).ToArray())
            : null;
    }

    /// <returns><see langword="null"/> when the elements are not as many as the shape says, or the type is not one of numbers.</returns>
    public static TensorBuffer? FromDoubles(TensorDtype dtype, IReadOnlyList<long> shape, IReadOnlyList<double> values)
    {
        long[] dimensions = [.. shape];
        return !TensorShape.TryCountElements(dimensions, out var count) || count != values.Count
            ? null
            : dtype switch
            {
                TensorDtype.Bool or TensorDtype.UInt8 => Of<byte>(dtype, dimensions, values),
                TensorDtype.Int8 => Of<sbyte>(dtype, dimensions, values),
                TensorDtype.UInt16 => Of<ushort>(dtype, dimensions, values),
                TensorDtype.Int16 => Of<short>(dtype, dimensions, values),
                TensorDtype.UInt32 => Of<uint>(dtype, dimensions, values),
                TensorDtype.Int32 => Of<int>(dtype, dimensions, values),
                TensorDtype.UInt64 => Of<ulong>(dtype, dimensions, values),
                TensorDtype.Int64 => Of<long>(dtype, dimensions, values),
                TensorDtype.Float16 => Of<Half>(dtype, dimensions, values),
                TensorDtype.Float32 => Of<float>(dtype, dimensions, values),
                TensorDtype.Float64 => Of<double>(dtype, dimensions, values),
                _ => null,
            };
    }

    private static TensorBuffer Of<T>(TensorDtype dtype, long[] shape, IReadOnlyList<double> values)
        where T : unmanaged, INumber<T>
    {
        var elements = new T[values.Count];
        for (var index = 0; index < elements.Length; index++)
        {
            elements[index] = T.CreateSaturating(values[index]);
        }

        return TensorBuffer.Of(dtype, shape, MemoryMarshal.AsBytes<T>(elements).ToArray());
    }
}

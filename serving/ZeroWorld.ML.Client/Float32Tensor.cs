using System.Runtime.InteropServices;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Client;

/// <summary>FP32 tensors from and to arrays.</summary>
public static class Float32Tensor
{
    /// <param name="name">Name of the tensor.</param>
    /// <param name="shape">All dimensions; their product is the number of values.</param>
    /// <param name="values">Row-major; copied.</param>
    /// <exception cref="ArgumentException">The number of values does not fit the shape.</exception>
    public static WireTensor Create(string name, IReadOnlyList<long> shape, ReadOnlySpan<float> values)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var elements = shape.Aggregate(1L, static (product, dimension) => checked(product * dimension));
        return elements == values.Length
            ? new WireTensor(name, TensorDatatype.Float32, shape, MemoryMarshal.AsBytes(values).ToArray())
            : throw new ArgumentException($"{values.Length} values do not make a tensor of shape [{string.Join(", ", shape)}].", nameof(values));
    }

    /// <returns>The elements, row-major.</returns>
    /// <exception cref="ArgumentException">The tensor is not FP32.</exception>
    public static float[] ToArray(WireTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.Datatype == TensorDatatype.Float32
            ? MemoryMarshal.Cast<byte, float>(tensor.Data.Span).ToArray()
            : throw new ArgumentException($"Tensor '{tensor.Name}' is {tensor.Datatype}; expected FP32.", nameof(tensor));
    }
}

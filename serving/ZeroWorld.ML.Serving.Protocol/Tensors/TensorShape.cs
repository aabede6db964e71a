namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Checks of a shape that came from outside.</summary>
internal static class TensorShape
{
    /// <returns>Number of elements; 1 for a scalar.</returns>
    /// <exception cref="TensorFormatException">A negative dimension, or more elements than one message can hold.</exception>
    public static int CountElements(string tensor, string datatype, IReadOnlyList<long> shape, out int widthBytes)
    {
        if (!TensorDatatype.TryGetWidth(datatype, out widthBytes))
        {
            throw new TensorFormatException($"Tensor '{tensor}' has datatype '{datatype}'; expected one of {TensorDatatype.Names}.");
        }

        // A zero dimension makes the tensor empty whatever the others are, but each of them is still checked.
        var product = 1L;
        var isEmpty = false;
        for (var index = 0; index < shape.Count; index++)
        {
            var dimension = shape[index];
            if (dimension < 0)
            {
                throw new TensorFormatException($"Tensor '{tensor}' has shape {Text(shape)}; expected no negative dimension.");
            }

            isEmpty |= dimension == 0;
            if (dimension > 0 && product > int.MaxValue / dimension)
            {
                throw TooLarge(tensor, shape);
            }

            product *= Math.Max(dimension, 1);
        }

        var elements = isEmpty ? 0 : product;

        // An element of BYTES takes at least its length prefix.
        var elementBytes = widthBytes == 0 ? sizeof(uint) : widthBytes;
        return elements * elementBytes <= Array.MaxLength ? (int)elements : throw TooLarge(tensor, shape);
    }

    public static string Text(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape)}]";

    private static TensorFormatException TooLarge(string tensor, IReadOnlyList<long> shape) =>
        new($"Tensor '{tensor}' has shape {Text(shape)}; expected fewer elements than one message can hold.");
}

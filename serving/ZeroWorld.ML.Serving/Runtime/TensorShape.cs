namespace ZeroWorld.ML.Serving;

/// <summary>Arithmetic of shapes that came from outside.</summary>
public static class TensorShape
{
    /// <summary>Number of elements; 1 for a scalar.</summary>
    /// <returns><see langword="false"/> for a negative dimension or a product above <see cref="int.MaxValue"/>.</returns>
    public static bool TryCountElements(ReadOnlySpan<long> shape, out int elements)
    {
        elements = 0;
        long product = 1;
        var isEmpty = false;
        foreach (var dimension in shape)
        {
            if (dimension is < 0 or > int.MaxValue)
            {
                return false;
            }

            // A zero anywhere makes the tensor empty, whatever the other dimensions would multiply to.
            isEmpty |= dimension == 0;
            product = isEmpty ? 0 : product * dimension;
            if (product > int.MaxValue)
            {
                return false;
            }
        }

        elements = (int)product;
        return true;
    }

    /// <summary><c>[-1,15]</c>.</summary>
    public static string ToText(IReadOnlyList<long> shape) => $"[{string.Join(',', shape)}]";
}

namespace ZeroWorld.ML.Models;

/// <summary>One tensor in two shapes: that of requests and answers, and that of the model. The elements are the same, in the same order.</summary>
/// <remarks>Immutable. Equal by reference of the shapes. The first open dimension of the one is the first of the other, and so on.</remarks>
/// <param name="Request">All dimensions as callers have them, the row axis included; -1 where any size is taken.</param>
/// <param name="Model">All dimensions as the model has them.</param>
public sealed record TensorReshape(IReadOnlyList<long> Request, IReadOnlyList<long> Model)
{
    private const long Open = -1;

    /// <summary>What is wrong with the pair, as a clause; <see langword="null"/>: nothing.</summary>
    public string? FindProblem()
    {
        var (request, model) = (Request.Count(static size => size == Open), Model.Count(static size => size == Open));
        if (request != model)
        {
            return $"{ToText(Request)} has {request} open dimensions and {ToText(Model)} has {model}; expected as many";
        }

        // Between two open dimensions both have as many elements: so any sizes of the open ones fit.
        return Products(Request).SequenceEqual(Products(Model)) ? null : $"{ToText(Request)} and {ToText(Model)} do not have the same elements";
    }

    /// <summary>The model's shape for a shape of a request.</summary>
    /// <returns><see langword="null"/> where the shape is not one that <see cref="Request"/> allows.</returns>
    public long[]? ToModel(ReadOnlySpan<long> shape) => Map(Request, Model, shape);

    /// <summary>The shape of an answer for a shape that the model gave.</summary>
    /// <returns><see langword="null"/> where the shape is not one that <see cref="Model"/> allows.</returns>
    public long[]? ToRequest(ReadOnlySpan<long> shape) => Map(Model, Request, shape);

    private static long[]? Map(IReadOnlyList<long> from, IReadOnlyList<long> to, ReadOnlySpan<long> shape)
    {
        if (shape.Length != from.Count)
        {
            return null;
        }

        long[] mapped = [.. to];
        var next = -1;
        for (var axis = 0; axis < shape.Length; axis++)
        {
            if (from[axis] == Open)
            {
                next = Array.IndexOf(mapped, Open, next + 1);
                mapped[next] = shape[axis];
            }
            else if (from[axis] != shape[axis])
            {
                return null;
            }
        }

        return mapped;
    }

    /// <summary>Elements before, between and behind the open dimensions.</summary>
    private static List<UInt128> Products(IReadOnlyList<long> shape)
    {
        List<UInt128> products = [1];
        foreach (var size in shape)
        {
            if (size == Open)
            {
                products.Add(1);
            }
            else
            {
                // Two shapes of more elements than a tensor can have are equal here; no request has one.
                products[^1] = UInt128.Min(products[^1] * (ulong)size, ulong.MaxValue);
            }
        }

        return products;
    }

    private static string ToText(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape)}]";
}

using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>A tensor in host memory: row-major little-endian elements in one contiguous buffer, or strings of bytes.</summary>
/// <remarks>
/// The buffer belongs to whoever made it and must stay unchanged until the run that reads it has ended. Immutable and thread safe apart from that.
/// </remarks>
public sealed class TensorBuffer
{
    private readonly long[] _shape;

    private TensorBuffer(TensorDtype dtype, long[] shape, int elementCount, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte[]> strings)
    {
        Dtype = dtype;
        _shape = shape;
        ElementCount = elementCount;
        Data = data;
        Strings = strings;
    }

    public TensorDtype Dtype { get; }

    /// <summary>All dimensions, none negative; empty for a scalar.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>Product of the dimensions.</summary>
    public int ElementCount { get; }

    /// <summary>First dimension; 1 for a scalar.</summary>
    public int Rows => _shape.Length == 0 ? 1 : (int)_shape[0];

    /// <summary>The elements; empty for <see cref="TensorDtype.Bytes"/>.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The elements of a <see cref="TensorDtype.Bytes"/> tensor; else empty.</summary>
    public ReadOnlyMemory<byte[]> Strings { get; }

    /// <param name="dtype">Any type but <see cref="TensorDtype.Bytes"/>.</param>
    /// <param name="shape">All dimensions; taken over, not copied.</param>
    /// <param name="data">Exactly as many bytes as the elements take; not copied.</param>
    /// <exception cref="ArgumentException">The length does not fit the shape.</exception>
    public static TensorBuffer Of(TensorDtype dtype, long[] shape, ReadOnlyMemory<byte> data)
    {
        var elements = Count(shape);
        var width = dtype.Width();
        return width > 0 && (long)elements * width == data.Length
            ? new TensorBuffer(dtype, shape, elements, data, default)
            : throw new ArgumentException($"{data.Length} bytes do not make a {dtype.ToName()} tensor of shape {TensorShape.ToText(shape)}.", nameof(data));
    }

    /// <param name="shape">All dimensions; taken over, not copied.</param>
    /// <param name="strings">As many as there are elements; not copied.</param>
    /// <exception cref="ArgumentException">The number does not fit the shape.</exception>
    public static TensorBuffer OfStrings(long[] shape, ReadOnlyMemory<byte[]> strings)
    {
        var elements = Count(shape);
        return elements == strings.Length
            ? new TensorBuffer(TensorDtype.Bytes, shape, elements, default, strings)
            : throw new ArgumentException($"{strings.Length} strings do not make a tensor of shape {TensorShape.ToText(shape)}.", nameof(strings));
    }

    /// <summary>A FP32 tensor over a copy of the values.</summary>
    public static TensorBuffer OfFloat32(long[] shape, ReadOnlySpan<float> values) =>
        Of(TensorDtype.Float32, shape, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>The elements as <typeparamref name="T"/>, whose size must be the datatype's width.</summary>
    public ReadOnlySpan<T> AsSpan<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Data.Span);

    /// <summary>Rows <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/>, over the same memory.</summary>
    public TensorBuffer SliceRows(int start, int count)
    {
        if (start == 0 && count == Rows)
        {
            return this;
        }

        long[] shape = [.. _shape];
        shape[0] = count;
        var perRow = Rows == 0 ? 0 : ElementCount / Rows;
        return Dtype == TensorDtype.Bytes
            ? new TensorBuffer(Dtype, shape, perRow * count, default, Strings.Slice(start * perRow, count * perRow))
            : new TensorBuffer(Dtype, shape, perRow * count, Data.Slice(start * perRow * Dtype.Width(), count * perRow * Dtype.Width()), default);
    }

    /// <summary>The wire form of the Open Inference Protocol: little-endian elements, BYTES as uint32 length and bytes per element. Fixed widths are not copied.</summary>
    public ReadOnlyMemory<byte> ToRaw() => Dtype == TensorDtype.Bytes ? BytesCodec.Write(Strings.Span) : Data;

    private static int Count(long[] shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return TensorShape.TryCountElements(shape, out var elements)
            ? elements
            : throw new ArgumentException($"The shape {TensorShape.ToText(shape)} has a negative dimension or more than {int.MaxValue} elements.", nameof(shape));
    }
}

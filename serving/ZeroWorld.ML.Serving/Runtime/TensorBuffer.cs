using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>A tensor in host memory: row-major little-endian elements in one contiguous buffer, or strings of bytes, in one buffer too or each by itself.</summary>
/// <remarks>
/// The buffer belongs to whoever made it and must stay unchanged until the run that reads it has ended. Immutable and thread safe apart from that.
/// </remarks>
public sealed class TensorBuffer
{
    private readonly long[] _shape;
    private readonly ReadOnlyMemory<byte[]> _strings;

    // Made when they are first asked for; two threads may both make them.
    private byte[][]? _unpacked;
    private int[]? _rowEnds;

    private TensorBuffer(TensorDtype dtype, long[] shape, int elementCount, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte[]> strings, bool isPacked)
    {
        Dtype = dtype;
        _shape = shape;
        ElementCount = elementCount;
        Data = data;
        _strings = strings;
        IsPacked = isPacked;
    }

    public TensorDtype Dtype { get; }

    /// <summary>All dimensions, none negative; empty for a scalar.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>Product of the dimensions.</summary>
    public int ElementCount { get; }

    /// <summary>First dimension; 1 for a scalar.</summary>
    public int Rows => _shape.Length == 0 ? 1 : (int)_shape[0];

    /// <summary>Of the elements of several requests in one dimension: the shapes that they had there, in order; else <see langword="null"/>.</summary>
    internal IReadOnlyList<long[]>? Parts { get; private init; }

    /// <summary>The elements. Of <see cref="TensorDtype.Bytes"/> their wire form where <see cref="IsPacked"/>, else empty.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>Whether a <see cref="TensorDtype.Bytes"/> tensor lies in one buffer, <see cref="Data"/>: per element a little-endian uint32 length, then the bytes.</summary>
    public bool IsPacked { get; }

    /// <summary>The elements of a <see cref="TensorDtype.Bytes"/> tensor; else empty. Where <see cref="IsPacked"/> they are copied out of the buffer, once.</summary>
    public ReadOnlyMemory<byte[]> Strings => IsPacked ? _unpacked ??= BytesCodec.Read(Data.Span, ElementCount) : _strings;

    /// <param name="dtype">Any type but <see cref="TensorDtype.Bytes"/>.</param>
    /// <param name="shape">All dimensions; taken over, not copied.</param>
    /// <param name="data">Exactly as many bytes as the elements take; not copied.</param>
    /// <exception cref="ArgumentException">The length does not fit the shape.</exception>
    public static TensorBuffer Of(TensorDtype dtype, long[] shape, ReadOnlyMemory<byte> data)
    {
        var elements = Count(shape);
        var width = dtype.Width();
        return width > 0 && (long)elements * width == data.Length
            ? new TensorBuffer(dtype, shape, elements, data, default, isPacked: false)
            : throw new ArgumentException($"{data.Length} bytes do not make a {dtype.ToName()} tensor of shape {TensorShape.ToText(shape)}.", nameof(data));
    }

    /// <param name="shape">All dimensions; taken over, not copied.</param>
    /// <param name="strings">As many as there are elements; not copied.</param>
    /// <exception cref="ArgumentException">The number does not fit the shape.</exception>
    public static TensorBuffer OfStrings(long[] shape, ReadOnlyMemory<byte[]> strings)
    {
        var elements = Count(shape);
        return elements == strings.Length
            ? new TensorBuffer(TensorDtype.Bytes, shape, elements, default, strings, isPacked: false)
            : throw new ArgumentException($"{strings.Length} strings do not make a tensor of shape {TensorShape.ToText(shape)}.", nameof(strings));
    }

    /// <summary>A <see cref="TensorDtype.Bytes"/> tensor over its wire form.</summary>
    /// <param name="shape">All dimensions; taken over, not copied.</param>
    /// <param name="raw">Per element a little-endian uint32 length, then the bytes, and nothing behind the last; not copied.</param>
    /// <exception cref="ArgumentException">It holds more or fewer elements than the shape says, or ends within one.</exception>
    public static TensorBuffer OfPacked(long[] shape, ReadOnlyMemory<byte> raw) => TryOfPacked(shape, raw)
        ?? throw new ArgumentException($"{raw.Length} bytes are no BYTES tensor of shape {TensorShape.ToText(shape)}.", nameof(raw));

    /// <returns><see langword="null"/>: it holds more or fewer elements than the shape says, or ends within one.</returns>
    internal static TensorBuffer? TryOfPacked(long[] shape, ReadOnlyMemory<byte> raw)
    {
        var elements = Count(shape);
        return BytesCodec.Measure(raw.Span, elements) == raw.Length ? new TensorBuffer(TensorDtype.Bytes, shape, elements, raw, default, isPacked: true) : null;
    }

    /// <summary>A FP32 tensor over a copy of the values.</summary>
    public static TensorBuffer OfFloat32(long[] shape, ReadOnlySpan<float> values) =>
        Of(TensorDtype.Float32, shape, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>The elements as <typeparamref name="T"/>, whose size must be the datatype's width.</summary>
    public ReadOnlySpan<T> AsSpan<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Data.Span);

    /// <summary>The same elements in another shape, over the same memory.</summary>
    /// <param name="shape">All dimensions, with as many elements; taken over, not copied.</param>
    /// <exception cref="ArgumentException">The shape has another number of elements.</exception>
    internal TensorBuffer Reshape(long[] shape) => Count(shape) == ElementCount
        ? new TensorBuffer(Dtype, shape, ElementCount, Data, _strings, IsPacked)
        : throw new ArgumentException($"{ElementCount} elements do not make a tensor of shape {TensorShape.ToText(shape)}.", nameof(shape));

    /// <summary>The same elements, said to come from several requests.</summary>
    internal TensorBuffer WithParts(IReadOnlyList<long[]> parts) => new(Dtype, _shape, ElementCount, Data, _strings, IsPacked) { Parts = parts };

    /// <summary>The elements of one of the requests that they are said to come from, in its shape, over the same memory.</summary>
    internal TensorBuffer SlicePart(int place)
    {
        var start = 0;
        for (var before = 0; before < place; before++)
        {
            start += Count(Parts![before]);
        }

        return SliceRows(start, Count(Parts![place])).Reshape(Parts[place]);
    }

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
        if (Dtype != TensorDtype.Bytes)
        {
            return new TensorBuffer(Dtype, shape, perRow * count, Data.Slice(start * perRow * Dtype.Width(), count * perRow * Dtype.Width()), default, isPacked: false);
        }

        if (!IsPacked)
        {
            return new TensorBuffer(Dtype, shape, perRow * count, default, _strings.Slice(start * perRow, count * perRow), isPacked: false);
        }

        // Who cuts out one part cuts out all of them: the way through the strings is gone once.
        var ends = _rowEnds ??= BytesCodec.MeasureRows(Data.Span, Rows, perRow);
        var first = start == 0 ? 0 : ends[start - 1];
        return new TensorBuffer(Dtype, shape, perRow * count, Data[first..(start + count == 0 ? 0 : ends[start + count - 1])], default, isPacked: true);
    }

    /// <summary>The wire form of the Open Inference Protocol: little-endian elements, BYTES as uint32 length and bytes per element. Not copied, but for strings that lie each by itself.</summary>
    public ReadOnlyMemory<byte> ToRaw() => Dtype == TensorDtype.Bytes && !IsPacked ? BytesCodec.Write(_strings.Span) : Data;

    /// <summary>The same tensor over memory of its own.</summary>
    internal TensorBuffer Copy()
    {
        byte[] raw = [.. ToRaw().Span];
        return new TensorBuffer(Dtype, [.. _shape], ElementCount, raw, default, isPacked: Dtype == TensorDtype.Bytes);
    }

    private static int Count(long[] shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return TensorShape.TryCountElements(shape, out var elements)
            ? elements
            : throw new ArgumentException($"The shape {TensorShape.ToText(shape)} has a negative dimension or more than {int.MaxValue} elements.", nameof(shape));
    }
}

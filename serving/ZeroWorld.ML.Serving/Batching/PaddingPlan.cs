using System.Buffers.Binary;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>The padding of a model, fitted to its tensors: brings inputs to the sizes that the model is prepared for, and outputs back.</summary>
/// <remarks>Immutable and thread safe.</remarks>
internal sealed class PaddingPlan
{
    private const int WarmupsMax = 64;
    private readonly IReadOnlyList<int> _rows;
    private readonly Axis[] _axes;
    private readonly string _model;

    private PaddingPlan(string model, IReadOnlyList<int> rows, Axis[] axes)
    {
        _model = model;
        _rows = rows;
        _axes = axes;
    }

    /// <summary>Whether axes within rows are padded.</summary>
    public bool HasAxes => _axes.Length > 0;

    /// <summary>Sizes of runs in rows, ascending; empty: any.</summary>
    public IReadOnlyList<int> Rows => _rows;

    /// <returns><see langword="null"/> where nothing is padded.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: it does not fit the model's tensors.</exception>
    public static PaddingPlan? Of(ModelPackage package, ModelSignature signature)
    {
        if ((package.Settings.Padding ?? package.Manifest.Padding) is not { } padding || (padding.Rows.Count == 0 && padding.Axes.Count == 0))
        {
            return null;
        }

        if (!signature.IsBatchable)
        {
            throw Refuse(package, "it has no axis of rows");
        }

        foreach (var sizes in padding.Axes.Select(static axis => axis.Sizes).Append(padding.Rows))
        {
            if (FindDisorder(sizes) is { } size)
            {
                throw Refuse(package, $"sizes must be 1 or more and ascend, and {size} is behind one that is not less");
            }
        }

        return new PaddingPlan(package.Manifest.Name, padding.Rows, [.. padding.Axes.Select(axis => Fit(package, signature, axis))]);
    }

    /// <summary>Rows of the run that a batch of some rows becomes.</summary>
    public int ChooseRows(int rows) => Choose(_rows, rows);

    /// <summary>Brings the axes of a request to the sizes of the ladder.</summary>
    /// <param name="lengths">The request's own length of each axis; for <see cref="Cut"/>.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>: inputs that share an axis differ in its length.</exception>
    public TensorBuffer[] Pad(TensorBuffer[] inputs, out int[] lengths)
    {
        lengths = new int[_axes.Length];
        var padded = inputs;
        for (var index = 0; index < _axes.Length; index++)
        {
            var axis = _axes[index];
            var length = LengthOf(inputs, axis);
            lengths[index] = length;
            var size = Choose(axis.Sizes, length);
            if (size == length)
            {
                continue;
            }

            padded = ReferenceEquals(padded, inputs) ? [.. inputs] : padded;
            foreach (var input in axis.Inputs)
            {
                padded[input.Tensor] = Resize(padded[input.Tensor], input.Axis, size, input.Fill);
            }
        }

        return padded;
    }

    /// <summary>Brings outputs back to the lengths of the request.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.BackendFailed"/>: an output does not have the axis that was declared.</exception>
    public TensorBuffer[] Cut(TensorBuffer[] outputs, int[] lengths)
    {
        TensorBuffer[]? cut = null;
        for (var index = 0; index < _axes.Length; index++)
        {
            var size = Choose(_axes[index].Sizes, lengths[index]);
            foreach (var (tensor, axis) in size == lengths[index] ? [] : _axes[index].Outputs)
            {
                cut ??= [.. outputs];
                cut[tensor] = cut[tensor].Shape.Length > axis && cut[tensor].Shape[axis] == size
                    ? Resize(cut[tensor], axis, lengths[index], [])
                    : throw new ServingException(
                        ServingError.BackendFailed, $"The output {tensor} of model '{_model}' has the shape {TensorShape.ToText(cut[tensor].Shape.ToArray())}; its axis {axis} is declared as padded, and was {size} in the input.");
            }
        }

        return cut ?? outputs;
    }

    /// <summary>Inputs with copies of their first row up to a size.</summary>
    public static TensorBuffer[] PadRows(TensorBuffer[] inputs, int rows, int size)
    {
        var padded = new TensorBuffer[inputs.Length];
        for (var index = 0; index < inputs.Length; index++)
        {
            if (inputs[index] is { } input)
            {
                padded[index] = PadRows(input, rows, size);
            }
        }

        return padded;
    }

    /// <summary>Bytes of the elements.</summary>
    public static long CountBytes(TensorBuffer[] tensors) => tensors.Sum(static tensor => tensor is null ? 0L : tensor.Dtype == TensorDtype.Bytes ? sizeof(uint) * (long)tensor.ElementCount : tensor.Data.Length);

    /// <summary>Zeros of every size of the ladder, for the first runs.</summary>
    public IEnumerable<TensorBuffer[]> MakeWarmups(ModelSignature signature, int rows)
    {
        IEnumerable<int[]> sizes = [[]];
        foreach (var axis in _axes)
        {
            sizes = sizes.SelectMany(before => axis.Sizes.Select(size => (int[])[.. before, size]));
        }

        foreach (var chosen in sizes.Take(WarmupsMax))
        {
            var inputs = ModelWarmup.MakeZeros(signature, rows);
            for (var index = 0; index < chosen.Length; index++)
            {
                foreach (var input in _axes[index].Inputs)
                {
                    inputs[input.Tensor] = Resize(inputs[input.Tensor], input.Axis, chosen[index], input.Fill);
                }
            }

            yield return inputs;
        }
    }

    private int LengthOf(TensorBuffer[] inputs, Axis axis)
    {
        var (first, position, _) = axis.Inputs[0];
        var length = (int)inputs[first].Shape[position];
        foreach (var input in axis.Inputs)
        {
            if (inputs[input.Tensor].Shape[input.Axis] != length)
            {
                throw new ServingException(
                    ServingError.InvalidInput, $"input '{axis.Names[Array.IndexOf(axis.Inputs, input)]}' for model '{_model}' has {inputs[input.Tensor].Shape[input.Axis]} on axis {input.Axis}. Expected {length}, as '{axis.Names[0]}' has on axis {position}");
            }
        }

        return length;
    }

    private static int Choose(IReadOnlyList<int> sizes, int size)
    {
        for (var index = 0; index < sizes.Count; index++)
        {
            if (sizes[index] >= size)
            {
                // Nothing cannot be copied.
                return size == 0 ? 0 : sizes[index];
            }
        }

        return size;
    }

    private static TensorBuffer PadRows(TensorBuffer input, int rows, int size)
    {
        long[] shape = [.. input.Shape];
        shape[0] = size;
        if (input.Dtype == TensorDtype.Bytes)
        {
            var perRow = input.ElementCount / rows;
            var strings = new byte[perRow * size][];
            input.Strings.Span.CopyTo(strings);
            for (var row = rows; row < size; row++)
            {
                input.Strings.Span[..perRow].CopyTo(strings.AsSpan(row * perRow));
            }

            return TensorBuffer.OfStrings(shape, strings);
        }

        var width = input.Data.Length / rows;
        var data = GC.AllocateUninitializedArray<byte>(checked(width * size));
        input.Data.Span.CopyTo(data);
        for (var row = rows; row < size; row++)
        {
            input.Data.Span[..width].CopyTo(data.AsSpan(row * width));
        }

        return TensorBuffer.Of(input.Dtype, shape, data);
    }

    /// <summary>The tensor with another length of one axis: cut, or filled at the end.</summary>
    private static TensorBuffer Resize(TensorBuffer tensor, int axis, int size, byte[] fill)
    {
        long[] shape = [.. tensor.Shape];
        var before = (int)shape[axis];
        var inner = 1;
        var outer = 1;
        for (var other = 0; other < shape.Length; other++)
        {
            inner *= other > axis ? (int)shape[other] : 1;
            outer *= other < axis ? (int)shape[other] : 1;
        }

        shape[axis] = size;
        if (!TensorShape.TryCountElements(shape, out var elements) || (long)elements * Math.Max(tensor.Dtype.Width(), 1) > Array.MaxLength)
        {
            throw new ServingException(ServingError.InvalidInput, $"A tensor of {TensorShape.ToText(shape)} {tensor.Dtype.ToName()}, as padding would make it, is too large.");
        }

        if (tensor.Dtype == TensorDtype.Bytes)
        {
            var strings = new byte[elements][];
            Array.Fill(strings, []);
            Copy(tensor.Strings.Span, strings, outer, inner, before, size);
            return TensorBuffer.OfStrings(shape, strings);
        }

        var width = tensor.Dtype.Width();
        var data = new byte[elements * width];
        if (fill.AsSpan().ContainsAnyExcept((byte)0))
        {
            for (var offset = 0; offset < data.Length; offset += width)
            {
                fill.CopyTo(data, offset);
            }
        }

        Copy(tensor.Data.Span, data, outer, inner * width, before, size);
        return TensorBuffer.Of(tensor.Dtype, shape, data);
    }

    private static void Copy<T>(ReadOnlySpan<T> from, Span<T> to, int outer, int inner, int before, int after)
    {
        var length = Math.Min(before, after) * inner;
        for (var block = 0; block < outer; block++)
        {
            from.Slice(block * before * inner, length).CopyTo(to[(block * after * inner)..]);
        }
    }

    private static Axis Fit(ModelPackage package, ModelSignature signature, PaddedAxis axis) => new(
        axis.Sizes,
        [.. axis.Inputs.Select(input => input.Tensor)],
        [.. axis.Inputs.Select(input => (Find(package, signature.Inputs, "input", input.Tensor, input.Axis), input.Axis, ToFill(package, signature, input)))],
        [.. axis.Outputs.Select(output => (Find(package, signature.Outputs, "output", output.Tensor, output.Axis), output.Axis))]);

    private static int Find(ModelPackage package, IReadOnlyList<TensorSpec> specs, string kind, string name, int axis)
    {
        var index = InferenceInputs.IndexOf(specs, name);
        return index >= 0 && specs[index] is { IsAnyRank: false, IsOptional: false } spec && axis >= 1 && axis < spec.Shape.Count && spec.Shape[axis] == -1
            ? index
            : throw Refuse(package, $"the {kind} '{name}' has no axis {axis} of any size{(index < 0 ? "" : $": it is {specs[index]}")}");
    }

    private static byte[] ToFill(ModelPackage package, ModelSignature signature, PaddedInput input)
    {
        var index = InferenceInputs.IndexOf(signature.Inputs, input.Tensor);
        var dtype = index < 0 ? TensorDtype.Bytes : signature.Inputs[index].Dtype;
        var value = input.Value;
        var fill = new byte[dtype.Width()];
        var fits = dtype switch
        {
            TensorDtype.Bytes => value == 0,
            TensorDtype.Bool => value is 0 or 1 && Write(fill, (byte)value),
            TensorDtype.UInt8 => value is >= 0 and <= byte.MaxValue && Write(fill, (byte)value) && value == (byte)value,
            TensorDtype.Int8 => value is >= sbyte.MinValue and <= sbyte.MaxValue && Write(fill, (byte)(sbyte)value) && value == (sbyte)value,
            TensorDtype.UInt16 => value is >= 0 and <= ushort.MaxValue && value == (ushort)value && BinaryPrimitives.TryWriteUInt16LittleEndian(fill, (ushort)value),
            TensorDtype.Int16 => value is >= short.MinValue and <= short.MaxValue && value == (short)value && BinaryPrimitives.TryWriteInt16LittleEndian(fill, (short)value),
            TensorDtype.UInt32 => value is >= 0 and <= uint.MaxValue && value == (uint)value && BinaryPrimitives.TryWriteUInt32LittleEndian(fill, (uint)value),
            TensorDtype.Int32 => value is >= int.MinValue and <= int.MaxValue && value == (int)value && BinaryPrimitives.TryWriteInt32LittleEndian(fill, (int)value),
            TensorDtype.UInt64 => value is >= 0 and < 1L << 53 && value == (ulong)value && BinaryPrimitives.TryWriteUInt64LittleEndian(fill, (ulong)value),
            TensorDtype.Int64 => Math.Abs(value) < 1L << 53 && value == (long)value && BinaryPrimitives.TryWriteInt64LittleEndian(fill, (long)value),
            TensorDtype.Float16 => BinaryPrimitives.TryWriteHalfLittleEndian(fill, (Half)value),

            // The upper half of an FP32.
            TensorDtype.BFloat16 => BinaryPrimitives.TryWriteUInt16LittleEndian(fill, (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16)),
            TensorDtype.Float32 => BinaryPrimitives.TryWriteSingleLittleEndian(fill, (float)value),
            TensorDtype.Float64 => BinaryPrimitives.TryWriteDoubleLittleEndian(fill, value),
            _ => false,
        };
        return fits ? fill : throw Refuse(package, $"the input '{input.Tensor}' cannot be filled with {value}: it is {dtype.ToName()}");
    }

    private static bool Write(byte[] fill, byte value)
    {
        fill[0] = value;
        return true;
    }

    private static int? FindDisorder(IReadOnlyList<int> sizes)
    {
        for (var index = 0; index < sizes.Count; index++)
        {
            if (sizes[index] <= (index == 0 ? 0 : sizes[index - 1]))
            {
                return sizes[index];
            }
        }

        return null;
    }

    private static ServingException Refuse(ModelPackage package, string reason) =>
        new(ServingError.ModelRefused, $"The padding of the model '{package.Manifest.Name}' does not fit: {reason}.");

    /// <param name="Names">Of the inputs.</param>
    /// <param name="Inputs">Index in the signature, axis, one element of the padding.</param>
    /// <param name="Outputs">Index in the signature, axis.</param>
    private sealed record Axis(IReadOnlyList<int> Sizes, string[] Names, (int Tensor, int Axis, byte[] Fill)[] Inputs, (int Tensor, int Axis)[] Outputs);
}

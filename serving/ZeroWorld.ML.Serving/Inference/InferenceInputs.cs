using System.Buffers.Binary;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Checks the input tensors of a request against a model's signature. The texts are those that clients of the protocol know. Pure.</summary>
internal static class InferenceInputs
{
    /// <param name="model">Name of the model as the request calls it.</param>
    /// <param name="rows">Rows of the request; 1 where the model has no row axis.</param>
    /// <returns>One tensor per input of the signature, in its order, over the memory of the request.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>.</exception>
    public static TensorBuffer[] Read(string model, ModelSignature signature, IReadOnlyList<InferenceInput> inputs, int rowsMax, out int rows)
    {
        var tensors = new TensorBuffer[signature.Inputs.Count];
        for (var index = 0; index < inputs.Count; index++)
        {
            var input = inputs[index];
            var position = IndexOf(signature.Inputs, input.Name);
            if (position < 0)
            {
                throw Invalid($"unexpected inference input '{input.Name}' for model '{model}'");
            }

            if (tensors[position] is not null)
            {
                throw Invalid($"input '{input.Name}' already exists in request for model '{model}'");
            }

            tensors[position] = Read(model, signature.Inputs[position], input);
        }

        if (inputs.Count != tensors.Length && HasMissing(signature, tensors))
        {
            var required = signature.Inputs.Count(static spec => !spec.IsOptional);
            var expected = required == tensors.Length ? $"{required} inputs" : $"number of inputs between {required} and {tensors.Length}";
            throw Invalid($"expected {expected} but got {inputs.Count} inputs for model '{model}'. Got input(s) [{Names(inputs)}], but missing required input(s) [{Missing(signature, tensors)}]. Please provide all required input(s).");
        }

        rows = CountRows(model, signature, tensors, rowsMax);
        return tensors;
    }

    /// <summary>Checks tensors that another model gave.</summary>
    /// <param name="tensors">One per input of the signature, in its order; <see langword="null"/> for one that is left out.</param>
    /// <returns>Their rows; 1 where the model has no row axis.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>.</exception>
    public static int Accept(string model, ModelSignature signature, TensorBuffer[] tensors, int rowsMax)
    {
        for (var index = 0; index < tensors.Length; index++)
        {
            var spec = signature.Inputs[index];
            if (tensors[index] is { } tensor && (tensor.Dtype != spec.Dtype || !(spec.IsAnyRank || Fits(spec.Shape, tensor.Shape))))
            {
                throw Invalid($"unexpected input '{spec.Name}' for model '{model}'. Expected {spec.Dtype.ToName()} {TensorShape.ToText(spec.Shape)}, got {tensor.Dtype.ToName()} {TensorShape.ToText(tensor.Shape.ToArray())}");
            }
        }

        return CountRows(model, signature, tensors, rowsMax);
    }

    /// <returns>-1 when there is none of this name.</returns>
    public static int IndexOf(IReadOnlyList<TensorSpec> specs, string name)
    {
        for (var index = 0; index < specs.Count; index++)
        {
            if (string.Equals(specs[index].Name, name, StringComparison.Ordinal))
            {
                return index;
            }
        }

        return -1;
    }

    private static TensorBuffer Read(string model, TensorSpec spec, in InferenceInput input)
    {
        if (!TensorDtypes.TryParse(input.Datatype, out var dtype) || dtype != spec.Dtype)
        {
            throw Invalid($"inference input '{input.Name}' data-type is '{input.Datatype}', but model '{model}' expects '{spec.Dtype.ToName()}'");
        }

        long[] shape = [.. input.Shape];
        if (!(spec.IsAnyRank ? HasNoNegative(shape) : Fits(spec.Shape, shape)))
        {
            throw Invalid($"unexpected shape for input '{input.Name}' for model '{model}'. Expected {TensorShape.ToText(spec.Shape)}, got {TensorShape.ToText(shape)}");
        }

        if (!TensorShape.TryCountElements(shape, out var elements))
        {
            throw Invalid($"unexpected shape for input '{input.Name}' for model '{model}': {TensorShape.ToText(shape)} has more elements than a tensor can have");
        }

        if (dtype == TensorDtype.Bytes)
        {
            return TensorBuffer.TryOfPacked(shape, input.Raw) ?? throw Invalid(DescribeStrings(model, input, elements));
        }

        var expected = (long)elements * dtype.Width();
        if (input.Raw.Length != expected)
        {
            throw Invalid($"input byte size mismatch for input '{input.Name}' for model '{model}'. Expected {expected}, got {input.Raw.Length}");
        }

        if (dtype == TensorDtype.Bool && IndexOfNoBool(input.Raw.Span) is >= 0 and var index)
        {
            throw Invalid($"input '{input.Name}' for model '{model}' of BOOL holds {input.Raw.Span[index]} at element {index}. Expected 0 or 1");
        }

        return TensorBuffer.Of(dtype, shape, input.Raw);
    }

    /// <summary>A bool of any other value than 0 and 1 is undefined behaviour in the compiled code that reads it.</summary>
    /// <returns>-1 when there is none.</returns>
    public static int IndexOfNoBool(ReadOnlySpan<byte> values) => values.IndexOfAnyExceptInRange((byte)0, (byte)1);

    private static bool HasMissing(ModelSignature signature, TensorBuffer[] tensors)
    {
        for (var index = 0; index < tensors.Length; index++)
        {
            if (tensors[index] is null && !signature.Inputs[index].IsOptional)
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasNoNegative(long[] shape) => !Array.Exists(shape, static size => size < 0);

    /// <summary>What is wrong with the bytes of a BYTES tensor.</summary>
    private static string DescribeStrings(string model, in InferenceInput input, int elements)
    {
        var rest = input.Raw.Span;
        var found = 0;
        for (; !rest.IsEmpty && found < elements; found++)
        {
            if (rest.Length < sizeof(uint))
            {
                return $"incomplete string length indicator for inference input '{input.Name}' for model '{model}', expecting {sizeof(uint)} bytes but only {rest.Length} bytes available";
            }

            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            rest = rest[sizeof(uint)..];
            if (length > (uint)rest.Length)
            {
                return $"incomplete string data for inference input '{input.Name}' for model '{model}', expecting string of length {length} but only {rest.Length} bytes available";
            }

            rest = rest[(int)length..];
        }

        return found < elements
            ? $"expected {elements} string elements for inference input '{input.Name}' for model '{model}', got {found}"
            : $"unexpected number of string elements {elements + 1} for inference input '{input.Name}' for model '{model}', expecting {elements}: {rest.Length} bytes after the last";
    }

    /// <summary>Whether a shape is one that a declared shape, -1 where any size is taken, allows.</summary>
    public static bool Fits(IReadOnlyList<long> expected, ReadOnlySpan<long> shape)
    {
        if (expected.Count != shape.Length)
        {
            return false;
        }

        for (var index = 0; index < shape.Length; index++)
        {
            if (shape[index] < 0 || (expected[index] != -1 && expected[index] != shape[index]))
            {
                return false;
            }
        }

        return true;
    }

    private static int CountRows(string model, ModelSignature signature, TensorBuffer[] tensors, int rowsMax)
    {
        if (!signature.IsBatchable)
        {
            return 1;
        }

        // Inputs that may be left out stand after those that may not.
        var rows = tensors[0].Shape[0];
        for (var index = 1; index < tensors.Length; index++)
        {
            if (!signature.Inputs[index].IsOptional && tensors[index].Shape[0] != rows)
            {
                throw Invalid($"input '{signature.Inputs[index].Name}' batch size does not match other inputs for model '{model}'. Expected {rows} rows as in '{signature.Inputs[0].Name}', got {tensors[index].Shape[0]}");
            }
        }

        return rows <= rowsMax ? (int)rows : throw Invalid($"inference request batch-size must be <= {rowsMax} for '{model}', got {rows}");
    }

    private static string Names(IReadOnlyList<InferenceInput> inputs) => string.Join(",", inputs.Select(static input => $"'{input.Name}'"));

    private static string Missing(ModelSignature signature, TensorBuffer[] tensors) =>
        string.Join(",", signature.Inputs.Where((spec, index) => tensors[index] is null && !spec.IsOptional).Select(static spec => $"'{spec.Name}'"));

    private static ServingException Invalid(string message) => new(ServingError.InvalidInput, message);
}

using System.Buffers.Binary;
using Google.Protobuf;
using Inference;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Tensors of the Open Inference Protocol over gRPC as a client sends and reads them; requests are read by <see cref="InferRequestReader"/>.</summary>
/// <remarks>
/// Strict where others guess: raw and typed contents in one answer, a count that differs, a value that does not fit its datatype, and bytes
/// left over are all refused. Little-endian machines only, as .NET has no other.
/// </remarks>
public static class InferTensorCodec
{
    /// <summary>Reads the outputs of a response, of this server or another. Raw tensors are not copied: they lie in the response.</summary>
    /// <exception cref="TensorFormatException">The response is not what the protocol says.</exception>
    public static IReadOnlyList<WireTensor> ReadOutputs(ModelInferResponse response)
    {
        ArgumentNullException.ThrowIfNull(response);
        var outputs = response.Outputs;
        var raws = response.RawOutputContents;
        CheckRawCount(raws.Count, outputs.Count, "raw_output_contents", "outputs");
        var tensors = new WireTensor[outputs.Count];
        for (var index = 0; index < tensors.Length; index++)
        {
            var output = outputs[index];
            CheckUnique(tensors.AsSpan(0, index), output.Name);
            tensors[index] = Read(output.Name, output.Datatype, output.Shape, output.Contents, raws.Count > 0 ? raws[index] : null, "raw_output_contents");
        }

        return tensors;
    }

    /// <summary>Adds an input with raw contents. The request then reads the tensor's bytes in place: they must not change until it is sent.</summary>
    public static void AddInput(ModelInferRequest request, WireTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(tensor);
        var input = new ModelInferRequest.Types.InferInputTensor { Name = tensor.Name, Datatype = tensor.Datatype };
        input.Shape.AddRange(tensor.Shape);
        request.Inputs.Add(input);
        request.RawInputContents.Add(UnsafeByteOperations.UnsafeWrap(tensor.Data));
    }

    /// <summary>Adds an output with raw contents. The response then reads the tensor's bytes in place: they must not change until it is sent.</summary>
    public static void AddOutput(ModelInferResponse response, WireTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(response);
        ArgumentNullException.ThrowIfNull(tensor);
        var output = new ModelInferResponse.Types.InferOutputTensor { Name = tensor.Name, Datatype = tensor.Datatype };
        output.Shape.AddRange(tensor.Shape);
        response.Outputs.Add(output);
        response.RawOutputContents.Add(UnsafeByteOperations.UnsafeWrap(tensor.Data));
    }

    private static WireTensor Read(
        string name, string datatype, IReadOnlyList<long> shape, InferTensorContents? contents, ByteString? raw, string rawField)
    {
        var elements = TensorShape.CountElements(name, datatype, shape, out var width);
        if (raw is not null && contents is not null)
        {
            throw new TensorFormatException($"Tensor '{name}' has contents beside {rawField}; expected one of the two.");
        }

        if (raw is null && contents is null && elements > 0)
        {
            throw new TensorFormatException($"Tensor '{name}' has neither raw contents nor contents; expected {elements} elements.");
        }

        var data = raw?.Memory ?? (contents is null ? ReadOnlyMemory<byte>.Empty : TypedContents.ToRaw(name, datatype, contents));
        CheckRaw(name, datatype, shape, elements, width, data.Span);
        return new WireTensor(name, datatype, shape, data);
    }

    private static void CheckRaw(string name, string datatype, IReadOnlyList<long> shape, int elements, int width, ReadOnlySpan<byte> raw)
    {
        if (width == 0)
        {
            CheckBytesElements(name, shape, elements, raw);
            return;
        }

        if (raw.Length != (long)elements * width)
        {
            throw new TensorFormatException(
                $"Tensor '{name}' of {datatype} {TensorShape.Text(shape)} has {raw.Length} bytes; expected {(long)elements * width}.");
        }

        if (datatype == TensorDatatype.Bool && raw.IndexOfAnyExceptInRange((byte)0, (byte)1) is >= 0 and var index)
        {
            throw new TensorFormatException($"Tensor '{name}' of BOOL holds {raw[index]} at element {index}; expected 0 or 1.");
        }
    }

    private static void CheckBytesElements(string name, IReadOnlyList<long> shape, int elements, ReadOnlySpan<byte> raw)
    {
        var rest = raw;
        for (var index = 0; index < elements; index++)
        {
            if (rest.Length < sizeof(uint))
            {
                throw new TensorFormatException($"Tensor '{name}' of BYTES {TensorShape.Text(shape)} ends before element {index}; expected {elements} elements.");
            }

            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            rest = rest[sizeof(uint)..];
            if (length > (uint)rest.Length)
            {
                throw new TensorFormatException($"Tensor '{name}' of BYTES is cut off in element {index}: {length} bytes announced, {rest.Length} left.");
            }

            rest = rest[(int)length..];
        }

        if (!rest.IsEmpty)
        {
            throw new TensorFormatException($"Tensor '{name}' of BYTES {TensorShape.Text(shape)} has {rest.Length} bytes after its last element; expected none.");
        }
    }

    private static void CheckRawCount(int raws, int tensors, string rawField, string tensorField)
    {
        if (raws != 0 && raws != tensors)
        {
            throw new TensorFormatException($"{rawField} has {raws} entries for {tensors} {tensorField}; expected as many, or none.");
        }
    }

    private static void CheckUnique(ReadOnlySpan<WireTensor> before, string name)
    {
        foreach (var tensor in before)
        {
            if (string.Equals(tensor.Name, name, StringComparison.Ordinal))
            {
                throw new TensorFormatException($"Tensor '{name}' is given twice; expected each name once.");
            }
        }
    }
}

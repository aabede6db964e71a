using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>The body of a request that is one tensor and nothing else (header length 0): its shape follows from its length and the model. Pure.</summary>
internal static class RawRequest
{
    /// <param name="model">Name of the model, for messages.</param>
    /// <param name="hasRowAxis">Whether the first axis counts rows: the request is then one row.</param>
    /// <param name="body">The elements; of BYTES, the one element itself, without a length before it.</param>
    /// <exception cref="TensorFormatException">The model has another number of inputs, or the shape does not follow from the length.</exception>
    public static InferMessage Read(string model, ModelSignature signature, bool hasRowAxis, ReadOnlyMemory<byte> body)
    {
        if (signature.Inputs.Count != 1)
        {
            throw new TensorFormatException($"Raw request must only have 1 input (found 1) to be deduced but got {signature.Inputs.Count} inputs in '{model}' model configuration");
        }

        var input = signature.Inputs[0];
        long[] shape = [.. input.Shape];
        if (hasRowAxis)
        {
            shape[0] = 1;
        }

        var tensor = input.Dtype == TensorDtype.Bytes
            ? new WireTensor(input.Name, TensorDatatype.Bytes, OneElement(model, input, shape), Wrap(body))
            : new WireTensor(input.Name, input.Dtype.ToName(), Deduce(model, input, shape, body.Length), body);
        return new InferMessage("", new RequestParameters { IsOutputBinary = true }, [tensor], []);
    }

    private static long[] OneElement(string model, TensorSpec input, long[] shape)
    {
        // One element, and nothing that says where it ends: no open dimension could be told from another one.
        return shape.All(static size => size == 1)
            ? shape
            : throw new TensorFormatException($"For BYTE datatype raw input '{input.Name}', the model must have input shape [1]; '{model}' has [{string.Join(", ", input.Shape)}]");
    }

    private static long[] Deduce(string model, TensorSpec input, long[] shape, int bytes)
    {
        var open = Array.IndexOf(shape, -1);
        if (open < 0)
        {
            return shape;
        }

        if (Array.IndexOf(shape, -1, open + 1) >= 0)
        {
            throw new TensorFormatException(
                $"The shape of the raw input '{input.Name}' can not be deduced because there are more than one variable-sized dimension for model '{model}': [{string.Join(", ", input.Shape)}]");
        }

        Int128 perStep = input.Dtype.Width();
        foreach (var size in shape)
        {
            perStep *= size == -1 ? 1 : size;
        }

        if (perStep <= 0 || bytes % perStep != 0)
        {
            throw new TensorFormatException($"The raw input '{input.Name}' of model '{model}' has {bytes} bytes; expected a multiple of {perStep}, so that its shape [{string.Join(", ", input.Shape)}] can be deduced");
        }

        shape[open] = (long)(bytes / perStep);
        return shape;
    }

    private static byte[] Wrap(ReadOnlyMemory<byte> body)
    {
        var wrapped = new byte[sizeof(uint) + body.Length];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(wrapped, (uint)body.Length);
        body.CopyTo(wrapped.AsMemory(sizeof(uint)));
        return wrapped;
    }
}

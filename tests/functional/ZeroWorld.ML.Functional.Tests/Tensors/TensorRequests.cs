using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Inference;
using Input = Inference.ModelInferRequest.Types.InferInputTensor;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Requests as clients send them.</summary>
internal static class TensorRequests
{
    /// <summary>0, 1, 2... and ones for the model <c>simple</c>.</summary>
    public static ModelInferRequest Simple(int rows = 1, string id = "")
    {
        var counted = Enumerable.Range(0, rows * 16).ToArray();
        var ones = Enumerable.Repeat(1, rows * 16).ToArray();
        return new ModelInferRequest
        {
            ModelName = "simple",
            Id = id,
            Inputs = { New("INPUT0", "INT32", rows, 16), New("INPUT1", "INT32", rows, 16) },
            RawInputContents = { Bytes(counted), Bytes(ones) },
        };
    }

    public static ModelInferRequest Raw(string model, string datatype, long[] shape, byte[] raw) => new()
    {
        ModelName = model, Inputs = { New("INPUT0", datatype, shape) }, RawInputContents = { ByteString.CopyFrom(raw) },
    };

    public static Input New(string name, string datatype, params long[] shape) => new() { Name = name, Datatype = datatype, Shape = { shape } };

    public static ByteString Bytes<T>(params T[] values)
        where T : unmanaged => ByteString.CopyFrom(MemoryMarshal.AsBytes<T>(values));

    public static int[] Ints(ByteString raw) => MemoryMarshal.Cast<byte, int>(raw.Span).ToArray();

    /// <summary>Elements of BYTES as they lie in a message.</summary>
    public static byte[] Strings(params byte[][] elements)
    {
        using var stream = new MemoryStream();
        var length = new byte[sizeof(uint)];
        foreach (var element in elements)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)element.Length);
            stream.Write(length);
            stream.Write(element);
        }

        return stream.ToArray();
    }
}

using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Google.Protobuf;
using Inference;
using Output = Inference.ModelInferResponse.Types.InferOutputTensor;

namespace ZeroWorld.ML.Serving.Protocol.Tests;

public sealed class InferTensorCodecTests
{
    [Fact]
    public void ReadOutputs_RawTensor_IsNotCopied()
    {
        var raw = ByteString.CopyFrom(new byte[8]);

        var tensor = Assert.Single(InferTensorCodec.ReadOutputs(Raw("FP32", [1, 2], raw)));

        Assert.Equal("x", tensor.Name);
        Assert.Equal([1L, 2L], tensor.Shape);
        Assert.True(tensor.Data.Equals(raw.Memory));
    }

    [Theory]
    [InlineData("BOOL", 1)]
    [InlineData("INT8", 1)]
    [InlineData("INT16", 2)]
    [InlineData("INT32", 4)]
    [InlineData("INT64", 8)]
    [InlineData("UINT8", 1)]
    [InlineData("UINT16", 2)]
    [InlineData("UINT32", 4)]
    [InlineData("UINT64", 8)]
    [InlineData("FP16", 2)]
    [InlineData("BF16", 2)]
    [InlineData("FP32", 4)]
    [InlineData("FP64", 8)]
    public void ReadOutputs_RawLength_MustBeTheShapes(string datatype, int width)
    {
        Assert.Single(InferTensorCodec.ReadOutputs(Raw(datatype, [3, 2], ByteString.CopyFrom(new byte[6 * width]))));
        Assert.Single(InferTensorCodec.ReadOutputs(Raw(datatype, [], ByteString.CopyFrom(new byte[width]))));
        Assert.Single(InferTensorCodec.ReadOutputs(Raw(datatype, [0, 5], ByteString.Empty)));
        AssertRefused($"Tensor 'x' of {datatype} [3, 2] has {(6 * width) - 1} bytes; expected {6 * width}.", Raw(datatype, [3, 2], ByteString.CopyFrom(new byte[(6 * width) - 1])));
        AssertRefused($"Tensor 'x' of {datatype} [3, 2] has {(6 * width) + 1} bytes; expected {6 * width}.", Raw(datatype, [3, 2], ByteString.CopyFrom(new byte[(6 * width) + 1])));
    }

    [Fact]
    public void ReadOutputs_WrongShapes_AreRefused()
    {
        AssertRefused("Tensor 'x' has shape [2, -1]; expected no negative dimension.", Raw("FP32", [2, -1], ByteString.Empty));
        AssertRefused("Tensor 'x' has shape [0, -1]; expected no negative dimension.", Raw("FP32", [0, -1], ByteString.Empty));
        foreach (long[] shape in new long[][] { [long.MaxValue, 2], [1L << 32, 1L << 32], [int.MaxValue], [1L << 31], [0, long.MaxValue, 2], [600_000_000] })
        {
            AssertRefused(
                $"Tensor 'x' has shape [{string.Join(", ", shape)}]; expected fewer elements than one message can hold.", Raw("FP32", shape, ByteString.Empty));
        }

        AssertRefused("Tensor 'x' has shape [2000000000]; expected fewer elements than one message can hold.", Raw("BYTES", [2_000_000_000], ByteString.Empty));
    }

    [Fact]
    public void ReadOutputs_UnknownDatatype_IsRefused() =>
        AssertRefused(
            "Tensor 'x' has datatype 'fp32'; expected one of BF16, BOOL, BYTES, FP16, FP32, FP64, INT16, INT32, INT64, INT8, UINT16, UINT32, UINT64, UINT8.",
            Raw("fp32", [1], ByteString.CopyFrom(new byte[4])));

    [Fact]
    public void ReadOutputs_RawBoolOtherThanZeroOrOne_IsRefused() =>
        AssertRefused("Tensor 'x' of BOOL holds 2 at element 1; expected 0 or 1.", Raw("BOOL", [3], ByteString.CopyFrom(1, 2, 0)));

    [Fact]
    public void ReadOutputs_RawBytes_MustParseToExactlyTheElements()
    {
        var two = ByteString.CopyFrom([.. Element("a\0b"), .. Element("")]);

        Assert.Equal(two.ToByteArray(), Assert.Single(InferTensorCodec.ReadOutputs(Raw("BYTES", [2], two))).Data.ToArray());
        AssertRefused("Tensor 'x' of BYTES [3] ends before element 2; expected 3 elements.", Raw("BYTES", [3], two));
        AssertRefused("Tensor 'x' of BYTES [1] has 4 bytes after its last element; expected none.", Raw("BYTES", [1], two));
        AssertRefused("Tensor 'x' of BYTES is cut off in element 0: 4294967295 bytes announced, 1 left.", Raw("BYTES", [1], ByteString.CopyFrom(255, 255, 255, 255, 0)));
    }

    [Fact]
    public void ReadOutputs_RawCountDiffers_IsRefused()
    {
        var response = Raw("FP32", [1], ByteString.CopyFrom(new byte[4]));
        response.RawOutputContents.Add(ByteString.Empty);

        AssertRefused("raw_output_contents has 2 entries for 1 outputs; expected as many, or none.", response);
    }

    [Fact]
    public void ReadOutputs_TypedContents_BecomeRaw()
    {
        var response = new ModelInferResponse { Outputs = { new Output { Name = "x", Datatype = "INT8", Shape = { 2 }, Contents = new InferTensorContents { IntContents = { -1, 1 } } } } };

        Assert.Equal([0xFF, 1], InferTensorCodec.ReadOutputs(response)[0].Data.ToArray());
        response.Outputs[0].Shape[0] = 3;
        AssertRefused("Tensor 'x' of INT8 [3] has 2 bytes; expected 3.", response);
    }

    [Fact]
    public void ReadOutputs_RawAndContents_AreRefused()
    {
        var response = Raw("FP32", [1], ByteString.CopyFrom(new byte[4]));
        response.Outputs[0].Contents = new InferTensorContents { Fp32Contents = { 1 } };

        AssertRefused("Tensor 'x' has contents beside raw_output_contents; expected one of the two.", response);
    }

    [Fact]
    public void ReadOutputs_NameTwice_IsRefused()
    {
        var response = Raw("FP32", [1], ByteString.CopyFrom(new byte[4]));
        response.Outputs.Add(response.Outputs[0].Clone());
        response.RawOutputContents.Add(ByteString.CopyFrom(new byte[4]));

        AssertRefused("Tensor 'x' is given twice; expected each name once.", response);
    }

    [Fact]
    public void AddOutput_ThenReadOutputs_IsEqual() =>
        Gen.Select(Gen.Byte.Array[0, 40], Gen.String).Sample((bytes, name) =>
        {
            var response = new ModelInferResponse();
            InferTensorCodec.AddOutput(response, new WireTensor(name, "UINT8", [bytes.Length], bytes));
            var parsed = ModelInferResponse.Parser.ParseFrom(response.ToByteArray());

            var tensor = InferTensorCodec.ReadOutputs(parsed)[0];

            return tensor.Datatype == "UINT8" && tensor.Shape[0] == bytes.Length && tensor.Data.Span.SequenceEqual(bytes);
        });

    private static byte[] Element(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var element = new byte[sizeof(uint) + bytes.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(element, (uint)bytes.Length);
        bytes.CopyTo(element, sizeof(uint));
        return element;
    }

    private static ModelInferResponse Raw(string datatype, long[] shape, ByteString raw) => new()
    {
        Outputs = { new Output { Name = "x", Datatype = datatype, Shape = { shape } } },
        RawOutputContents = { raw },
    };

    private static void AssertRefused(string message, ModelInferResponse response) =>
        Assert.Equal(message, Assert.Throws<TensorFormatException>(() => InferTensorCodec.ReadOutputs(response)).Message);
}

using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Google.Protobuf;
using Inference;
using Input = Inference.ModelInferRequest.Types.InferInputTensor;

namespace ZeroWorld.ML.Serving.Protocol.Tests;

public sealed class InferTensorCodecTests
{
    [Fact]
    public void ReadInputs_RawTensor_IsNotCopied()
    {
        var raw = ByteString.CopyFrom(new byte[8]);

        var tensor = Assert.Single(InferTensorCodec.ReadInputs(Raw("FP32", [1, 2], raw)));

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
    public void ReadInputs_RawLength_MustBeTheShapes(string datatype, int width)
    {
        Assert.Single(InferTensorCodec.ReadInputs(Raw(datatype, [3, 2], ByteString.CopyFrom(new byte[6 * width]))));
        Assert.Single(InferTensorCodec.ReadInputs(Raw(datatype, [], ByteString.CopyFrom(new byte[width]))));
        Assert.Single(InferTensorCodec.ReadInputs(Raw(datatype, [0, 5], ByteString.Empty)));
        AssertRefused($"Tensor 'x' of {datatype} [3, 2] has {(6 * width) - 1} bytes; expected {6 * width}.", Raw(datatype, [3, 2], ByteString.CopyFrom(new byte[(6 * width) - 1])));
        AssertRefused($"Tensor 'x' of {datatype} [3, 2] has {(6 * width) + 1} bytes; expected {6 * width}.", Raw(datatype, [3, 2], ByteString.CopyFrom(new byte[(6 * width) + 1])));
    }

    [Fact]
    public void ReadInputs_WrongShapes_AreRefused()
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
    public void ReadInputs_UnknownDatatype_IsRefused() =>
        AssertRefused(
            "Tensor 'x' has datatype 'fp32'; expected one of BF16, BOOL, BYTES, FP16, FP32, FP64, INT16, INT32, INT64, INT8, UINT16, UINT32, UINT64, UINT8.",
            Raw("fp32", [1], ByteString.CopyFrom(new byte[4])));

    [Fact]
    public void ReadInputs_RawBoolOtherThanZeroOrOne_IsRefused() =>
        AssertRefused("Tensor 'x' of BOOL holds 2 at element 1; expected 0 or 1.", Raw("BOOL", [3], ByteString.CopyFrom(1, 2, 0)));

    [Fact]
    public void ReadInputs_RawBytes_MustParseToExactlyTheElements()
    {
        var two = ByteString.CopyFrom([.. Element("a\0b"), .. Element("")]);

        Assert.Equal(two.ToByteArray(), Assert.Single(InferTensorCodec.ReadInputs(Raw("BYTES", [2], two))).Data.ToArray());
        AssertRefused("Tensor 'x' of BYTES [3] ends before element 2; expected 3 elements.", Raw("BYTES", [3], two));
        AssertRefused("Tensor 'x' of BYTES [1] has 4 bytes after its last element; expected none.", Raw("BYTES", [1], two));
        AssertRefused("Tensor 'x' of BYTES is cut off in element 0: 4294967295 bytes announced, 1 left.", Raw("BYTES", [1], ByteString.CopyFrom(255, 255, 255, 255, 0)));
    }

    [Fact]
    public void ReadInputs_RawCountDiffers_IsRefused()
    {
        var request = Raw("FP32", [1], ByteString.CopyFrom(new byte[4]));
        request.RawInputContents.Add(ByteString.Empty);

        AssertRefused("raw_input_contents has 2 entries for 1 inputs; expected as many, or none.", request);
    }

    [Fact]
    public void ReadInputs_RawAndContents_AreRefused()
    {
        var request = Raw("FP32", [1], ByteString.CopyFrom(new byte[4]));
        request.Inputs[0].Contents = new InferTensorContents { Fp32Contents = { 1 } };

        AssertRefused("Tensor 'x' has contents beside raw_input_contents; expected one of the two.", request);
    }

    [Fact]
    public void ReadInputs_NameTwice_IsRefused()
    {
        var request = Typed("FP32", [1], new InferTensorContents { Fp32Contents = { 1 } });
        request.Inputs.Add(request.Inputs[0].Clone());

        AssertRefused("Tensor 'x' is given twice; expected each name once.", request);
    }

    public static TheoryData<string, InferTensorContents, byte[]> TypedTensors => new()
    {
        { "BOOL", new InferTensorContents { BoolContents = { true, false } }, [1, 0] },
        { "INT8", new InferTensorContents { IntContents = { -128, 127 } }, [0x80, 0x7F] },
        { "INT16", new InferTensorContents { IntContents = { -32768, 32767 } }, [0x00, 0x80, 0xFF, 0x7F] },
        { "INT32", new InferTensorContents { IntContents = { int.MinValue, 1 } }, [0, 0, 0, 0x80, 1, 0, 0, 0] },
        { "INT64", new InferTensorContents { Int64Contents = { long.MinValue, 1 } }, [0, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 0, 0, 0, 0, 0, 0] },
        { "UINT8", new InferTensorContents { UintContents = { 0, 255 } }, [0, 255] },
        { "UINT16", new InferTensorContents { UintContents = { 0, 65535 } }, [0, 0, 255, 255] },
        { "UINT32", new InferTensorContents { UintContents = { 0, uint.MaxValue } }, [0, 0, 0, 0, 255, 255, 255, 255] },
        { "UINT64", new InferTensorContents { Uint64Contents = { 0, ulong.MaxValue } }, [0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255] },
        { "FP32", new InferTensorContents { Fp32Contents = { 1.5f, -0.0f } }, [0, 0, 0xC0, 0x3F, 0, 0, 0, 0x80] },
        { "FP64", new InferTensorContents { Fp64Contents = { 1.5, double.NaN } }, [0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0, 0, 0, 0, 0, 0, 0xF8, 0xFF] },
        { "BYTES", new InferTensorContents { BytesContents = { ByteString.CopyFromUtf8("a\0"), ByteString.Empty } }, [2, 0, 0, 0, 97, 0, 0, 0, 0, 0] },
    };

    [Theory]
    [MemberData(nameof(TypedTensors))]
    public void ReadInputs_TypedContents_BecomeRaw(string datatype, InferTensorContents contents, byte[] raw)
    {
        var tensor = Assert.Single(InferTensorCodec.ReadInputs(Typed(datatype, [2], contents)));

        Assert.Equal(raw, tensor.Data.ToArray());
        AssertRefused($"Tensor 'x' of {datatype} [3] has 2 elements; expected 3.", Typed(datatype, [3], contents));
        AssertRefused($"Tensor 'x' of {datatype} [1] has 2 elements; expected 1.", Typed(datatype, [1], contents));
    }

    [Theory]
    [InlineData("INT8", 128, "-128 to 127")]
    [InlineData("INT8", -129, "-128 to 127")]
    [InlineData("INT16", 32768, "-32768 to 32767")]
    [InlineData("INT16", -32769, "-32768 to 32767")]
    public void ReadInputs_TypedValueTooWide_IsRefused(string datatype, int value, string expected) =>
        AssertRefused(
            $"Tensor 'x' of {datatype} holds {value} at element 1; expected {expected}.",
            Typed(datatype, [2], new InferTensorContents { IntContents = { 0, value } }));

    [Theory]
    [InlineData("UINT8", 256u, "0 to 255")]
    [InlineData("UINT16", 65536u, "0 to 65535")]
    public void ReadInputs_UnsignedValueTooWide_IsRefused(string datatype, uint value, string expected) =>
        AssertRefused(
            $"Tensor 'x' of {datatype} holds {value} at element 0; expected {expected}.", Typed(datatype, [1], new InferTensorContents { UintContents = { value } }));

    [Fact]
    public void ReadInputs_HalfPrecisionOrNothing_IsRefused()
    {
        AssertRefused(
            "Tensor 'x' of FP16 has no raw contents; the protocol has no typed field for FP16.", Typed("FP16", [1], new InferTensorContents { Fp32Contents = { 1 } }));
        AssertRefused("Tensor 'x' of BF16 has no raw contents; the protocol has no typed field for BF16.", Typed("BF16", [1], null));
        AssertRefused("Tensor 'x' has neither raw contents nor contents; expected 1 elements.", Typed("FP32", [1], null));
    }

    [Fact]
    public void ReadInputs_ValuesInAnotherField_AreRefused() =>
        AssertRefused(
            "Tensor 'x' of FP32 has 1 values in fp64_contents; expected them in fp32_contents.",
            Typed("FP32", [1], new InferTensorContents { Fp32Contents = { 1 }, Fp64Contents = { 2 } }));

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

    private static ModelInferRequest Raw(string datatype, long[] shape, ByteString raw) => new()
    {
        Inputs = { new Input { Name = "x", Datatype = datatype, Shape = { shape } } },
        RawInputContents = { raw },
    };

    private static ModelInferRequest Typed(string datatype, long[] shape, InferTensorContents? contents) => new()
    {
        Inputs = { new Input { Name = "x", Datatype = datatype, Shape = { shape }, Contents = contents } },
    };

    private static void AssertRefused(string message, ModelInferRequest request) =>
        Assert.Equal(message, Assert.Throws<TensorFormatException>(() => InferTensorCodec.ReadInputs(request)).Message);
}

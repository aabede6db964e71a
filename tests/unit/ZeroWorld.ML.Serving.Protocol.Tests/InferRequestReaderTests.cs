using Google.Protobuf;
using Inference;
using Input = Inference.ModelInferRequest.Types.InferInputTensor;
using Output = Inference.ModelInferRequest.Types.InferRequestedOutputTensor;

namespace ZeroWorld.ML.Serving.Protocol.Tests;

public sealed class InferRequestReaderTests
{
    [Fact]
    public void Read_RawTensors_AreNotCopied()
    {
        var raw = ByteString.CopyFrom(new byte[8]);

        var tensor = Assert.Single(Read(Raw("FP32", [1, 2], raw)).Inputs);

        Assert.Equal(("x", "FP32"), (tensor.Name, tensor.Datatype));
        Assert.Equal([1L, 2L], tensor.Shape);
        Assert.True(tensor.Data.Equals(raw.Memory));
    }

    [Fact]
    public void Read_RawEntries_BelongToTheInputsThatAreNotInSharedMemory()
    {
        var request = Raw("FP32", [1], ByteString.CopyFrom(1, 2, 3, 4));
        var shared = new Input { Name = "s", Datatype = "FP32", Shape = { 1 }, Parameters = { Range("r", 8, 4) } };
        request.Inputs.Insert(0, shared);
        (string, SharedMemoryRange)? asked = null;

        var message = InferRequestReader.Read(request, (tensor, range) =>
        {
            asked = (tensor, range);
            return new byte[] { 9, 9, 9, 9 };
        });

        Assert.Equal(("s", new SharedMemoryRange("r", 8, 4)), asked);
        Assert.Equal([9, 9, 9, 9], message.Inputs[0].Data.ToArray());
        Assert.Equal([1, 2, 3, 4], message.Inputs[1].Data.ToArray());
    }

    [Fact]
    public void Read_TooManyOrTooFewRawEntries_AreRefused()
    {
        var tooMany = Raw("FP32", [1], ByteString.CopyFrom(new byte[4]));
        tooMany.RawInputContents.Add(ByteString.Empty);
        var tooFew = Raw("FP32", [1], ByteString.CopyFrom(new byte[4]));
        tooFew.Inputs.Add(new Input { Name = "y", Datatype = "FP32", Shape = { 1 } });

        AssertRefused("raw_input_contents has 2 entries for model 'm', 1 of which belong to an input. Expected one per input that is not in shared memory", tooMany);
        AssertRefused("unable to find data for input tensor 'y' for model 'm' in request.", tooFew);
        AssertRefused("unable to find data for input tensor 'x' for model 'm' in request.", Typed("FP32", [1], null));
        Assert.Empty(Assert.Single(Read(Typed("FP32", [0, 3], null)).Inputs).Data.ToArray());
    }

    [Fact]
    public void Read_RawAndContents_AreRefused()
    {
        var request = Raw("FP32", [1], ByteString.CopyFrom(new byte[4]));
        request.Inputs[0].Contents = new InferTensorContents { Fp32Contents = { 1 } };

        AssertRefused("contents field must not be specified when using raw_input_contents for 'x' for model 'm'", request);
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
    public void Read_TypedContents_BecomeRaw(string datatype, InferTensorContents contents, byte[] raw)
    {
        var tensor = Assert.Single(Read(Typed(datatype, [2], contents)).Inputs);

        Assert.Equal(raw, tensor.Data.ToArray());
    }

    [Theory]
    [InlineData("INT8", 128, "-128 to 127")]
    [InlineData("INT8", -129, "-128 to 127")]
    [InlineData("INT16", 32768, "-32768 to 32767")]
    [InlineData("INT16", -32769, "-32768 to 32767")]
    public void Read_TypedValueTooWide_IsRefused(string datatype, int value, string expected) =>
        AssertRefused(
            $"Tensor 'x' of {datatype} holds {value} at element 1; expected {expected}.",
            Typed(datatype, [2], new InferTensorContents { IntContents = { 0, value } }));

    [Theory]
    [InlineData("UINT8", 256u, "0 to 255")]
    [InlineData("UINT16", 65536u, "0 to 65535")]
    public void Read_UnsignedValueTooWide_IsRefused(string datatype, uint value, string expected) =>
        AssertRefused(
            $"Tensor 'x' of {datatype} holds {value} at element 0; expected {expected}.", Typed(datatype, [1], new InferTensorContents { UintContents = { value } }));

    [Theory]
    [InlineData("FP16")]
    [InlineData("BF16")]
    public void Read_HalfPrecisionInATypedField_IsRefused(string datatype) => AssertRefused(
        $"Tensor 'x' of {datatype} has 1 values in fp32_contents; expected them in raw_input_contents, as the protocol has no typed field for them.",
        Typed(datatype, [1], new InferTensorContents { Fp32Contents = { 1 } }));

    [Fact]
    public void Read_TypedContentsOfAnUnknownDatatype_AreRefused() => AssertRefused(
        "Tensor 'x' has datatype 'fp32'; expected one of BF16, BOOL, BYTES, FP16, FP32, FP64, INT16, INT32, INT64, INT8, UINT16, UINT32, UINT64, UINT8.",
        Typed("fp32", [1], new InferTensorContents { Fp32Contents = { 1 } }));

    [Fact]
    public void Read_ValuesInAnotherField_AreRefused() =>
        AssertRefused(
            "Tensor 'x' of FP32 has 1 values in fp64_contents; expected them in fp32_contents.",
            Typed("FP32", [1], new InferTensorContents { Fp32Contents = { 1 }, Fp64Contents = { 2 } }));

    [Fact]
    public void Read_Outputs_KeepTheirForm()
    {
        var request = Raw("FP32", [1], ByteString.CopyFrom(new byte[4]));
        request.Outputs.Add(new Output { Name = "a" });
        request.Outputs.Add(new Output { Name = "b", Parameters = { ["classification"] = new InferParameter { Int64Param = 3 } } });
        request.Outputs.Add(new Output { Name = "c", Parameters = { Range("r", 0, 16) } });

        var outputs = Read(request).Outputs;

        Assert.Equal(
            [new RequestedOutput("a"), new RequestedOutput("b") { Classes = 3 }, new RequestedOutput("c") { SharedMemory = new SharedMemoryRange("r", 0, 16) }], outputs);
    }

    public static TheoryData<string, InferParameter, string> WrongParameters => new()
    {
        { "sequence_id", Bool(true), "invalid value type for 'sequence_id' parameter, expected int64_param or string_param." },
        { "sequence_start", Int(1), "invalid value type for 'sequence_start' parameter, expected bool_param." },
        { "sequence_end", Text("true"), "invalid value type for 'sequence_end' parameter, expected bool_param." },
        { "priority", Text("1"), "invalid value type for 'priority' parameter, expected int64_param or uint64_param." },
        { "priority", Int(-1), "invalid value for 'priority', expected value >= 0, got -1." },
        { "timeout", Text("1"), "invalid value type for 'timeout' parameter, expected int64_param." },
        { "timeout", new InferParameter { Uint64Param = 1 }, "invalid value type for 'timeout' parameter, expected int64_param." },
        { "timeout", Int(-5), "invalid value for 'timeout', expected microseconds >= 0, got -5." },
        { "custom", new InferParameter { Uint64Param = 1 }, "invalid value type for 'custom' parameter, expected int64_param, bool_param, double_param or string_param." },
        { "custom", new InferParameter(), "invalid value type for 'custom' parameter, expected int64_param, bool_param, double_param or string_param." },
        { "triton_enable_empty_final_response", Int(1), "invalid value type for 'triton_enable_empty_final_response' parameter, expected bool_param." },
        {
            "triton_x", Bool(true),
            "parameter keys starting with 'triton_' are reserved for Triton usage. Only the following keys starting with 'triton_' are allowed: triton_enable_empty_final_response; got 'triton_x'"
        },
    };

    [Theory]
    [MemberData(nameof(WrongParameters))]
    public void Read_WrongParameter_IsRefused(string name, InferParameter value, string message)
    {
        var request = Raw("FP32", [1], ByteString.CopyFrom(new byte[4]));
        request.Parameters[name] = value;

        AssertRefused(message, request);
    }

    [Fact]
    public void Read_Parameters_AreThoseOfTheRequest()
    {
        var request = Raw("FP32", [1], ByteString.CopyFrom(new byte[4]));
        request.Parameters["timeout"] = Int(1500);
        request.Parameters["priority"] = new InferParameter { Uint64Param = ulong.MaxValue };
        request.Parameters["sequence_id"] = Text("a");
        request.Parameters["sequence_start"] = Bool(true);
        request.Parameters["custom"] = new InferParameter { DoubleParam = 0.5 };
        request.Parameters["triton_enable_empty_final_response"] = Bool(true);

        var parameters = Read(request).Parameters;

        Assert.Equal(new RequestParameters { Timeout = TimeSpan.FromMicroseconds(1500), Priority = ulong.MaxValue, SequenceText = "a", IsSequenceStart = true }, parameters);
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(long.MaxValue, long.MaxValue)]
    public void Read_TimeoutAtItsEnds_IsNoneOrForEver(long microseconds, long? ticks)
    {
        var request = Raw("FP32", [1], ByteString.CopyFrom(new byte[4]));
        request.Parameters["timeout"] = Int(microseconds);

        Assert.Equal(ticks, Read(request).Parameters.Timeout?.Ticks);
    }

    public static TheoryData<Dictionary<string, InferParameter>, string> WrongTensorParameters => new()
    {
        { new() { ["shared_memory_region"] = Int(1), ["shared_memory_byte_size"] = Int(1) }, "invalid value type for 'shared_memory_region' parameter for tensor 'x', expected string_param." },
        { new() { ["shared_memory_region"] = Text("r") }, "'shared_memory_byte_size' must be specified along with 'shared_memory_region' parameter for tensor 'x'" },
        { new() { ["shared_memory_offset"] = Int(1) }, "'shared_memory_offset' can not be specified without 'shared_memory_region' parameter for tensor 'x'" },
        { new() { ["shared_memory_byte_size"] = Int(1) }, "'shared_memory_byte_size' can not be specified without 'shared_memory_region' parameter for tensor 'x'" },
        { new() { ["shared_memory_region"] = Text("r"), ["shared_memory_byte_size"] = Text("1") }, "invalid value type for 'shared_memory_byte_size' parameter for tensor 'x', expected int64_param." },
        { new() { ["shared_memory_region"] = Text("r"), ["shared_memory_byte_size"] = Int(-1) }, "invalid value for 'shared_memory_byte_size' parameter for tensor 'x', expected >= 0, got -1" },
        {
            new() { ["shared_memory_region"] = Text("r"), ["shared_memory_byte_size"] = Int(1), ["shared_memory_offset"] = Int(long.MinValue) },
            "invalid value for 'shared_memory_offset' parameter for tensor 'x', expected >= 0, got -9223372036854775808"
        },
        { new() { ["shared_memory_region"] = Text("r"), ["shared_memory_byte_size"] = Int(1) }, "Input 'x' lies in shared memory, which is not supported here." },
    };

    [Theory]
    [MemberData(nameof(WrongTensorParameters))]
    public void Read_WrongParameterOfAnInput_IsRefused(Dictionary<string, InferParameter> parameters, string message)
    {
        var request = Typed("FP32", [1], null);
        request.Inputs[0].Parameters.Add(parameters);

        AssertRefused(message, request);
    }

    [Theory]
    [InlineData(0, "invalid value for 'classification' parameter for tensor 'y', expected >= 1, got 0")]
    [InlineData(-1, "invalid value for 'classification' parameter for tensor 'y', expected >= 1, got -1")]
    public void Read_ClassificationOfNothing_IsRefused(int classes, string message)
    {
        var request = Raw("FP32", [1], ByteString.CopyFrom(new byte[4]));
        request.Outputs.Add(new Output { Name = "y", Parameters = { ["classification"] = Int(classes) } });

        AssertRefused(message, request);
    }

    [Fact]
    public void Read_ClassificationInSharedMemory_IsRefused()
    {
        var request = Raw("FP32", [1], ByteString.CopyFrom(new byte[4]));
        request.Outputs.Add(new Output { Name = "y", Parameters = { Range("r", 0, 4) } });
        request.Outputs[0].Parameters["classification"] = Int(1);

        AssertRefused("output can't set both 'shared_memory_region' and 'classification': output 'y'", request);
    }

    private static Dictionary<string, InferParameter> Range(string region, long offset, long bytes) => new()
    {
        ["shared_memory_region"] = Text(region), ["shared_memory_offset"] = Int(offset), ["shared_memory_byte_size"] = Int(bytes),
    };

    private static InferParameter Int(long value) => new() { Int64Param = value };

    private static InferParameter Bool(bool value) => new() { BoolParam = value };

    private static InferParameter Text(string value) => new() { StringParam = value };

    private static InferMessage Read(ModelInferRequest request) => InferRequestReader.Read(request, null);

    private static ModelInferRequest Raw(string datatype, long[] shape, ByteString raw) => new()
    {
        ModelName = "m",
        Inputs = { new Input { Name = "x", Datatype = datatype, Shape = { shape } } },
        RawInputContents = { raw },
    };

    private static ModelInferRequest Typed(string datatype, long[] shape, InferTensorContents? contents) => new()
    {
        ModelName = "m",
        Inputs = { new Input { Name = "x", Datatype = datatype, Shape = { shape }, Contents = contents } },
    };

    private static void AssertRefused(string message, ModelInferRequest request) =>
        Assert.Equal(message, Assert.Throws<TensorFormatException>(() => Read(request)).Message);
}

using System.Buffers;
using System.Text;

namespace ZeroWorld.ML.Serving.Protocol.Tests;

public sealed class InferJsonTests
{
    [Fact]
    public void Read_FlatAndNestedData_AreEqual()
    {
        var flat = Read("""{"id":"7","inputs":[{"name":"x","datatype":"FP32","shape":[2,2],"data":[1,2.5,"NaN","-Infinity"]}],"outputs":[{"name":"y"}]}""");
        var nested = Read("""{"inputs":[{"name":"x","datatype":"FP32","shape":[2,2],"data":[[1,2.5],["NaN","-Infinity"]],"parameters":{"a":1}}]}""");

        Assert.Equal("7", flat.Id);
        Assert.Equal([new RequestedOutput("y")], flat.Outputs);
        Assert.Empty(nested.Outputs);
        Assert.Equal(flat.Inputs[0].Data.ToArray(), nested.Inputs[0].Data.ToArray());
        Assert.Equal([1f, 2.5f, float.NaN, float.NegativeInfinity], System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(flat.Inputs[0].Data.Span).ToArray());
    }

    [Theory]
    [InlineData("BOOL", "[true,false]")]
    [InlineData("INT8", "[-128,127]")]
    [InlineData("INT16", "[-32768,32767]")]
    [InlineData("INT32", "[-2147483648,2147483647]")]
    [InlineData("INT64", "[-9223372036854775808,9223372036854775807]")]
    [InlineData("UINT8", "[0,255]")]
    [InlineData("UINT16", "[0,65535]")]
    [InlineData("UINT32", "[0,4294967295]")]
    [InlineData("UINT64", "[0,18446744073709551615]")]
    [InlineData("FP32", "[0.1,\"NaN\"]")]
    [InlineData("FP64", "[0.1,\"Infinity\"]")]
    [InlineData("BYTES", "[\"abc\",\"\\u0000\"]")]
    public void Write_WhatWasRead_IsTheSameData(string datatype, string data)
    {
        var tensor = Read($$"""{"inputs":[{"name":"x","datatype":"{{datatype}}","shape":[2],"data":{{data}}}]}""").Inputs[0];
        var buffer = new ArrayBufferWriter<byte>();

        Assert.Null(InferJsonWriter.Write(buffer, "m", "3", "", [new AnsweredOutput(tensor)]));

        Assert.Equal(
            $$"""{"model_name":"m","model_version":"3","outputs":[{"name":"x","datatype":"{{datatype}}","shape":[2],"data":{{data}}}]}""",
            Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    [Theory]
    [InlineData("INT8", "128", "an integer from -128 to 127")]
    [InlineData("INT32", "1.5", "an integer from -2147483648 to 2147483647")]
    [InlineData("INT64", "9223372036854775808", "an integer from -9223372036854775808 to 9223372036854775807")]
    [InlineData("UINT8", "-1", "an integer from 0 to 255")]
    [InlineData("INT64", "\"7\"", "an integer from -9223372036854775808 to 9223372036854775807")]
    [InlineData("FP32", "1e39", "a number that FP32 can hold")]
    [InlineData("FP64", "1e400", "a number that FP64 can hold")]
    [InlineData("FP64", "null", "a number, \"NaN\", \"Infinity\" or \"-Infinity\"")]
    [InlineData("BOOL", "1", "true or false")]
    [InlineData("BYTES", "1", "a string")]
    public void Read_ValueOfAnotherType_IsRefused(string datatype, string value, string expected) =>
        AssertRefused(
            $"Tensor 'x' of {datatype} holds {value} at element 0; expected {expected}.",
            $$"""{"inputs":[{"name":"x","datatype":"{{datatype}}","shape":[1],"data":[{{value}}]}]}""");

    [Theory]
    [InlineData("""{"inputs":[]} x""", "The body is not JSON: ")]
    [InlineData("[]", "The request is an array; expected an object.")]
    [InlineData("{}", "The request has no 'inputs'; expected an array of tensors.")]
    [InlineData("""{"inputs":[],"input":[]}""", "Unknown property 'input' in the request; expected one of id, parameters, inputs, outputs.")]
    [InlineData("""{"inputs":[],"inputs":[]}""", "The body is not JSON: ")]
    [InlineData("""{"inputs":{}}""", "'inputs' is an object; expected an array.")]
    [InlineData("""{"inputs":[{"name":"x"}]}""", "'inputs[0]' has no 'datatype'.")]
    [InlineData("""{"inputs":[{"name":"x","dtype":"FP32"}]}""", "Unknown property 'dtype' in 'inputs[0]'; expected one of name, shape, datatype, parameters, data.")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP16","shape":[1],"data":[1]}]}""", "receiving FP16 data via JSON is not supported. Please use the binary data format for input x")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1]}]}""", "Tensor 'x' of FP32 [2] has 1 elements; expected 2.")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[1.5],"data":[1]}]}""", "'inputs[0].shape[0]' is 1.5; expected an integer.")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[2,2],"data":[[1,2],[3]]}]}""", "Nested data of tensor 'x' has 1 elements at dimension 1; expected an array of 2 as its shape [2, 2] says.")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]}""", "must specify valid 'Inference-Header-Content-Length' in request header and 'binary_data_size' when passing inputs in binary data format: input 'x' for model 'm' expects 4 bytes after the JSON, and there are none")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1],"parameters":{"binary_data_size":4}}]}""", "Input 'x' has its data in two places; expected one of 'data', 'binary_data_size' and 'shared_memory_region'.")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":-4}}]}""", "invalid value for 'binary_data_size' parameter for tensor 'x', expected >= 0, got -4")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":1.5}}]}""", "invalid value type for 'binary_data_size' parameter for tensor 'x', expected int64_param.")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[[1],[2]]}]}""", "Tensor 'x' of FP32 holds an array at element 0; expected a number, \"NaN\", \"Infinity\" or \"-Infinity\".")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[],"data":[[1],[2]]}]}""", "Nested data of tensor 'x' is deeper than its shape [].")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[-1],"data":[]}]}""", "Tensor 'x' has shape [-1]; expected no negative dimension.")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[4294967296,4294967296],"data":[]}]}""", "invalid shape for input 'x': shape [4294967296,4294967296] causes total element count to exceed maximum size of 9223372036854775807")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[4,1152921504606846978],"data":[1.0]}]}""", "byte size overflow for input 'x': element count (4611686018427387912) * data type size (4) exceeds maximum allowed size (2147483591)")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[1,1],"data":[[[1],[2]]]}]}""", "Nested data of tensor 'x' has 2 elements at dimension 0; expected an array of 1 as its shape [1, 1] says.")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[9223372036854775808],"data":[]}]}""", "'inputs[0].shape[0]' is 9223372036854775808; expected an integer.")]
    [InlineData("""{"inputs":[],"parameters":{"timeout":"1"}}""", "invalid value type for 'timeout' parameter, expected int64_param.")]
    [InlineData("""{"inputs":[],"parameters":{"x":null}}""", "parameter 'x' has invalid type. It should be either 'int', 'bool', or 'string': 'parameters.x' is null.")]
    [InlineData("""{"inputs":[],"parameters":{"triton_enable_empty_final_response":true}}""", "parameter keys starting with 'triton_' are reserved for Triton usage: 'triton_enable_empty_final_response' belongs to streams, which REST does not have.")]
    [InlineData("""{"inputs":[],"outputs":[{"name":"y","parameters":{"binary_data":1}}]}""", "invalid value type for 'binary_data' parameter for tensor 'y', expected bool_param.")]
    [InlineData("""{"inputs":[],"\ud800":1}""", "The body is not valid Unicode text.")]
    [InlineData("""{"inputs":[],"parameters":{"\ud800":1}}""", "The body is not valid Unicode text.")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[NaNs]}]}""", "The body is not JSON: ")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[--Infinity]}]}""", "The body is not JSON: ")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"BYTES","shape":[1],"data":["\ud800"]}]}""", "Element 0 of tensor 'x' is not valid Unicode text.")]
    public void Read_NoRequestOfTheProtocol_IsRefused(string json, string message) => AssertRefused(message, json);

    [Fact]
    public void Read_ArraysOfOneAroundTheData_AreTaken()
    {
        var tensor = Read($$"""{"inputs":[{"name":"x","datatype":"INT64","shape":[1,2],"data":{{new string('[', 50)}}1,2{{new string(']', 50)}}}]}""").Inputs[0];

        Assert.Equal(16, tensor.Data.Length);
    }

    [Theory]
    [InlineData("""{"inputs":[{"name":"x","datatype":"BYTES","shape":[1],"data":["?"]}]}""")]
    [InlineData("""{"inputs":[{"name?":"x"}]}""")]
    [InlineData("""{"?":[]}""")]
    [InlineData("""{"inputs":[],"parameters":{"?":1}}""")]
    public void Read_BytesThatAreNoText_AreRefused(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        bytes[Array.IndexOf(bytes, (byte)'?')] = 0xFF;

        Assert.Equal("The body is not valid Unicode text.", Assert.Throws<TensorFormatException>(() => InferJsonReader.Read("m", bytes)).Message);
    }

    [Fact]
    public void Read_TooDeep_IsRefused() => AssertRefused("JSON nesting depth exceeds maximum allowed limit (100)", new string('[', 200) + new string(']', 200));

    [Fact]
    public void Write_BytesThatAreNoText_AreRefused()
    {
        var tensor = new WireTensor("y", "BYTES", [1], new byte[] { 1, 0, 0, 0, 0xFF });

        var exception = Assert.Throws<TensorFormatException>(() => InferJsonWriter.Write(new ArrayBufferWriter<byte>(), "m", "1", "", [new AnsweredOutput(tensor)]));

        Assert.Equal("Element 0 of output 'y' is not UTF-8, so it has no JSON form; ask for it with binary_data.", exception.Message);
    }

    [Fact]
    public void Read_BareNanAndInfinities_AreTaken()
    {
        var tensor = Read("""{"id":"NaN \"Infinity","inputs":[{"name":"-Infinity","datatype":"FP64","shape":[4],"data":[NaN,Infinity,-Infinity,"NaN"]}]}""");

        Assert.Equal("NaN \"Infinity", tensor.Id);
        Assert.Equal("-Infinity", tensor.Inputs[0].Name);
        Assert.Equal(
            [double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.NaN],
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(tensor.Inputs[0].Data.Span).ToArray());
    }

    [Fact]
    public void Read_BinaryInputs_AreThePartsAfterTheJsonInOrder()
    {
        const string Json = """
            {"inputs":[{"name":"a","datatype":"FP16","shape":[1],"parameters":{"binary_data_size":2}},{"name":"b","datatype":"UINT8","shape":[1],"data":[7]},
            {"name":"c","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":5}},{"name":"d","datatype":"FP32","shape":[0],"parameters":{"binary_data_size":0}}],
            "outputs":[{"name":"y","parameters":{"binary_data":false}}],"parameters":{"binary_data_output":true}}
            """;
        byte[] binary = [1, 2, 1, 0, 0, 0, 255];

        var message = InferJsonReader.Read("m", Encoding.UTF8.GetBytes(Json), binary);

        Assert.Equal([1, 2], message.Inputs[0].Data.ToArray());
        Assert.Equal([7], message.Inputs[1].Data.ToArray());
        Assert.Equal([1, 0, 0, 0, 255], message.Inputs[2].Data.ToArray());
        Assert.Empty(message.Inputs[3].Data.ToArray());
        Assert.True(message.Parameters.IsOutputBinary);
        Assert.False(Assert.Single(message.Outputs).IsBinary);
    }

    [Theory]
    [InlineData(3, "unexpected size for input 'x', expecting 1 additional bytes for model 'm'")]
    [InlineData(5, "unexpected additional input data for model 'm': 1 bytes after the last input")]
    public void Read_BinaryOfAnotherLength_IsRefused(int bytes, string message)
    {
        var json = """{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]}"""u8.ToArray();

        Assert.Equal(message, Assert.Throws<TensorFormatException>(() => InferJsonReader.Read("m", json, new byte[bytes])).Message);
    }

    [Fact]
    public void Write_BinaryOutputs_FollowTheJson()
    {
        var buffer = new ArrayBufferWriter<byte>();

        var length = InferJsonWriter.Write(
            buffer, "m", "1", "7",
            [
                new AnsweredOutput(new WireTensor("a", "FP16", [1], new byte[] { 1, 2 }), IsBinary: true),
                new AnsweredOutput(new WireTensor("b", "INT8", [1], new byte[] { 3 })),
                new AnsweredOutput(new WireTensor("c", "FP32", [1], new byte[4]), new SharedMemoryRange("r", 8, 4)),
                new AnsweredOutput(new WireTensor("d", "BYTES", [0], Array.Empty<byte>()), IsBinary: true),
            ]);

        const string Json = """{"model_name":"m","model_version":"1","id":"7","outputs":[{"name":"a","datatype":"FP16","shape":[1],"parameters":{"binary_data_size":2}},{"name":"b","datatype":"INT8","shape":[1],"data":[3]},{"name":"c","datatype":"FP32","shape":[1]},{"name":"d","datatype":"BYTES","shape":[0],"parameters":{"binary_data_size":0}}]}""";
        Assert.Equal(Json.Length, length);
        Assert.Equal(Json, Encoding.UTF8.GetString(buffer.WrittenSpan[..Json.Length]));
        Assert.Equal([1, 2], buffer.WrittenSpan[Json.Length..].ToArray());
    }

    private static InferMessage Read(string json) => InferJsonReader.Read("m", Encoding.UTF8.GetBytes(json));

    private static void AssertRefused(string message, string json) =>
        Assert.StartsWith(message, Assert.Throws<TensorFormatException>(() => Read(json)).Message, StringComparison.Ordinal);
}

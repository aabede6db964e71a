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
        Assert.Equal(["y"], flat.Outputs);
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

        InferJsonWriter.Write(buffer, "m", "3", "", [tensor]);

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
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP16","shape":[1],"data":[1]}]}""", "Tensor 'x' has datatype FP16, which has no JSON form; send it over gRPC.")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1]}]}""", "Tensor 'x' of FP32 [2] has 1 elements; expected 2.")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[1.5],"data":[1]}]}""", "'inputs[0].shape[0]' is 1.5; expected an integer.")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[2,2],"data":[[1,2],[3]]}]}""", "Nested data of tensor 'x' has 1 elements at dimension 1; expected an array of 2 as its shape [2, 2] says.")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]}""", "'inputs[0].parameters.binary_data_size' is not supported here; expected tensors as JSON data.")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"BYTES","shape":[1],"data":["\ud800"]}]}""", "Element 0 of tensor 'x' is not valid Unicode text.")]
    public void Read_NoRequestOfTheProtocol_IsRefused(string json, string message) => AssertRefused(message, json);

    [Fact]
    public void Read_TooDeep_IsRefused() => AssertRefused("The body is not JSON: ", new string('[', 200) + new string(']', 200));

    [Fact]
    public void Write_BytesThatAreNoText_AreRefused()
    {
        var tensor = new WireTensor("y", "BYTES", [1], new byte[] { 1, 0, 0, 0, 0xFF });

        var exception = Assert.Throws<TensorFormatException>(() => InferJsonWriter.Write(new ArrayBufferWriter<byte>(), "m", "1", "", [tensor]));

        Assert.Equal("Element 0 of output 'y' is not UTF-8, so it has no JSON form; ask for it over gRPC.", exception.Message);
    }

    private static InferJsonRequest Read(string json) => InferJsonReader.Read(Encoding.UTF8.GetBytes(json));

    private static void AssertRefused(string message, string json) =>
        Assert.StartsWith(message, Assert.Throws<TensorFormatException>(() => Read(json)).Message, StringComparison.Ordinal);
}

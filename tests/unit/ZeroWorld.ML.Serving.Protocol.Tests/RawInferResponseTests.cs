using System.Buffers;
using Google.Protobuf;
using Inference;

namespace ZeroWorld.ML.Serving.Protocol.Tests;

public sealed class RawInferResponseTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("a", 1)]
    [InlineData("id-é", 3)]
    public void WriteTo_AnyAnswer_IsWhatGeneratedCodeWrites(string id, int outputs)
    {
        var response = new RawInferResponse();
        var expected = new ModelInferResponse { ModelName = "fraud", ModelVersion = "7", Id = id };
        response.Begin("fraud", "7", id);
        for (var index = 0; index < outputs; index++)
        {
            long[] shape = index == 0 ? [] : [1, 300, 0, long.MaxValue];
            var data = new byte[index * 100_000];
            new Random(index).NextBytes(data);
            InferTensorCodec.AddOutput(expected, new WireTensor($"y{index}", "FP32", shape, data));
            response.AddOutput($"y{index}", "FP32", shape, data);
        }

        var written = new ArrayBufferWriter<byte>();
        response.WriteTo(written);

        Assert.Equal(written.WrittenCount, response.Length);
        Assert.Equal(expected.ToByteArray(), written.WrittenSpan.ToArray());
    }
}

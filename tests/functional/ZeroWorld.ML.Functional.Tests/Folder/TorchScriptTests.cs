using System.Runtime.InteropServices;
using ZeroWorld.ML.Models.Torch;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>TorchScript archives that are written here, with weights in them.</summary>
public sealed class TorchScriptTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Infer_NetworkWithWeights_ComputesWhatItWasBuiltOf()
    {
        var path = _folder.Combine("model.pt");
        var script = new TorchScriptBuilder();
        var x = script.AddInput("x");
        var hidden = script.Node("relu", script.Node("linear", x, script.AddTensor("w", [1, -1, 0.5f, 2, 0, 1], 3, 2), script.AddTensor("b", [0, 1, -1], 3)));
        var (best, place) = script.Pair("topk", hidden, "1", "-1", "True", "True");
        script.Write(path, hidden, best, place);
        await using var server = new FolderServer();
        server.Add("net", 1, path, "model.pt");
        server.Configure("net", """
            row_axis: true
            inputs: [{ name: x, dtype: FP32, shape: [-1, 2] }]
            outputs:
              - { name: hidden, dtype: FP32, shape: [-1, 3] }
              - { name: best, dtype: FP32, shape: [-1, 1] }
              - { name: place, dtype: INT64, shape: [-1, 1] }
            """);
        await server.StartAsync(Cancellation);

        var result = await server.InferAsync("net", Cancellation, new InferenceInput("x", "FP32", [2, 2], MemoryMarshal.AsBytes<float>([3, 1, -2, 4]).ToArray()));

        Assert.Equal([2f, 4.5f, 0f, 0f, 8f, 3f], result.Outputs[0].Tensor.AsSpan<float>().ToArray());
        Assert.Equal([4.5f, 8f], result.Outputs[1].Tensor.AsSpan<float>().ToArray());
        Assert.Equal([1L, 1L], result.Outputs[2].Tensor.AsSpan<long>().ToArray());
    }

    [Theory]
    [InlineData("x", "y")]
    [InlineData("a__0", "b__1")]
    public async Task Infer_InputsDeclaredInAnotherOrder_GoWhereTheirNamesSay(string first, string second)
    {
        var path = _folder.Combine("model.pt");
        var script = new TorchScriptBuilder();
        var (x, y) = (script.AddInput("x"), script.AddInput("y"));
        script.Write(path, script.Node("sub", x, y), script.Node("add", x, y));
        await using var server = new FolderServer();
        server.Add("net", 1, path, "model.pt");
        server.Configure(
            "net",
            $$"""
            platform: "pytorch_libtorch"
            max_batch_size: 4
            input [ { name: "{{second}}" data_type: TYPE_FP32 dims: [ 1 ] }, { name: "{{first}}" data_type: TYPE_FP32 dims: [ 1 ] } ]
            output [ { name: "sum__1" data_type: TYPE_FP32 dims: [ 1 ] }, { name: "difference__0" data_type: TYPE_FP32 dims: [ 1 ] } ]
            """,
            "config.pbtxt");
        await server.StartAsync(Cancellation);

        var result = await server.InferAsync("net", Cancellation, Number(second, 3), Number(first, 10));

        Assert.Equal(7f, result.Outputs.Single(static output => output.Name == "difference__0").Tensor.AsSpan<float>()[0]);
        Assert.Equal(13f, result.Outputs.Single(static output => output.Name == "sum__1").Tensor.AsSpan<float>()[0]);
    }

    [Fact]
    public async Task Infer_Sequence_GoesOnFromWhatWasLeft()
    {
        var path = _folder.Combine("model.pt");
        var script = new TorchScriptBuilder();
        var (value, kept, start) = (script.AddInput("INPUT"), script.AddInput("SUM_IN"), script.AddInput("START"));
        var sum = script.Node("add", value, kept);
        script.Write(path, script.Node("add", sum, script.Node("mul", start, "1000")), sum);
        await using var server = new FolderServer();
        server.Add("sums", 1, path, "model.pt");
        server.Configure(
            "sums",
            """
            platform: "pytorch_libtorch"
            max_batch_size: 4
            input { name: "INPUT" data_type: TYPE_FP32 dims: [ 1 ] }
            output { name: "OUTPUT" data_type: TYPE_FP32 dims: [ 1 ] }
            sequence_batching {
              control_input { name: "START" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
              state { input_name: "SUM_IN" output_name: "SUM_OUT" data_type: TYPE_FP32 dims: [ 1 ] }
            }
            """,
            "config.pbtxt");
        await server.StartAsync(Cancellation);

        Assert.Equal(1005f, await SendAsync(5, isStart: true));
        Assert.Equal(11f, await SendAsync(6, isStart: false));

        async Task<float> SendAsync(float number, bool isStart)
        {
            var request = new InferenceRequest { ModelName = "sums", Inputs = [Number("INPUT", number)], Sequence = new SequencePlace(new SequenceId(1), isStart, IsEnd: false) };
            return Assert.Single((await server.Inferences.InferAsync(request, Cancellation)).Outputs).Tensor.AsSpan<float>()[0];
        }
    }

    [Fact]
    public void TorchScriptBuilder_WhatCannotBeWritten_IsRefused()
    {
        var script = new TorchScriptBuilder();
        script.AddInput("x");
        script.AddTensor("w", [1, 2], 2);

        Assert.Contains("'x' is there already", Assert.Throws<ArgumentException>(() => script.AddInput("x")).Message, StringComparison.Ordinal);
        Assert.Contains("'a b' is no identifier", Assert.Throws<ArgumentException>(() => script.AddInput("a b")).Message, StringComparison.Ordinal);
        Assert.Contains("3 values are no tensor of shape [2]", Assert.Throws<ArgumentException>(() => script.AddTensor("v", [1, 2, 3], 2)).Message, StringComparison.Ordinal);
    }

    private static InferenceInput Number(string name, float value) => new(name, "FP32", [1, 1], MemoryMarshal.AsBytes<float>([value]).ToArray());
}

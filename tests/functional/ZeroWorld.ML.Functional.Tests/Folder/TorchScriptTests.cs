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
}

using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Configurations that Triton's users bring: pictures with a reshape, and requests for the warm-up.</summary>
public sealed class ReshapeTests
{
    // As that of Triton's first example, densenet_onnx.
    private const string Picture = """
        platform: "onnxruntime_onnx"
        max_batch_size : 0
        input [ { name: "x" data_type: TYPE_FP32 format: FORMAT_NCHW dims: [ 3, 2, 2 ] reshape { shape: [ 1, 3, 2, 2 ] } } ]
        output [ { name: "y" data_type: TYPE_FP32 dims: [ 12 ] reshape { shape: [ 1, 3, 2, 2 ] } label_filename: "labels.txt" } ]
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Infer_TensorsWithAReshape_HaveTheShapesOfTheConfiguration()
    {
        await using var server = new FolderServer();
        server.Add("picture", 1, MakeNeg(1, 3, 2, 2));
        server.Configure("picture", Picture, "config.pbtxt");
        server.Configure("picture", string.Join('\n', Enumerable.Range(0, 12).Select(static index => $"label {index}")), "labels.txt");
        await server.StartAsync(Cancellation);
        using var http = new HttpClient { BaseAddress = server.Server.Addresses.Http };
        float[] values = [.. Enumerable.Range(0, 12).Select(static index => (float)index)];

        var result = await server.InferAsync("picture", Cancellation, new InferenceInput("x", "FP32", [3, 2, 2], Floats(values)));
        var other = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("picture", Cancellation, new InferenceInput("x", "FP32", [1, 3, 2, 2], Floats(values))));
        var config = await http.GetFromJsonAsync<JsonObject>("/v2/models/picture/config", Cancellation);
        var metadata = await http.GetFromJsonAsync<JsonObject>("/v2/models/picture", Cancellation);

        Assert.Equal([12], result.Outputs[0].Tensor.Shape.ToArray());
        Assert.Equal(values.Select(static value => -value), MemoryMarshal.Cast<byte, float>(result.Outputs[0].Tensor.ToRaw().Span).ToArray());
        Assert.Equal("unexpected shape for input 'x' for model 'picture'. Expected [3,2,2], got [1,3,2,2]", other.Message);
        Assert.Equal("FORMAT_NCHW", (string?)config!["input"]![0]!["format"]);
        Assert.Equal("[3,2,2]", config["input"]![0]!["dims"]!.ToJsonString());
        Assert.Equal("[1,3,2,2]", config["input"]![0]!["reshape"]!["shape"]!.ToJsonString());
        Assert.Equal("[12]", config["output"]![0]!["dims"]!.ToJsonString());
        Assert.Equal("[3,2,2]", metadata!["inputs"]![0]!["shape"]!.ToJsonString());
    }

    [Fact]
    public async Task Infer_ReshapeBehindTheBatchAxis_KeepsTheRows()
    {
        await using var server = new FolderServer();
        server.Add("rows", 1, MakeNeg(-1, 4));
        server.Configure("rows", "max_batch_size: 8 input [ { name: \"x\" data_type: TYPE_FP32 dims: [ 2, 2 ] reshape { shape: [ 4 ] } } ] output [ { name: \"y\" data_type: TYPE_FP32 dims: [ 4, 1 ] reshape { shape: [ 4 ] } } ]", "config.pbtxt");
        await server.StartAsync(Cancellation);

        // At once, so that some share a run.
        var results = await Task.WhenAll(Enumerable.Range(1, 20).Select(caller =>
            server.InferAsync("rows", Cancellation, new InferenceInput("x", "FP32", [2, 2, 2], Floats([.. Enumerable.Repeat((float)caller, 8)])))));

        for (var caller = 1; caller <= results.Length; caller++)
        {
            var tensor = results[caller - 1].Outputs[0].Tensor;
            Assert.Equal([2, 4, 1], tensor.Shape.ToArray());
            Assert.All(MemoryMarshal.Cast<byte, float>(tensor.ToRaw().Span).ToArray(), value => Assert.Equal(-caller, value));
        }
    }

    [Fact]
    public async Task Start_ModelWarmup_IsRunAndAModelThatFailsOnItIsRefused()
    {
        await using var server = new FolderServer();
        foreach (var (name, warmup) in new[]
        {
            ("good", "batch_size: 4 count: 2 inputs { key: \"x\" value: { data_type: TYPE_FP32 dims: [ 2 ] random_data: true } }"),
            ("file", "batch_size: 2 inputs { key: \"x\" value: { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: \"data\" } }"),
            ("short", "batch_size: 1 inputs { key: \"x\" value: { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: \"data\" } }"),
            ("shape", "batch_size: 1 inputs { key: \"x\" value: { data_type: TYPE_FP32 dims: [ 3 ] zero_data: true } }"),
            ("lacks", "batch_size: 1"),
            ("path", "batch_size: 1 inputs { key: \"x\" value: { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: \"../data\" } }"),
        })
        {
            server.Add(name, 1, MakeNeg(-1, 2));
            server.Configure(name, $"max_batch_size: 4 model_warmup [ {{ name: \"w\" {warmup} }} ]", "config.pbtxt");
        }

        foreach (var (name, length) in new[] { ("file", 8), ("short", 7) })
        {
            Directory.CreateDirectory(Path.Combine(server.Models, name, "warmup"));
            File.WriteAllBytes(Path.Combine(server.Models, name, "warmup", "data"), new byte[length]);
        }

        await server.StartAsync(Cancellation);

        foreach (var name in new[] { "good", "file" })
        {
            var result = await server.InferAsync(name, Cancellation, new InferenceInput("x", "FP32", [1, 2], Floats(1, 2)));
            Assert.Equal(Floats(-1, -2).ToArray(), result.Outputs[0].Tensor.ToRaw().ToArray());
        }

        foreach (var (name, expected) in new[]
        {
            ("short", "The model_warmup 'w' of the model 'short' has the file 'data' for the input 'x', which cannot be taken: 7 bytes do not make a FP32 tensor of shape [1,2]"),
            ("shape", "The model_warmup 'w' of the model 'shape' has the input 'x' as FP32 [1,3]; expected FP32 [-1,2]."),
            ("lacks", "The model_warmup 'w' of the model 'lacks' lacks the input 'x'."),
            ("path", "the input_data_file '../data' is a path; expected the name of a file in the model's folder 'warmup'"),
        })
        {
            var refused = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync(name, Cancellation, new InferenceInput("x", "FP32", [1, 2], Floats(1, 2))));
            Assert.Equal(ServingError.ModelRefused, refused.Error);
            Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        }
    }

    private static byte[] MakeNeg(params long[] shape) => new OnnxGraphBuilder("neg").AddInput(new("x", TensorDtype.Float32, shape)).AddNode("Neg", ["x"], ["y"])
        .AddOutput(new("y", TensorDtype.Float32, shape)).ToBytes();

    private static ReadOnlyMemory<byte> Floats(params float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();
}

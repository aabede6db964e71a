using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Triton's ragged batches: requests of different lengths in one run of a model that is written for it.</summary>
public sealed class RaggedTests
{
    private const string Config = """
        backend: "onnxruntime"
        max_batch_size: 16
        dynamic_batching { max_queue_delay_microseconds: 20000 }
        input [ { name: "values" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true } ]
        output [ { name: "sum" data_type: TYPE_FP32 dims: [ 1 ] }, { name: "upto" data_type: TYPE_FP32 dims: [ -1 ] } ]
        batch_output [ { target_name: "upto" kind: BATCH_SCATTER_WITH_INPUT_SHAPE source_input: "values" } ]
        batch_input [
          { kind: BATCH_ELEMENT_COUNT target_name: "counts" data_type: TYPE_INT32 source_input: "values" },
          { kind: BATCH_ACCUMULATED_ELEMENT_COUNT target_name: "ends" data_type: TYPE_INT32 source_input: "values" }
        ]
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Infer_RequestsOfDifferentLengths_ShareRunsAndGetTheirOwnSums()
    {
        await using var server = new FolderServer();
        server.Add("sums", 1, MakeSums());
        server.Configure("sums", Config, "config.pbtxt");
        await server.StartAsync(Cancellation);
        using var http = new HttpClient { BaseAddress = server.Server.Addresses.Http };

        var results = await Task.WhenAll(Enumerable.Range(0, 64).Select(caller => server.InferAsync(
            "sums", Cancellation, new InferenceInput("values", "FP32", [1, caller % 9], MemoryMarshal.AsBytes<float>([.. Enumerable.Repeat((float)caller, caller % 9)]).ToArray()))));
        var config = await http.GetFromJsonAsync<JsonObject>("/v2/models/sums/config", Cancellation);
        var metadata = await http.GetFromJsonAsync<JsonObject>("/v2/models/sums", Cancellation);
        var statistics = (await http.GetFromJsonAsync<JsonObject>("/v2/models/sums/stats", Cancellation))!["model_stats"]![0]!;

        for (var caller = 0; caller < results.Length; caller++)
        {
            var sum = results[caller].Outputs[0].Tensor;
            Assert.Equal([1, 1], sum.Shape.ToArray());
            Assert.Equal((float)caller * (caller % 9), MemoryMarshal.Cast<byte, float>(sum.ToRaw().Span)[0]);

            // How far the sum over the whole run had come: as many as the request has values, each larger than the one before by the caller's value.
            var upto = results[caller].Outputs[1].Tensor;
            var values = MemoryMarshal.Cast<byte, float>(upto.ToRaw().Span).ToArray();
            Assert.Equal([1, caller % 9], upto.Shape.ToArray());
            Assert.All(values.Zip(values.Skip(1)), pair => Assert.Equal(caller, pair.Second - pair.First));
        }

        Assert.True((int)statistics["execution_count"]! < (int)statistics["inference_count"]!, statistics.ToJsonString());
        Assert.True((bool)config!["input"]![0]!["allow_ragged_batch"]!);
        Assert.Equal(["BATCH_ELEMENT_COUNT", "BATCH_ACCUMULATED_ELEMENT_COUNT"], config["batch_input"]!.AsArray().Select(static made => (string?)made!["kind"]));
        Assert.Equal("ends", (string?)config["batch_input"]![1]!["target_name"]![0]);
        Assert.Equal("upto", (string?)config["batch_output"]![0]!["target_name"]![0]);
        Assert.Equal(["values"], metadata!["inputs"]!.AsArray().Select(static input => (string?)input!["name"]));
        Assert.Equal("[-1,-1]", metadata["inputs"]![0]!["shape"]!.ToJsonString());
    }

    [Theory]
    [InlineData("target_name: \"counts\"", "target_name: \"lengths\"", "declare the input 'lengths', the model file has 'values', 'counts', 'ends'")]
    [InlineData("dims: [ -1 ] allow_ragged_batch: true", "dims: [ -1 ]", "the batch_input 'counts' has the source_input 'values'; expected an input with allow_ragged_batch of a model with max_batch_size above 0")]
    public async Task Start_SettingsThatDoNotFit_SayWhatDoesNot(string from, string to, string expected)
    {
        await using var server = new FolderServer();
        server.Add("sums", 1, MakeSums());
        server.Configure("sums", Config.Replace(from, to, StringComparison.Ordinal), "config.pbtxt");
        await server.StartAsync(Cancellation);

        var refused = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("sums", Cancellation, new InferenceInput("values", "FP32", [1, 1], new byte[4])));

        Assert.Equal(ServingError.ModelRefused, refused.Error);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    // The sum up to where a request ends, less the one up to where it starts.
    private static byte[] MakeSums() => new OnnxGraphBuilder("sums")
        .AddInput(new("values", TensorDtype.Float32, [-1]))
        .AddInput(new("counts", TensorDtype.Int32, [-1]))
        .AddInput(new("ends", TensorDtype.Int32, [-1]))
        .AddInitializer("first_axis", [0L])
        .AddInitializer("zero", [0f], 1)
        .AddInitializer("axes", [1L], 1)
        .AddNode("CumSum", ["values", "first_axis"], ["upto"])
        .AddNode("Concat", ["zero", "upto"], ["before"], [OnnxAttribute.Of("axis", 0L)])
        .AddNode("Sub", ["ends", "counts"], ["starts"])
        .AddNode("Gather", ["before", "ends"], ["until_end"])
        .AddNode("Gather", ["before", "starts"], ["until_start"])
        .AddNode("Sub", ["until_end", "until_start"], ["sums"])
        .AddNode("Unsqueeze", ["sums", "axes"], ["sum"])
        .AddOutput(new("sum", TensorDtype.Float32, [-1, 1]))
        .AddOutput(new("upto", TensorDtype.Float32, [-1]))
        .ToBytes();
}

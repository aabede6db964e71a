using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Grpc.Net.Client;
using Inference;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;
using static ZeroWorld.ML.Functional.Tests.EnsembleFolder;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Answers of ensembles of Triton's configuration: several models behind one name.</summary>
public sealed class EnsembleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Infer_Ensemble_HandsTensorsFromModelToModel()
    {
        await using var server = await StartAsync();
        using var http = new HttpClient { BaseAddress = server.Server.Addresses.Http };

        var results = await Task.WhenAll(Enumerable.Range(1, 40).Select(caller => server.InferAsync("all", Cancellation, Raw(caller % 3 + 1, caller))));
        var config = (await http.GetFromJsonAsync<JsonObject>("/v2/models/all/config", Cancellation))!;
        var statistics = (await http.GetFromJsonAsync<JsonObject>("/v2/models/stats", Cancellation))!["model_stats"]!.AsArray();

        for (var caller = 1; caller <= results.Length; caller++)
        {
            var rows = caller % 3 + 1;
            Assert.Equal(["size", "twice"], results[caller - 1].Outputs.Select(static output => output.Name));
            Assert.Equal(Enumerable.Repeat((float)caller, rows * 2), Values(results[caller - 1].Outputs[0].Tensor));
            Assert.Equal(Enumerable.Repeat(-2f * caller, rows * 2), Values(results[caller - 1].Outputs[1].Tensor));
            Assert.Equal([rows, 2], results[caller - 1].Outputs[1].Tensor.Shape.ToArray());
        }

        Assert.Equal("ensemble", (string?)config["platform"]);
        Assert.Equal(["neg", "abs", "double"], config["ensemble_scheduling"]!["step"]!.AsArray().Select(static step => (string?)step!["model_name"]));
        Assert.Equal("turned", (string?)config["ensemble_scheduling"]!["step"]!.AsArray().Single(static step => (string?)step!["model_name"] == "abs")!["input_map"]!["x"]);
        Assert.Null(config["dynamic_batching"]);
        foreach (var name in new[] { "all", "neg", "abs", "double" })
        {
            var model = statistics.Single(item => (string?)item!["name"] == name)!;
            Assert.Equal(40, (int)model["inference_stats"]!["success"]!["count"]!);
            Assert.Equal(Enumerable.Range(1, 40).Sum(static caller => caller % 3 + 1), (int)model["inference_count"]!);
        }
    }

    [Fact]
    public async Task ModelInfer_EnsembleOverGrpc_AnswersTheWantedOutput()
    {
        await using var server = await StartAsync();
        using var channel = GrpcChannel.ForAddress(server.Server.Addresses.Grpc);
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        var request = new ModelInferRequest { ModelName = "all", RawInputContents = { Google.Protobuf.ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([3, -4])) } };
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "raw", Datatype = "FP32", Shape = { 1, 2 } });
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "twice" });

        for (var call = 0; call < 20; call++)
        {
            var answer = await client.ModelInferAsync(request, cancellationToken: Cancellation);

            Assert.Equal([-6, 8], MemoryMarshal.Cast<byte, float>(Assert.Single(answer.RawOutputContents).Span).ToArray());
        }
    }

    [Fact]
    public async Task Infer_EnsembleOfEnsembles_RunsTheStepsOfBoth()
    {
        await using var server = Create();
        AddOuter(server, "outer", "all");
        AddOuter(server, "outermost", "outer");
        await server.StartAsync(Cancellation);

        var results = await Task.WhenAll(Enumerable.Range(1, 20).Select(caller => server.InferAsync("outermost", Cancellation, Raw(caller % 3 + 1, caller))));

        for (var caller = 1; caller <= results.Length; caller++)
        {
            // Each of the two turns the sign and keeps the size, doubled by a step of its own.
            Assert.Equal(Enumerable.Repeat(4f * caller, (caller % 3 + 1) * 2), Values(results[caller - 1].Outputs[0].Tensor));
        }

        Assert.All(["outermost", "outer", "all", "neg", "abs", "double"], name => Assert.True(server.Servables.IsModelReady(new ModelName(ModelName.DefaultProject, name), VersionSelector.Any)));
    }

    [Fact]
    public async Task Infer_StepWithANameThatOnlyFoldersHave_AnswersAndIsReady()
    {
        await using var server = Create();
        server.Add("Neg_V2.0", 1, new OnnxGraphBuilder("neg").AddInput(new("x", TensorDtype.Float32, [-1, 2])).AddNode("Neg", ["x"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [-1, 2])).ToBytes());
        server.Configure("Neg_V2.0", "max_batch_size: 16", "config.pbtxt");
        AddEnsemble(server, "all", Config.Replace("\"neg\"", "\"Neg_V2.0\"", StringComparison.Ordinal));
        AddOuter(server, "Outer", "all");
        await server.StartAsync(Cancellation, ("Models:Control", "explicit"), ("Models:Load", "Outer"));

        var answer = await server.InferAsync("Outer", Cancellation, Raw(1, 5));

        Assert.Equal([10, 10], Values(answer.Outputs[0].Tensor));
        Assert.Equal(["Neg_V2.0", "Outer", "abs", "all", "double"], await ListReadyAsync(server));
    }

    [Theory]
    [InlineData(false, "abs 1, double 2, neg 2")]
    [InlineData(true, "abs 2, double 3, neg 2")]
    public async Task Infer_SomeOutputs_RunsTheStepsThatLeadToThem(bool isKept, string expected)
    {
        await using var server = Create();
        AddOuter(server, "outer", "all");
        AddEnsemble(server, "all", $"{Config}\nresponse_cache {{ enable: {(isKept ? "true" : "false")} }}");
        await server.StartAsync(Cancellation, ("Serving:ResponseCache:MebibytesMax", "1"));
        using var http = new HttpClient { BaseAddress = server.Server.Addresses.Http };

        var size = await server.Inferences.InferAsync(new InferenceRequest { ModelName = "outer", Inputs = [Raw(1, 5)], Outputs = ["size"] }, Cancellation);
        var twice = await server.Inferences.InferAsync(new InferenceRequest { ModelName = "all", Inputs = [Raw(1, 7)], Outputs = ["twice"] }, Cancellation);
        var statistics = (await http.GetFromJsonAsync<JsonObject>("/v2/models/stats", Cancellation))!["model_stats"]!.AsArray();
        var both = await server.InferAsync("all", Cancellation, Raw(1, 7));

        Assert.Equal([10, 10], Values(Assert.Single(size.Outputs).Tensor));
        Assert.Equal([-14, -14], Values(Assert.Single(twice.Outputs).Tensor));
        Assert.Equal([7, 7, -14, -14], both.Outputs.SelectMany(static output => Values(output.Tensor)));
        Assert.Equal(expected, string.Join(", ", new[] { "abs", "double", "neg" }.Select(name => $"{name} {statistics.Single(item => (string?)item!["name"] == name)!["execution_count"]}")));
    }

    /// <summary>As Triton's "batch_to_nobatch", "nobatch_to_batch" and "mix_nobatch_batch": one row is the same to a model with rows and to one without.</summary>
    [Theory]
    [InlineData(0, "flat", "neg", false)]
    [InlineData(0, "neg", "flat", false)]
    [InlineData(8, "flat", "neg", true)]
    [InlineData(8, "neg", "flat", true)]
    [InlineData(0, "flat", "flat", false)]
    public async Task Infer_StepsWithAndWithoutRows_HandOnOneRow(int rowsMax, string first, string second, bool hasRows)
    {
        await using var server = Create();
        server.Add("flat", 1, new OnnxGraphBuilder("flat").AddInput(new("x", TensorDtype.Float32, [2])).AddNode("Neg", ["x"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [2])).ToBytes());
        AddEnsemble(
            server,
            "mixed",
            $$"""
            platform: "ensemble"
            max_batch_size: {{rowsMax}}
            input [ { name: "raw" data_type: TYPE_FP32 dims: [ 2 ] } ]
            output [ { name: "size" data_type: TYPE_FP32 dims: [ 2 ] } ]
            ensemble_scheduling { step [
              { model_name: "{{first}}" model_version: -1 input_map { key: "x" value: "raw" } output_map { key: "y" value: "turned" } },
              { model_name: "{{second}}" model_version: -1 input_map { key: "x" value: "turned" } output_map { key: "y" value: "size" } }
            ] }
            """);
        await server.StartAsync(Cancellation);
        long[] shape = hasRows ? [1, 2] : [2];

        var results = await Task.WhenAll(Enumerable.Range(1, 20).Select(caller => server.InferAsync("mixed", Cancellation, new InferenceInput("raw", "FP32", shape, MemoryMarshal.AsBytes<float>([caller, -caller]).ToArray()))));

        for (var caller = 1; caller <= results.Length; caller++)
        {
            Assert.Equal([caller, -caller], Values(results[caller - 1].Outputs[0].Tensor));
            Assert.Equal(shape, results[caller - 1].Outputs[0].Tensor.Shape.ToArray());
        }
    }

    [Fact]
    public async Task Infer_OutputWithoutLabelsOfItsOwn_HasThoseOfTheModelThatGivesIt()
    {
        await using var server = Create();
        server.Configure("double", "max_batch_size: 16 output [ { name: \"y\" data_type: TYPE_FP32 dims: [ 2 ] label_filename: \"labels.txt\" } ]", "config.pbtxt");
        File.WriteAllText(Path.Combine(server.Models, "double", "labels.txt"), "first\nsecond");
        AddAround("silent", "");
        AddAround("speaking", "label_filename: \"labels.txt\"");
        File.WriteAllText(Path.Combine(server.Models, "speaking", "labels.txt"), "own\nother");
        await server.StartAsync(Cancellation);

        var silent = await server.InferAsync("silent", Cancellation, Raw(1, 5));
        var speaking = await server.InferAsync("speaking", Cancellation, Raw(1, 5));

        Assert.Equal(["first", "second"], silent.Outputs[0].Labels);
        Assert.Empty(silent.Outputs[1].Labels);
        Assert.Equal(["own", "other"], speaking.Outputs[0].Labels);

        void AddAround(string name, string labels) => AddEnsemble(
            server,
            name,
            $$"""
            platform: "ensemble"
            max_batch_size: 8
            input [ { name: "raw" data_type: TYPE_FP32 dims: [ 2 ] } ]
            output [ { name: "twice" data_type: TYPE_FP32 dims: [ 2 ] {{labels}} }, { name: "size" data_type: TYPE_FP32 dims: [ 2 ] } ]
            ensemble_scheduling { step [
              { model_name: "all" model_version: -1 input_map { key: "raw" value: "raw" } output_map { key: "size" value: "size" } output_map { key: "twice" value: "twice" } }
            ] }
            """);
    }

    [Fact]
    public async Task Infer_SeveralRowsForAStepWithoutRows_AreRefused()
    {
        await using var server = Create();
        server.Add("flat", 1, new OnnxGraphBuilder("flat").AddInput(new("x", TensorDtype.Float32, [2])).AddNode("Neg", ["x"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [2])).ToBytes());
        AddEnsemble(server, "all", Config.Replace("\"neg\"", "\"flat\"", StringComparison.Ordinal));
        await server.StartAsync(Cancellation);

        var one = await server.InferAsync("all", Cancellation, Raw(1, 5));
        var refused = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("all", Cancellation, Raw(2, 5)));

        Assert.Equal([5, 5], Values(one.Outputs[0].Tensor));
        Assert.Contains("unexpected input 'x' for model 'flat'. Expected FP32 [2], got FP32 [2,2]", refused.Message, StringComparison.Ordinal);
    }
}

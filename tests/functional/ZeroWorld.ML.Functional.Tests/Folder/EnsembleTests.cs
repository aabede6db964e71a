using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Grpc.Net.Client;
using Inference;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Ensembles of Triton's configuration: several models behind one name.</summary>
public sealed class EnsembleTests
{
    // raw -> neg -> both of abs and double; the steps are not written in their order.
    private const string Config = """
        platform: "ensemble"
        max_batch_size: 8
        input [ { name: "raw" data_type: TYPE_FP32 dims: [ 2 ] } ]
        output [ { name: "size" data_type: TYPE_FP32 dims: [ 2 ] }, { name: "twice" data_type: TYPE_FP32 dims: [ 2 ] } ]
        ensemble_scheduling { step [
          { model_name: "abs" model_version: -1 input_map { key: "x" value: "turned" } output_map { key: "y" value: "size" } },
          { model_name: "double" model_version: 1 input_map { key: "x" value: "turned" } output_map { key: "y" value: "twice" } },
          { model_name: "neg" model_version: -1 input_map { key: "x" value: "raw" } output_map { key: "y" value: "turned" } }
        ] }
        """;

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
    public async Task Infer_StepThatIsUnloaded_IsToldAndComesBack()
    {
        await using var server = await StartAsync(("Models:Control", "explicit"), ("Models:Load", "*"));
        using var http = new HttpClient { BaseAddress = server.Server.Addresses.Http };
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("/v2/models/all/ready", UriKind.Relative), Cancellation)).StatusCode);

        await http.PostAsync(new Uri("/v2/repository/models/neg/unload", UriKind.Relative), null, Cancellation);
        var ready = await http.GetAsync(new Uri("/v2/models/all/ready", UriKind.Relative), Cancellation);
        var refused = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("all", Cancellation, Raw(1, 1)));
        await http.PostAsync(new Uri("/v2/repository/models/neg/load", UriKind.Relative), null, Cancellation);
        var again = await server.InferAsync("all", Cancellation, Raw(1, 5));

        Assert.NotEqual(HttpStatusCode.OK, ready.StatusCode);
        Assert.Contains("neg", refused.Message, StringComparison.Ordinal);
        Assert.Equal([5, 5], Values(again.Outputs[0].Tensor));
    }

    [Fact]
    public async Task Load_EnsembleByACaller_BringsItsStepsAndTakesThemAlong()
    {
        await using var server = await StartAsync(("Models:Control", "explicit"));
        using var http = new HttpClient { BaseAddress = server.Server.Addresses.Http };

        var loaded = await http.PostAsync(new Uri("/v2/repository/models/all/load", UriKind.Relative), null, Cancellation);
        var answer = await server.InferAsync("all", Cancellation, Raw(1, 5));
        await http.PostAsJsonAsync("/v2/repository/models/all/unload", new { parameters = new { unload_dependents = true } }, Cancellation);
        var index = await (await http.PostAsync(new Uri("/v2/repository/index", UriKind.Relative), null, Cancellation)).Content.ReadFromJsonAsync<JsonArray>(Cancellation);

        Assert.Equal(HttpStatusCode.OK, loaded.StatusCode);
        Assert.Equal([5, 5], Values(answer.Outputs[0].Tensor));
        Assert.DoesNotContain(index!, static entry => (string?)entry!["state"] == "READY");
    }

    [Fact]
    public async Task Infer_ModelsThatDoNotFit_SaysWhatDoesNot()
    {
        (string From, string To, string Expected)[] cases =
        [
            ("input_map { key: \"x\" value: \"raw\" }", "input_map { key: \"z\" value: \"raw\" }", "The ensemble 'bad0' gives the input 'z' to the step 'neg', which takes 'x'."),
            ("output_map { key: \"y\" value: \"turned\" }", "output_map { key: \"z\" value: \"turned\" }", "The ensemble 'bad1' reads the output 'z' of the step 'neg', which has 'y'."),
            ("model_name: \"neg\"", "model_name: \"nobody\"", "Request for unknown model: 'nobody'"),
            ("TYPE_FP32 dims: [ 2 ] } ]\n", "TYPE_INT32 dims: [ 2 ] } ]\n", "unexpected input 'x' for model 'neg'. Expected FP32 [-1,2], got INT32 [1,2]"),
            ("model_name: \"neg\"", "model_name: \"all\"", "The ensemble 'bad4' has the step 'all', which is an ensemble, too; expected a model."),
        ];
        await using var server = Create();
        for (var index = 0; index < cases.Length; index++)
        {
            server.Configure($"bad{index}", Config.ReplaceLineEndings("\n").Replace(cases[index].From, cases[index].To, StringComparison.Ordinal), "config.pbtxt");
            Directory.CreateDirectory(Path.Combine(server.Models, $"bad{index}", "1"));
        }

        await server.StartAsync(Cancellation);

        for (var index = 0; index < cases.Length; index++)
        {
            var exception = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync($"bad{index}", Cancellation, new InferenceInput("raw", index == 3 ? "INT32" : "FP32", [1, 2], new byte[8])));

            Assert.Contains(cases[index].Expected, exception.Message, StringComparison.Ordinal);
        }
    }

    private static async Task<FolderServer> StartAsync(params (string Key, string Value)[] settings)
    {
        var server = Create();
        await server.StartAsync(Cancellation, settings);
        return server;
    }

    private static FolderServer Create()
    {
        var server = new FolderServer();
        foreach (var (name, node, second) in new[] { ("neg", "Neg", ""), ("abs", "Abs", ""), ("double", "Add", "x") })
        {
            server.Add(name, 1, new OnnxGraphBuilder(name).AddInput(new("x", TensorDtype.Float32, [-1, 2])).AddNode(node, second == "" ? ["x"] : ["x", second], ["y"]).AddOutput(new("y", TensorDtype.Float32, [-1, 2])).ToBytes());
            server.Configure(name, "max_batch_size: 16", "config.pbtxt");
        }

        server.Configure("all", Config, "config.pbtxt");
        Directory.CreateDirectory(Path.Combine(server.Models, "all", "1"));
        return server;
    }

    private static InferenceInput Raw(int rows, float value) => new("raw", "FP32", [rows, 2], MemoryMarshal.AsBytes<float>([.. Enumerable.Repeat(value, rows * 2)]).ToArray());

    private static float[] Values(TensorBuffer tensor) => MemoryMarshal.Cast<byte, float>(tensor.ToRaw().Span).ToArray();
}

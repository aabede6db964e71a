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

    private const int EnsembleDepthMax = 16;

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

    [Fact]
    public async Task Infer_EnsemblesThatLeadBackToThemselves_AreRefusedAndNotReady()
    {
        await using var server = Create();
        AddOuter(server, "a", "b");
        AddOuter(server, "b", "c");
        AddOuter(server, "c", "a");
        AddOuter(server, "self", "self");
        await server.StartAsync(Cancellation);

        var refused = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("b", Cancellation, Raw(1, 1)));
        var alone = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("self", Cancellation, Raw(1, 1)));
        var answer = await server.InferAsync("all", Cancellation, Raw(1, 5));

        Assert.Equal("circular dependency between ensembles: self -> ... -> self -> self", alone.Message);
        Assert.Equal(ServingError.ModelRefused, refused.Error);
        Assert.Matches("^circular dependency between ensembles: ([abc]) -> ... -> [abc] -> \\1$", refused.Message);
        Assert.All(["a", "b", "c", "self"], name => Assert.False(server.Servables.IsModelReady(new ModelName(ModelName.DefaultProject, name), VersionSelector.Any)));
        Assert.Equal([5, 5], Values(answer.Outputs[0].Tensor));
    }

    [Fact]
    public async Task Infer_MoreThanIsBounded_IsRefused()
    {
        await using var server = Create();
        AddOuter(server, "deep1", "all");
        foreach (var depth in Enumerable.Range(2, EnsembleDepthMax))
        {
            AddOuter(server, $"deep{depth}", $"deep{depth - 1}");
        }

        AddLong(server, "long1", "neg", "x", "y");
        AddLong(server, "long2", "long1", "raw", "out39");
        await server.StartAsync(Cancellation);

        var deepest = await server.InferAsync($"deep{EnsembleDepthMax - 1}", Cancellation, Raw(1, 1));
        var deep = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync($"deep{EnsembleDepthMax}", Cancellation, Raw(1, 1)));
        var @long = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("long2", Cancellation, Raw(1, 1)));

        Assert.Equal(MathF.Pow(2, EnsembleDepthMax - 1), Values(deepest.Outputs[0].Tensor)[0]);
        Assert.Equal($"The ensemble 'all' is within {EnsembleDepthMax} others; expected at most {EnsembleDepthMax - 1}.", deep.Message);
        Assert.Equal("The ensemble 'long2' has, with those of the ensembles that are its steps, more than 1024 steps.", @long.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Load_EnsembleOfEnsembles_BringsAllSteps(bool isAtStart)
    {
        await using var server = Create();
        AddOuter(server, "outer", "all");
        await server.StartAsync(Cancellation, ("Models:Control", "explicit"), ("Models:Load", isAtStart ? "outer" : ""));
        if (!isAtStart)
        {
            await server.Servables.LoadModelAsync(new ModelName(ModelName.DefaultProject, "outer"), Cancellation);
        }

        var answer = await server.InferAsync("outer", Cancellation, Raw(1, 5));
        var ready = await ListReadyAsync(server);
        await server.Servables.UnloadModelAsync(new ModelName(ModelName.DefaultProject, "outer"), withSteps: true, Cancellation);

        Assert.Equal([10, 10], Values(answer.Outputs[0].Tensor));
        Assert.Equal(["abs", "all", "double", "neg", "outer"], ready);
        Assert.Empty(await ListReadyAsync(server));
    }

    [Fact]
    public async Task Infer_ModelsThatDoNotFit_SaysWhatDoesNot()
    {
        (string From, string To, string Expected)[] cases =
        [
            ("input_map { key: \"x\" value: \"raw\" }", "input_map { key: \"z\" value: \"raw\" }", "in ensemble bad0, ensemble tensor raw is mapping to non-existing input z in model neg"),
            ("output_map { key: \"y\" value: \"turned\" }", "output_map { key: \"z\" value: \"turned\" }", "in ensemble bad1, ensemble tensor turned is mapped from non-existing output z in model neg"),
            ("model_name: \"neg\"", "model_name: \"nobody\"", "Request for unknown model: 'nobody'"),
            ("TYPE_FP32 dims: [ 2 ] } ]\n", "TYPE_INT32 dims: [ 2 ] } ]\n", "in ensemble bad3, ensemble tensor raw: inconsistent data type: TYPE_INT32 is inferred from model bad3 while TYPE_FP32 is inferred from model neg"),
            ("model_name: \"neg\"", "model_name: \"all\"", "in ensemble bad4, ensemble tensor raw is mapping to non-existing input x in model all"),
            ("input [ { name: \"raw\" data_type: TYPE_FP32 dims: [ 2 ] } ]", "input [ { name: \"raw\" data_type: TYPE_FP32 dims: [ 3 ] } ]", "in ensemble bad5, ensemble tensor raw: inconsistent shape: [-1,3] is inferred from model bad5 while [-1,2] is inferred from model neg"),
            ("{ name: \"size\" data_type: TYPE_FP32 dims: [ 2 ] }", "{ name: \"size\" data_type: TYPE_FP32 dims: [ 2, 1 ] }", "in ensemble bad6, ensemble tensor size: inconsistent shape: [-1,2] is inferred from model abs while [-1,2,1] is inferred from model bad6"),
            ("max_batch_size: 8", "max_batch_size: 17", "ensemble bad7 allows maximum batch size 17, but it contains model neg which only allows maximum batch size to be 16"),
            ("model_name: \"neg\"", "model_name: \"two\"", "in ensemble bad8, input more in model two is not mapped to any ensemble tensors"),
        ];
        await using var server = Create();
        server.Add("two", 1, new OnnxGraphBuilder("two").AddInput(new("x", TensorDtype.Float32, [-1, 2])).AddInput(new("more", TensorDtype.Float32, [-1, 2])).AddNode("Add", ["x", "more"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [-1, 2])).ToBytes());
        server.Configure("two", "max_batch_size: 16", "config.pbtxt");
        for (var index = 0; index < cases.Length; index++)
        {
            AddEnsemble(server, $"bad{index}", Config.ReplaceLineEndings("\n").Replace(cases[index].From, cases[index].To, StringComparison.Ordinal));
        }

        await server.StartAsync(Cancellation);

        for (var index = 0; index < cases.Length; index++)
        {
            var exception = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync($"bad{index}", Cancellation, new InferenceInput("raw", index == 3 ? "INT32" : "FP32", [1, 2], new byte[8])));

            Assert.Contains(cases[index].Expected, exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Load_EnsembleThatDoesNotFit_IsRefusedAndTheOneBeforeGoesOn()
    {
        await using var server = await StartAsync(("Models:Control", "explicit"), ("Models:Load", "all"));
        var name = new ModelName(ModelName.DefaultProject, "all");
        AddEnsemble(server, "all", Config.Replace("key: \"x\" value: \"raw\"", "key: \"z\" value: \"raw\"", StringComparison.Ordinal));
        AddOuter(server, "outer", "nobody");

        var refused = await Assert.ThrowsAsync<ServingException>(() => server.Servables.LoadModelAsync(name, Cancellation));
        var lacking = await Assert.ThrowsAsync<ServingException>(() => server.Servables.LoadModelAsync(new ModelName(ModelName.DefaultProject, "outer"), Cancellation));
        var answer = await server.InferAsync("all", Cancellation, Raw(1, 5));

        Assert.Equal((ServingError.ModelRefused, "load failed for model 'all': in ensemble all, ensemble tensor raw is mapping to non-existing input z in model neg"), (refused.Error, refused.Message));
        Assert.Equal(ServingError.ModelNotFound, lacking.Error);
        Assert.Contains("'nobody'", lacking.Message, StringComparison.Ordinal);
        Assert.Equal([5, 5], Values(answer.Outputs[0].Tensor));
    }

    /// <summary>A step whose next version takes something else: the ensemble says that it is not ready, instead of failing each request.</summary>
    [Fact]
    public async Task IsModelReady_StepReplacedByOneThatDoesNotFit_IsFalseUntilItFitsAgain()
    {
        await using var server = await StartAsync(("Models:Control", "explicit"), ("Models:Load", "all"));
        var (all, neg) = (new ModelName(ModelName.DefaultProject, "all"), new ModelName(ModelName.DefaultProject, "neg"));
        var before = server.Servables.IsModelReady(all, VersionSelector.Any);

        server.Add("neg", 1, new OnnxGraphBuilder("neg").AddInput(new("x", TensorDtype.Float32, [-1, 3])).AddNode("Neg", ["x"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [-1, 3])).ToBytes());
        await server.Servables.LoadModelAsync(neg, Cancellation);
        var (replaced, itself) = (server.Servables.IsModelReady(all, VersionSelector.Any), server.Servables.IsModelReady(neg, VersionSelector.Any));
        server.Add("neg", 1, new OnnxGraphBuilder("neg").AddInput(new("x", TensorDtype.Float32, [-1, 2])).AddNode("Neg", ["x"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [-1, 2])).ToBytes());
        await server.Servables.LoadModelAsync(neg, Cancellation);

        Assert.Equal((true, false, true), (before, replaced, itself));
        Assert.True(server.Servables.IsModelReady(all, VersionSelector.Any));
    }

    // The size that the inner one gives, doubled.
    private static void AddOuter(FolderServer server, string name, string inner)
    {
        AddEnsemble(
            server,
            name,
            $$"""
            platform: "ensemble"
            max_batch_size: 8
            input [ { name: "raw" data_type: TYPE_FP32 dims: [ 2 ] } ]
            output [ { name: "size" data_type: TYPE_FP32 dims: [ 2 ] } ]
            ensemble_scheduling { step [
              { model_name: "{{inner}}" model_version: -1 input_map { key: "raw" value: "raw" } output_map { key: "size" value: "inner" } },
              { model_name: "double" model_version: -1 input_map { key: "x" value: "inner" } output_map { key: "y" value: "size" } }
            ] }
            """);
    }

    // A chain of 40 times the inner one.
    private static void AddLong(FolderServer server, string name, string inner, string input, string output)
    {
        var steps = Enumerable.Range(0, 40).Select(
            index => $$"""{ model_name: "{{inner}}" model_version: -1 input_map { key: "{{input}}" value: "{{(index == 0 ? "raw" : $"out{index - 1}")}}" } output_map { key: "{{output}}" value: "out{{index}}" } }""");
        AddEnsemble(
            server,
            name,
            $$"""
            platform: "ensemble"
            max_batch_size: 8
            input [ { name: "raw" data_type: TYPE_FP32 dims: [ 2 ] } ]
            output [ { name: "out39" data_type: TYPE_FP32 dims: [ 2 ] } ]
            ensemble_scheduling { step [ {{string.Join(", ", steps)}} ] }
            """);
    }

    private static void AddEnsemble(FolderServer server, string name, string config)
    {
        server.Configure(name, config, "config.pbtxt");
        Directory.CreateDirectory(Path.Combine(server.Models, name, "1"));
    }

    private static async Task<string[]> ListReadyAsync(FolderServer server) =>
        [.. (await server.Servables.GetIndexAsync(readyOnly: true, Cancellation)).Select(static entry => entry.Model.Name).Order(StringComparer.Ordinal)];

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

        AddEnsemble(server, "all", Config);
        return server;
    }

    private static InferenceInput Raw(int rows, float value) => new("raw", "FP32", [rows, 2], MemoryMarshal.AsBytes<float>([.. Enumerable.Repeat(value, rows * 2)]).ToArray());

    private static float[] Values(TensorBuffer tensor) => MemoryMarshal.Cast<byte, float>(tensor.ToRaw().Span).ToArray();
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;
using static ZeroWorld.ML.Functional.Tests.EnsembleFolder;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Which ensembles are served, and when: the models of their steps that come, go and must fit.</summary>
public sealed class EnsembleLoadTests
{
    private const int EnsembleDepthMax = 16;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

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
}

using System.Net;
using System.Text.Json;
using Grpc.Core;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Models whose inputs are lists, vectors and sparse features, from the definition to the prediction, with a training set of the same values beside.</summary>
public sealed class ListInputTests : IAsyncLifetime
{
    private const string Definitions = """
        version: 1
        entities:
          - { name: item, keys: [ { name: item_id, type: int64 } ] }
        feature_views:
          - name: item_profile
            entity: item
            source: { table: items, event_time: at }
            features:
              - { name: embedding, type: float64_list }
              - { name: price, type: float64 }
        feature_services:
          - name: ranker
            request: [ { name: recent, type: int64_list } ]
            features: [ recent, "item_profile.embedding", "item_profile.price" ]
          - name: content
            request: [ { name: text, type: string } ]
            transforms:
              - { name: ids, type: int64_list, expression: "text_ids(text, 14)" }
              - { name: weights, type: float64_list, expression: "text_weights(text, 14)" }
            features: [ text, ids, weights ]
          - name: letters
            request: [ { name: text, type: string } ]
            transforms:
              - { name: ids, type: int64_list, expression: "text_ids(text, 'text_ngrams@1(bits=14,letters_weight=1)')" }
              - { name: weights, type: float64_list, expression: "text_weights(text, 'text_ngrams@1(bits=14,letters_weight=1)')" }
            features: [ ids, weights ]
        """;

    private const string Items = "item_id,at,embedding,price\n1,2024-01-01T00:00:00Z,\"[0.5, -1.25, 3]\",9.5\n2,2024-01-01T00:00:00Z,\"[1e3, 0, 0.125]\",\n3,2024-01-01T00:00:00Z,\"[7]\",1\n4,2024-01-01T00:00:00Z,,2\n";
    private static readonly DateTimeOffset Noon = new(2024, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private DefinedServer _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await DefinedServer.StartAsync(Definitions, CancellationToken.None);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Predict_ListAndVector_AreWhatTheTrainingSetHolds()
    {
        var plan = await _server.PlanAsync("ranker", Cancellation);
        await ImportAsync(plan);
        await RegisterRankerAsync(plan.Service, "ranker", width: -1);
        long[][] recent = [[5, 6, 1L << 20], [], [9]];
        var query = new PredictionQuery("ranker").WithEntity("item_id", 1, 2, 1).WithList("recent", recent).At(Noon);

        var prediction = await _server.Client.PredictAsync(query, Cancellation);

        var set = await BuildAsync(plan, recent, [1, 2, 1]);
        for (var row = 0; row < 3; row++)
        {
            Assert.Null(prediction.Rows[row].Error);
            Assert.Equal(set.Get<long[]>("recent")[row], ValueOf<long[]>(prediction, row, "recent"));
            Assert.Equal(set.Get<double[]>("embedding")[row], ValueOf<double[]>(prediction, row, "embedding"));
            Assert.Equal(Score(set.Get<long[]>("recent")[row], set.Get<double[]>("embedding")[row], set.Get<double>("price")[row]), prediction.Rows[row].GetOutput("score"), 1e-3);
        }

        Assert.True((await _server.Client.ReplayAsync(prediction.PredictionId, cancellationToken: Cancellation)).Equal);
    }

    [Fact]
    public async Task Predict_VectorOfAnotherLength_FailsItsRowOnly()
    {
        var plan = await _server.PlanAsync("ranker", Cancellation);
        await ImportAsync(plan);
        await RegisterRankerAsync(plan.Service, "ranker", width: 2);

        var prediction = await _server.Client.PredictAsync(new PredictionQuery("ranker").WithEntity("item_id", 3, 1, 4).WithList("recent", [[1, 2, 3]]).At(Noon), Cancellation);
        var alone = await Assert.ThrowsAsync<RpcException>(
            async () => await _server.Client.PredictAsync(new PredictionQuery("ranker").WithEntity("item_id", 3).WithList("recent", [[1]]).At(Noon), Cancellation));

        // The third element of the list is beyond the width of 2; a missing vector is NaN.
        Assert.Contains("'embedding' has 1 elements; expected 3", prediction.Rows[0].Error!.Message, StringComparison.Ordinal);
        Assert.Equal(Score([1, 2], [0.5, -1.25, 3], 9.5), prediction.Rows[1].GetOutput("score"), 1e-6);
        Assert.True(double.IsNaN(prediction.Rows[2].GetOutput("score")));
        Assert.Equal(StatusCode.InvalidArgument, alone.StatusCode);
        Assert.True((await _server.Client.ReplayAsync(prediction.PredictionId, cancellationToken: Cancellation)).Equal);
    }

    [Fact]
    public async Task Predict_ListsOverRest_AreTheRequestOfGrpc()
    {
        var plan = await _server.PlanAsync("ranker", Cancellation);
        await ImportAsync(plan);
        await RegisterRankerAsync(plan.Service, "ranker", width: -1);

        using var one = await _server.PostAsync("/v1/models/ranker:predict", """{"entities": {"item_id": [1, 1]}, "request": {"recent": [3, 4], "time": "2024-06-01T12:00:00Z"}}""", Cancellation);
        using var each = await _server.PostAsync("/v1/models/ranker:predict", """{"entities": {"item_id": 1}, "request": {"recent": [[3], [4, 5]], "time": "2024-06-01T12:00:00Z"}}""", Cancellation);
        using var wrong = await _server.PostAsync("/v1/models/ranker:predict", """{"entities": {"item_id": 1}, "request": {"recent": [3, "4"]}}""", Cancellation);

        Assert.Equal([Score([3, 4], [0.5, -1.25, 3], 9.5), Score([3, 4], [0.5, -1.25, 3], 9.5)], await ScoresAsync(one));
        Assert.Equal([Score([3], [0.5, -1.25, 3], 9.5), Score([4, 5], [0.5, -1.25, 3], 9.5)], await ScoresAsync(each));
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Contains("request.recent[1]", await wrong.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Register_InputsThatDoNotFitTheService_NamesThem()
    {
        var service = (await _server.PlanAsync("ranker", Cancellation)).Service;
        Task Register(Func<ManifestInput[], ManifestInput[]> change) => RegisterRankerAsync(service, "ranker", width: -1, change);

        var number = await Assert.ThrowsAsync<RpcException>(() => Register(static inputs => [inputs[0] with { Features = ["price"] }, .. inputs[1..3], inputs[3] with { Features = ["embedding"] }]));
        var fraction = await Assert.ThrowsAsync<RpcException>(() => Register(static inputs => [inputs[0] with { Features = ["embedding"] }, .. inputs[1..]]));
        var layout = await Assert.ThrowsAsync<RegistryException>(() => Register(static inputs => [inputs[0] with { Layout = "bag" }, .. inputs[1..]]));
        var width = await Assert.ThrowsAsync<RegistryException>(() => Register(static inputs => [.. inputs[..2], inputs[2] with { Shape = [-1, -1] }, inputs[3]]));

        Assert.Contains("the column 'price' of the feature service is float64; the input 'ids' of layout list and INT64 expects int64_list", number.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("the column 'embedding' of the feature service is float64_list; the input 'ids'", fraction.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("the layout 'bag'; expected one of scalars, vector, list, mask, length", layout.Message, StringComparison.Ordinal);
        Assert.Contains("the input 'vector' of layout vector has the shape [-1, -1]; expected [-1, n]", width.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("content", 0)]
    [InlineData("letters", 1)]
    public async Task Predict_TextModelBoundToAService_ScoresAsTheTrainer(string service, float lettersWeight)
    {
        var trained = await TrainTextAsync(new TextFeaturizerSettings { Bits = 14, LettersWeight = lettersWeight });
        await _server.PromoteAsync((await BindTextAsync(trained.Package, service)).Directory, "text", Cancellation);
        string[] texts = ["a sunny walk", "you rotten filth", "", "V1LE scum, and a longer text behind it", "\u4f60\u597d"];

        var prediction = await _server.Client.PredictAsync(new PredictionQuery("text").WithValue("text", texts), Cancellation);
        var mismatch = await Assert.ThrowsAsync<RpcException>(async () =>
            await _server.UploadAsync((await BindTextAsync(trained.Package, service == "letters" ? "content" : "letters")).Directory, "text", Cancellation));

        var (workspace, expected) = (new TextWorkspace(), new float[trained.Model.Labels.Count]);
        for (var row = 0; row < texts.Length; row++)
        {
            trained.Model.Score(texts[row], workspace, expected);
            for (var label = 0; label < expected.Length; label++)
            {
                Assert.Equal(expected[label], prediction.Response.Outputs[label].Float32S.Values[row], 1e-5);
            }
        }

        Assert.True((await _server.Client.ReplayAsync(prediction.PredictionId, cancellationToken: Cancellation)).Equal);
        Assert.Contains($"but the model learned from the text features {trained.Model.Featurizer.Settings.Canonical}", mismatch.Status.Detail, StringComparison.Ordinal);
    }

    private async Task<ModelPackage> BindTextAsync(ModelPackage package, string name)
    {
        var service = (await _server.PlanAsync(name, Cancellation)).Service;
        return await ModelPackageBinding.BindAsync(
            package,
            _server.Combine($"bound-{name}"),
            new FeatureServiceReference(service.Project, service.Name, service.Fingerprint),
            [
                new ManifestInput(TextModelGraph.Ids, "", [], ["ids"]) { Layout = InputLayouts.List },
                new ManifestInput(TextModelGraph.Weights, "", [], ["weights"]) { Layout = InputLayouts.List, SameLengthAs = TextModelGraph.Ids },
            ],
            Cancellation);
    }

    private static double Score(long[] recent, double[] embedding, double price) =>
        recent.Sum(static id => (double)(float)id) + recent.Length + embedding.Sum() + price;

    private static T ValueOf<T>(Prediction prediction, int row, string feature) => (T)prediction.Rows[row].Features.Single(known => known.Name == feature).Value!;

    private static async Task<double[]> ScoresAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.True(answer.IsSuccessStatusCode, text);
        using var json = JsonDocument.Parse(text);
        return [.. json.RootElement.GetProperty("rows").EnumerateArray().Select(static row => row.GetProperty("outputs").GetProperty("score").GetDouble())];
    }

    private async Task ImportAsync(FeatureServicePlan plan)
    {
        await _server.ImportAsync(
            "items",
            Items,
            [new("item_id", FeatureType.Int64), new("at", FeatureType.Timestamp), new("embedding", FeatureType.Float64List), new("price", FeatureType.Float64)],
            Cancellation);
        await _server.MaterializeAsync(plan, Cancellation);
    }

    private async Task<ColumnFrame> BuildAsync(FeatureServicePlan plan, long[][] recent, long[] items)
    {
        var lines = recent.Select((list, row) => $"{items[row]},{Noon:yyyy-MM-ddTHH:mm:ssZ},\"[{string.Join(", ", list)}]\"");
        await _server.ImportAsync(
            "spine",
            string.Join('\n', lines.Prepend("item_id,at,recent")),
            [new("item_id", FeatureType.Int64), new("at", FeatureType.Timestamp), new("recent", FeatureType.Int64List)],
            Cancellation);
        var set = await _server.Offline.BuildTrainingSetAsync(
            new TrainingSetRequest
            {
                Plan = plan,
                Spine = "spine",
                TimeColumn = "at",
                KeyColumns = new Dictionary<string, string> { ["item_id"] = "item_id" },
                RequestColumns = new Dictionary<string, string> { ["recent"] = "recent" },
                PassThrough = [],
                OutputPath = _server.Combine("set.parquet"),
            },
            null,
            Cancellation);
        return await _server.Offline.LoadAsync(set.Path, ["recent", "embedding", "price"], null, Cancellation);
    }

    /// <summary>Registers a model that adds up what it is given: ids and their mask, a vector of 3, and a number.</summary>
    private async Task RegisterRankerAsync(FeatureService service, string name, long width, Func<ManifestInput[], ManifestInput[]>? change = null)
    {
        ManifestInput[] inputs =
        [
            new("ids", "INT64", [-1, width], ["recent"]) { Layout = InputLayouts.List, Fill = 77 },
            new("mask", "FP32", [-1, width], ["recent"]) { Layout = InputLayouts.Mask },
            new("vector", "FP32", [-1, 3], ["embedding"]) { Layout = InputLayouts.Vector },
            new("price", "FP32", [-1, 1], ["price"]),
        ];
        var rows = width < 0 ? 2 : (int)width;
        await _server.RegisterAsync(
            name,
            new OnnxGraphBuilder("ranker")
                .AddInput(new TensorSpec("ids", TensorDtype.Int64, [-1, width]))
                .AddInput(new TensorSpec("mask", TensorDtype.Float32, [-1, width]))
                .AddInput(new TensorSpec("vector", TensorDtype.Float32, [-1, 3]))
                .AddInput(new TensorSpec("price", TensorDtype.Float32, [-1, 1]))
                .AddInitializer("axis", [1L], 1)
                .AddNode("Cast", ["ids"], ["numbers"], [OnnxAttribute.Of("to", 1L)])
                .AddNode("Mul", ["numbers", "mask"], ["masked"])
                .AddNode("Add", ["masked", "mask"], ["counted"])
                .AddNode("ReduceSum", ["counted", "axis"], ["first"])
                .AddNode("ReduceSum", ["vector", "axis"], ["second"])
                .AddNode("Add", ["first", "second"], ["both"])
                .AddNode("Add", ["both", "price"], ["score"])
                .AddOutput(new TensorSpec("score", TensorDtype.Float32, [-1, 1])),
            service,
            change?.Invoke(inputs) ?? inputs,
            new ManifestOutput("score", "score", "FP32", [-1, 1]),
            new GoldenSample(
                new Dictionary<string, GoldenTensor>
                {
                    ["ids"] = new([1, rows], [4, 5]), ["mask"] = new([1, rows], [1, 0]), ["vector"] = new([1, 3], [1, 2, 3]), ["price"] = new([1, 1], [0.5]),
                },
                new Dictionary<string, GoldenTensor> { ["score"] = new([1, 1], [11.5]) }),
            Cancellation);
    }

    /// <summary>A text model after one fit, as a package that is called with tensors.</summary>
    private async Task<(TextModel Model, ModelPackage Package)> TrainTextAsync(TextFeaturizerSettings settings)
    {
        string[] kind = ["lovely garden", "sunny walk", "fresh bread", "quiet lake", "good friends", "warm tea"];
        string[] foul = ["vile scum", "rotten filth", "worthless trash", "disgusting vermin"];
        var texts = Enumerable.Range(0, 20).Select(row => row % 2 == 0 ? $"{kind[row % 6]} number {row}" : $"{foul[row % 4]} number {row}").ToArray();
        var labels = new LabelMatrix(["kind", "foul"], [.. Enumerable.Range(0, texts.Length).SelectMany(static row => new[] { row % 2 == 0, row % 2 == 1 })], IsExclusive: true);
        var featurizer = new TextFeaturizer(settings);
        var weights = LinearTextTrainer.Fit(SparseRows.Of(featurizer, texts, Cancellation), labels, [.. Enumerable.Range(0, texts.Length)], new LinearTextSettings(), 1, Cancellation);
        var model = new TextModel(featurizer, labels.Names, true, weights, Calibration.Identity(weights.Labels));
        var folder = _server.Combine("text");
        Directory.CreateDirectory(folder);
        TextModelGraph.Write(Path.Combine(folder, "model.onnx"), model);
        var expected = new float[2];
        model.Score([3], [1f], expected);
        var package = await ModelPackageWriter.WriteAsync(
            folder,
            new ModelPackageContent
            {
                Model = new ModelName("default", "text"),
                Inputs = [new ManifestInput(TextModelGraph.Ids, "INT64", [-1, -1], []), new ManifestInput(TextModelGraph.Weights, "FP32", [-1, -1], [])],
                Outputs = [new ManifestOutput(TextModelGraph.Output, TextModelGraph.Output, "FP32", [-1, 2])],
                GoldenSamples =
                [
                    new GoldenSample(
                        new Dictionary<string, GoldenTensor> { [TextModelGraph.Ids] = new([1, 1], [3]), [TextModelGraph.Weights] = new([1, 1], [1]) },
                        new Dictionary<string, GoldenTensor> { [TextModelGraph.Output] = new([1, 2], [expected[0], expected[1]]) }),
                ],
                Lineage = new ModelLineage { CreatedTime = DateTimeOffset.UnixEpoch, Parameters = new Dictionary<string, string> { [ModelLineage.TextFeatures] = settings.Canonical } },
            },
            Cancellation);
        return (model, package);
    }
}

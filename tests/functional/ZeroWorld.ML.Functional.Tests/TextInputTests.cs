using Grpc.Core;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A model that has its tokenizer and featurizer inside and takes texts as they are: of the request, of a view and of a transform.</summary>
public sealed class TextInputTests : IAsyncLifetime
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
              - { name: category, type: string }
              - { name: price, type: float64 }
        feature_services:
          - name: reviews
            request: [ { name: comment, type: string } ]
            transforms:
              - { name: mood, type: string, expression: "lower(comment)" }
            features: [ comment, "item_profile.category", "item_profile.price", mood ]
        """;

    private const string Items = "item_id,at,category,price\n1,2024-01-01T00:00:00Z,garden,9.5\n2,2024-01-01T00:00:00Z,k\u00fcche,0.25\n3,2024-01-01T00:00:00Z,,1\n";
    private static readonly string[] Words = ["good", "bad", "k\u00fcche", "\u4f60\u597d"];
    private static readonly float[] WordWeights = [1, -2, 4, 8];
    private static readonly string[] Known = ["garden", "k\u00fcche", "fine", "bad bad"];
    private static readonly float[] KnownWeights = [16, 32, 64, 128];
    private const float EmptyWeight = 256;
    private const float UnknownWeight = 512;
    private static readonly DateTimeOffset Noon = new(2024, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private DefinedServer _server = null!;
    private FeatureServicePlan _plan = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await DefinedServer.StartAsync(Definitions, CancellationToken.None);
        _plan = await _server.PlanAsync("reviews", CancellationToken.None);
        await _server.ImportAsync(
            "items",
            Items,
            [new("item_id", FeatureType.Int64), new("at", FeatureType.Timestamp), new("category", FeatureType.String), new("price", FeatureType.Float64)],
            CancellationToken.None);
        await _server.MaterializeAsync(_plan, CancellationToken.None);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Predict_TextsOfRequestViewAndTransform_AreWhatTheModelReads()
    {
        await RegisterAsync();
        string[] comments = ["good good bad", "", "\u4f60\u597d k\u00fcche \ud800 nothing", "BAD bad", "Fine"];
        long[] items = [1, 2, 3, 1, 4];
        double[] expected =
        [
            Score([1, 1, -2], 16, UnknownWeight, 9.5),
            Score([], 32, EmptyWeight, 0.25),

            // No category in the table: an empty text. Half a surrogate pair is no word.
            Score([8, 4], EmptyWeight, UnknownWeight, 1),
            Score([-2], 16, 128, 9.5),
            double.NaN,
        ];

        var prediction = await _server.Client.PredictAsync(new PredictionQuery("reviews").WithEntity("item_id", items).WithValue("comment", comments).At(Noon), Cancellation);

        for (var row = 0; row < expected.Length; row++)
        {
            Assert.Null(prediction.Rows[row].Error);
            Assert.Equal(expected[row], prediction.Rows[row].GetOutput("score"), 1e-6);
        }

        Assert.True((await _server.Client.ReplayAsync(prediction.PredictionId, cancellationToken: Cancellation)).Equal);
    }

    [Fact]
    public async Task Predict_CallersAtOnce_ShareRunsAndReplayEqually()
    {
        await RegisterAsync();
        var queries = Enumerable.Range(0, 24).Select(caller => new PredictionQuery("reviews")
            .WithEntity("item_id", 1, 2).WithValue("comment", string.Join(' ', Enumerable.Repeat("good", caller)), "bad").At(Noon)).ToArray();

        var predictions = await Task.WhenAll(queries.Select(query => _server.Client.PredictAsync(query, Cancellation)));

        for (var caller = 0; caller < predictions.Length; caller++)
        {
            var mood = caller == 0 ? EmptyWeight : UnknownWeight;
            Assert.Equal(Score([caller], 16, mood, 9.5), predictions[caller].Rows[0].GetOutput("score"), 1e-6);
            Assert.Equal(Score([-2], 32, UnknownWeight, 0.25), predictions[caller].Rows[1].GetOutput("score"), 1e-6);
            Assert.True((await _server.Client.ReplayAsync(predictions[caller].PredictionId, cancellationToken: Cancellation)).Equal);
        }
    }

    [Fact]
    public async Task Register_WhatDoesNotFit_IsToldByName()
    {
        var number = await Assert.ThrowsAsync<RpcException>(() => RegisterAsync(static inputs => [inputs[0] with { Features = ["price"] }, inputs[1], inputs[2] with { Features = ["price"] }]));
        var unknown = await Assert.ThrowsAsync<RpcException>(() => RegisterAsync(static inputs => [inputs[0] with { Features = ["absent"] }, .. inputs[1..]]));
        var plain = await Assert.ThrowsAsync<RpcException>(() => RegisterAsync(static inputs => [inputs[0], inputs[1] with { Layout = null }, inputs[2]]));
        var shape = await Assert.ThrowsAsync<RegistryException>(() => RegisterAsync(static inputs => [inputs[0] with { Features = ["comment", "mood"] }, .. inputs[1..]]));
        var dtype = await Assert.ThrowsAsync<RegistryException>(() => RegisterAsync(static inputs => [.. inputs[..2], inputs[2] with { Layout = InputLayouts.Texts }]));
        var golden = await Assert.ThrowsAsync<RpcException>(() => RegisterAsync(goldenText: "bad"));

        Assert.Contains("the column 'price' of the feature service is float64; the input 'text' of layout texts expects string", number.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("columns that the feature service 'reviews' does not have: 'absent'", unknown.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("the feature input 'labels' has dtype BYTES; expected FP32, FP64, INT64 or INT32, or BYTES with the layout texts", plain.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("the input 'text' of layout texts names 2 features and has the shape [-1]; expected [-1, 2]", shape.Message, StringComparison.Ordinal);
        Assert.Contains("the input 'price' of layout texts has the dtype FP32; expected BYTES", dtype.Message, StringComparison.Ordinal);
        Assert.Contains("golden", golden.Status.Detail, StringComparison.OrdinalIgnoreCase);
    }

    private static double Score(double[] words, double category, double mood, double price) => words.Sum() + category + mood + price;

    /// <summary>Registers a model that splits a text into words and counts them by weight, looks two labels up, and adds a number.</summary>
    private async Task RegisterAsync(Func<ManifestInput[], ManifestInput[]>? change = null, string goldenText = "good")
    {
        ManifestInput[] inputs =
        [
            new("text", "BYTES", [-1], ["comment"]) { Layout = InputLayouts.Texts },
            new("labels", "BYTES", [-1, 2], ["category", "mood"]) { Layout = InputLayouts.Texts },
            new("price", "FP32", [-1, 1], ["price"]),
        ];
        await _server.RegisterAsync(
            "reviews",
            new OnnxGraphBuilder("reviews")
                .SetOpset("com.microsoft", 1)
                .AddInput(new TensorSpec("text", TensorDtype.Bytes, [-1]))
                .AddInput(new TensorSpec("labels", TensorDtype.Bytes, [-1, 2]))
                .AddInput(new TensorSpec("price", TensorDtype.Float32, [-1, 1]))
                .AddInitializer("axis", [1L], 1)
                .AddInitializer("weights", WordWeights, WordWeights.Length, 1)
                .AddNode(
                    "Tokenizer",
                    ["text"],
                    ["words"],
                    [OnnxAttribute.Of("mark", 0L), OnnxAttribute.Of("mincharnum", 1L), OnnxAttribute.Of("pad_value", ""), OnnxAttribute.Of("separators", (string[])[" "])],
                    "com.microsoft")
                .AddNode(
                    "TfIdfVectorizer",
                    ["words"],
                    ["counts"],
                    [
                        OnnxAttribute.Of("mode", "TF"), OnnxAttribute.Of("min_gram_length", 1L), OnnxAttribute.Of("max_gram_length", 1L), OnnxAttribute.Of("max_skip_count", 0L),
                        OnnxAttribute.Of("ngram_counts", (long[])[0]), OnnxAttribute.Of("ngram_indexes", (long[])[0, 1, 2, 3]), OnnxAttribute.Of("pool_strings", Words),
                    ])
                .AddNode("MatMul", ["counts", "weights"], ["first"])
                .AddNode(
                    "LabelEncoder",
                    ["labels"],
                    ["codes"],
                    [
                        OnnxAttribute.Of("keys_strings", [.. Known, ""]), OnnxAttribute.Of("values_floats", [.. KnownWeights, EmptyWeight]),
                        OnnxAttribute.Of("default_float", UnknownWeight),
                    ],
                    OnnxGraphBuilder.MlDomain)
                .AddNode("ReduceSum", ["codes", "axis"], ["second"])
                .AddNode("Add", ["first", "second"], ["both"])
                .AddNode("Add", ["both", "price"], ["score"])
                .AddOutput(new TensorSpec("score", TensorDtype.Float32, [-1, 1])),
            _plan.Service,
            change?.Invoke(inputs) ?? inputs,
            new ManifestOutput("score", "score", "FP32", [-1, 1]),
            new GoldenSample(
                new Dictionary<string, GoldenTensor>
                {
                    ["text"] = new([2], [], [$"{goldenText} good", ""]), ["labels"] = new([2, 2], [], ["garden", "fine", "", "other"]), ["price"] = new([2, 1], [0.5, 1]),
                },
                new Dictionary<string, GoldenTensor> { ["score"] = new([2, 1], [2 + 16 + 64 + 0.5, EmptyWeight + UnknownWeight + 1]) }),
            Cancellation);
    }
}

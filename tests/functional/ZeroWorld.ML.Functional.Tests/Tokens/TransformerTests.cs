using System.Text.Json;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.Training.Moderation;
using ZeroWorld.ML.V1;
using DefinitionFile = ZeroWorld.ML.V1.DefinitionFile;
using ModerationAction = ZeroWorld.ML.V1.ModerationAction;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A transformer with its tokenizer, from the files to Predict and to decisions; what it gives is what torch gave (make-tiny-transformer.py).</summary>
public sealed class TransformerTests : IAsyncLifetime
{
    private const string Definitions = """
        version: 1
        feature_services:
          - { name: content, request: [ { name: text, type: string } ], features: [ text ] }
          - { name: pair, request: [ { name: text, type: string }, { name: answer, type: string } ], features: [ text, answer ] }
          - { name: number, request: [ { name: text, type: int64 } ], features: [ text ] }
        """;

    private static readonly string[] Tensors = ["input_ids", "attention_mask", "token_type_ids"];
    private static readonly string[] Layouts = [InputLayouts.Tokens, InputLayouts.TokenMask, InputLayouts.TokenTypes];
    private static readonly float[][] Torch = ReadTorch();
    private readonly TempFolder _folder = new();
    private FraudServer _server = null!;
    private ZeroWorldClient _client = null!;
    private ModelPackage _package = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await FraudServer.StartAsync(null, CancellationToken.None, new Dictionary<string, string> { ["Serving:Prediction:FeatureTimeout"] = "10s" });
        _client = await _server.ApplyAsync("texts.yaml", Definitions, CancellationToken.None);
        _package = await PackageAsync("comments", isExclusive: true, ["fine", "foul"]);
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Predict_TextAndPair_GiveWhatTorchGave()
    {
        await RegisterAsync("content", "text");
        await RegisterAsync("pair", "text", "answer");

        var single = await _client.PredictAsync(new PredictionQuery("content1").WithValue("text", "", "Hello, WORLD! unaffable", "garden"), Cancellation);
        var pair = await _client.PredictAsync(new PredictionQuery("pair2").WithValue("text", "you vile").WithValue("answer", "scum"), Cancellation);

        AssertEqual(Torch[0], label => single.Response.Outputs[label].Float32S.Values[1]);
        AssertEqual(Torch[1], label => pair.Response.Outputs[label].Float32S.Values[0]);
        Assert.True((await _client.ReplayAsync(single.PredictionId, cancellationToken: Cancellation)).Equal);
        Assert.True((await _client.ReplayAsync(pair.PredictionId, cancellationToken: Cancellation)).Equal);
    }

    [Fact]
    public async Task Score_PolicyOfATransformer_DecidesWithReasonsAndIsReplayed()
    {
        await _server.UploadAsync(_package.Directory, "comments", Cancellation);
        await _client.Registry.SetAliasAsync(new SetAliasRequest { Model = "comments", Alias = "champion", Version = 1 }, cancellationToken: Cancellation);
        var policies = Path.Combine(_server.DataDirectory, "policies", "default", "comments");
        Directory.CreateDirectory(policies);
        new ModerationPolicy { Name = "first", Version = 1, Model = _package.Digest, Rules = [new ModerationRule("fine", 0.5, 1.01)] }.Write(Path.Combine(policies, "1.json"));
        using var call = _client.Moderation.Score(cancellationToken: Cancellation);

        await call.RequestStream.WriteAsync(new ScoreRequest { Model = "comments", Id = "1", Text = "Hello, WORLD! unaffable" }, Cancellation);
        Assert.True(await call.ResponseStream.MoveNext(Cancellation));
        var decision = call.ResponseStream.Current.Decision;
        await call.RequestStream.CompleteAsync();

        AssertEqual(Torch[0], label => decision.Scores[label == 0 ? "fine" : "foul"]);
        Assert.Equal((ModerationAction.Review, "fine", _package.Digest), (decision.Action, decision.Label, decision.PackageDigest));
        Assert.All(decision.Reasons, static reason => Assert.Contains(reason.Text, (string[])["Hello,", "WORLD!", "unaffable"]));
        var replay = await _client.Predictions.ReplayPredictionAsync(new ReplayPredictionRequest { PredictionId = decision.PredictionId }, cancellationToken: Cancellation);
        Assert.Equal((true, true), (replay.Equal, replay.SameBuild));
    }

    [Fact]
    public async Task DecideAll_ManyTexts_AreRunTogetherAsWideAndReplayed()
    {
        await _server.UploadAsync(_package.Directory, "comments", Cancellation);
        var log = _server.Server.Services.GetRequiredService<PredictionLog>();
        var model = _server.Server.Services.GetRequiredService<TextModels>().Open(_package);
        using var owned = model as IDisposable;
        var policy = new ModerationPolicy { Name = "first", Version = 1, Model = _package.Digest, Rules = [new ModerationRule("fine", 0.5, 1.01)] };
        var engine = new ModerationEngine(model, _package.Digest, policy, TimeProvider.System);
        string[] texts = ["Hello, WORLD! unaffable", "", "you vile scum", string.Concat(Enumerable.Repeat("hello world ", 12)), "garden"];

        var scored = model.ScoreMany(texts, new TextWorkspace());
        var decisions = engine.DecideAll(
            [.. texts.Select((text, place) => ($"{place}", new ModerationItem($"{place}", text, "", "")))], new TextWorkspace(), new DecisionLog(log, new ModelName("default", "comments"), 1, model));

        Assert.Equal([4, 4, 4, 1, 4], scored.Select(static one => one.BatchRows));
        Assert.Equal([0, 1, 2, 0, 3], scored.Select(static one => one.BatchRow));
        AssertEqual(Torch[0], label => decisions[0].Scores[label == 0 ? "fine" : "foul"]);
        for (var place = 0; place < texts.Length; place++)
        {
            Assert.Equal(scored[place].Probabilities, model.Labels.Select(label => decisions[place].Scores[label]));
            Assert.Equal(model.Score(texts[place], new TextWorkspace()).Probabilities[0], scored[place].Probabilities[0], 1e-5f);
            var replay = await _client.Predictions.ReplayPredictionAsync(new ReplayPredictionRequest { PredictionId = decisions[place].PredictionId }, cancellationToken: Cancellation);
            Assert.Equal((true, true), (replay.Equal, replay.SameBuild));
        }
    }

    [Fact]
    public async Task Package_WhatDoesNotFit_IsToldByName()
    {
        var labels = await Assert.ThrowsAsync<RegistryException>(() => PackageAsync("three", isExclusive: null, ["a", "b", "c"]));
        var number = await Assert.ThrowsAsync<RpcException>(() => RegisterAsync("number", "text"));
        var absent = await Assert.ThrowsAsync<RegistryException>(() => BindAsync("content", "text", "text", "text"));

        Assert.Contains("expected FP32 [-1, 3] for the labels a, b, c", labels.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Combine("three")));
        Assert.Contains("the column 'text' of the feature service is int64; the input 'input_ids' of layout tokens expects string", number.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("names 3 features; expected one text, or the two of a pair", absent.Message, StringComparison.Ordinal);
    }

    private static void AssertEqual(float[] expected, Func<int, float> got)
    {
        for (var label = 0; label < expected.Length; label++)
        {
            Assert.Equal(expected[label], got(label), 1e-5);
        }
    }

    private static float[][] ReadTorch()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Tokens", "tiny-transformer.json")));
        return [.. json.RootElement.GetProperty("probability").EnumerateArray().Select(static row => row.EnumerateArray().Select(static value => value.GetSingle()).ToArray())];
    }

    private Task<ModelPackage> PackageAsync(string name, bool? isExclusive, string[] labels) => TransformerPackaging.WriteAsync(
        new TransformerSource
        {
            Model = new ModelName("default", name),
            ModelPath = Path.Combine(AppContext.BaseDirectory, "Tokens", "tiny-transformer.onnx"),
            Tokenizer = new TextTokenizerSettings
            {
                Kind = TextTokenizerKind.WordPiece, Vocabulary = Path.Combine(AppContext.BaseDirectory, "Tokens", "vocab.txt"), LengthMax = 32, Begin = 2, Separator = 3, Padding = 0, Unknown = 1,
            },
            Labels = labels,
            IsExclusive = isExclusive,
            Texts = ["hello world", "you vile scum", ""],
        },
        _folder.Combine(name),
        _server.Server.Services.GetRequiredService<TokenModels>(),
        TimeProvider.System.GetUtcNow(),
        Cancellation);

    private async Task RegisterAsync(string service, params string[] columns)
    {
        var bound = await BindAsync(service, columns);
        await _server.UploadAsync(bound.Directory, bound.Manifest.Name, Cancellation);
        await _client.Registry.SetAliasAsync(new SetAliasRequest { Model = bound.Manifest.Name, Alias = "champion", Version = 1 }, cancellationToken: Cancellation);
    }

    private async Task<ModelPackage> BindAsync(string name, params string[] columns)
    {
        var service = (await _server.Server.Services.GetRequiredService<FeatureServiceCatalog>().GetAsync(ModelName.DefaultProject, name, Cancellation)).Service;
        return await ModelPackageBinding.BindAsync(
            await PackageAsync($"{name}{columns.Length}", isExclusive: true, ["fine", "foul"]),
            _folder.Combine($"bound-{name}-{columns.Length}"),
            new FeatureServiceReference(service.Project, service.Name, service.Fingerprint),
            [.. Tensors.Zip(Layouts, (tensor, layout) => new ManifestInput(tensor, "", [], columns) { Layout = layout })],
            Cancellation);
    }
}

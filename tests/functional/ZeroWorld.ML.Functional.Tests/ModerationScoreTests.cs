using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Moderation;
using ZeroWorld.ML.V1;
using ModerationAction = ZeroWorld.ML.V1.ModerationAction;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Decisions over one bidirectional stream: trained, registered, with a policy that changes in the middle.</summary>
public sealed class ModerationScoreTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private FraudServer _server = null!;
    private ModerationPolicy _policy = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string PolicyFolder => Path.Combine(_server.DataDirectory, "policies", "default", "comments");

    public async ValueTask InitializeAsync()
    {
        _server = await FraudServer.StartAsync(null, CancellationToken.None);
        string[] texts = [.. Enumerable.Range(0, 60).Select(static row => row % 2 == 0 ? $"you vile scum number{row}" : $"a lovely sunny garden number{row}")];
        var package = _folder.Combine("package");
        var trained = await ModerationTraining.RunAsync(
            new ModerationTrainingRequest
            {
                Model = new ModelName("default", "comments"),
                Data = new LabelledTexts(texts, LabelMatrix.OfClasses([.. texts.Select(static (_, row) => row % 2 == 0 ? "foul" : "fine")])),
                OutputDirectory = package,
                Features = new() { Bits = 12 },
                Harmless = ["fine"],
            },
            _server.Server.Services.GetRequiredService<ISparseScorer>(),
            TimeProvider.System,
            null,
            CancellationToken.None);
        File.Delete(Path.Combine(package, "policy.json"));
        _policy = trained.Policy with { Rules = [new ModerationRule("foul", 0.3, 0.6)] };
        await _server.UploadAsync(package, "comments", CancellationToken.None);
        await _server.Client.Registry.SetAliasAsync(new SetAliasRequest { Model = "comments", Alias = "champion", Version = 1 });
        await _server.RegisterAsync(1, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Score_ItemsPoisonAndANewPolicy_AnswersEachInOrder()
    {
        Directory.CreateDirectory(PolicyFolder);
        _policy.Write(Path.Combine(PolicyFolder, "1.json"));
        using var call = _server.Client.Moderation.Score(cancellationToken: Cancellation);

        var blocked = await AskAsync(call, new ScoreRequest { Model = "comments", Id = "1", Text = "you v1le scum" });
        var allowed = await AskAsync(call, new ScoreRequest { Id = "2", Text = "a lovely garden" });
        var refused = await AskAsync(call, new ScoreRequest { Text = "nobody's" });
        var empty = await AskAsync(call, new ScoreRequest { Id = "4" });
        (_policy with { Version = 2, Rules = [new ModerationRule("foul", 1.01, 1.01)] }).Write(Path.Combine(PolicyFolder, "2.json"));
        var later = blocked;
        while (later.Decision.PolicyVersion == 1)
        {
            later = await AskAsync(call, new ScoreRequest { Id = "5", Text = "you v1le scum" });
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(Cancellation));
        Assert.Equal(("1", ModerationAction.Block, "foul", 1, 1L), (blocked.Id, blocked.Decision.Action, blocked.Decision.Label, blocked.Decision.PolicyVersion, blocked.Decision.ModelVersion));
        Assert.Contains(blocked.Decision.Reasons, static reason => reason.Text is "v1le" or "scum");
        Assert.Equal(1, blocked.Decision.Scores.Values.Sum(), 1e-4);
        Assert.Equal(_policy.Model, blocked.Decision.PackageDigest);
        Assert.Equal((ModerationAction.Allow, 0), (allowed.Decision.Action, allowed.Decision.Reasons.Count));
        Assert.Equal("id: it has 0 characters; expected 1 to 512", refused.Refused);
        Assert.NotNull(empty.Decision);
        Assert.Equal((ModerationAction.Allow, 2), (later.Decision.Action, later.Decision.PolicyVersion));
    }

    [Fact]
    public async Task Score_TwoPoliciesOfOneNumber_DecidesByTheFirstAlone()
    {
        Directory.CreateDirectory(PolicyFolder);
        _policy.Write(Path.Combine(PolicyFolder, "later.json"));
        (_policy with { Rules = [new ModerationRule("foul", 1.01, 1.01)] }).Write(Path.Combine(PolicyFolder, "earlier.json"));
        File.SetLastWriteTimeUtc(Path.Combine(PolicyFolder, "earlier.json"), File.GetLastWriteTimeUtc(Path.Combine(PolicyFolder, "later.json")).AddMinutes(-1));
        using var call = _server.Client.Moderation.Score(cancellationToken: Cancellation);

        var allowed = await AskAsync(call, new ScoreRequest { Model = "comments", Id = "1", Text = "you v1le scum" });

        await call.RequestStream.CompleteAsync();
        Assert.Equal((ModerationAction.Allow, 1), (allowed.Decision.Action, allowed.Decision.PolicyVersion));
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(PolicyFolder, "policies.jsonl"), Cancellation));
    }

    [Fact]
    public async Task Score_OverRest_IsTheDecisionOfGrpc()
    {
        Directory.CreateDirectory(PolicyFolder);
        _policy.Write(Path.Combine(PolicyFolder, "1.json"));
        using var call = _server.Client.Moderation.Score(cancellationToken: Cancellation);
        var expected = (await AskAsync(call, new ScoreRequest { Model = "comments", Id = "1", Text = "you v1le scum" })).Decision;
        await call.RequestStream.CompleteAsync();

        using var response = await _server.PostAsync("/v1/models/comments:score", """{"id": "1", "text": "you v1le scum"}""", Cancellation);
        var answer = JsonParser.Default.Parse<ScoreResponse>(await response.Content.ReadAsStringAsync(Cancellation));
        var replay = await _server.Client.Predictions.ReplayPredictionAsync(new ReplayPredictionRequest { PredictionId = answer.Decision.PredictionId }, cancellationToken: Cancellation);

        Assert.Equal("1", answer.Id);
        Assert.NotEqual(expected.PredictionId, answer.Decision.PredictionId);
        Assert.True(replay.Equal);
        (answer.Decision.PredictionId, answer.Decision.Time) = (expected.PredictionId, expected.Time);
        Assert.Equal(expected, answer.Decision);
    }

    [Theory]
    [InlineData("comments", """{"text": "nobody's"}""", HttpStatusCode.BadRequest, "id: it has 0 characters; expected 1 to 512")]
    [InlineData("comments", """{"id": "1", "texts": "a"}""", HttpStatusCode.BadRequest, "The body is no ScoreRequest: Unknown field: texts")]
    [InlineData("comments", """{"id": "1"}""", HttpStatusCode.BadRequest, "text: it is absent or null; expected a value, which may be empty")]
    [InlineData("comments", """{"id": 1, "text": "a"}""", HttpStatusCode.BadRequest, "id: it is a JSON Number; expected a text.")]
    [InlineData("comments", """{"id": "1", "text": ["a"]}""", HttpStatusCode.BadRequest, "text: it is a JSON Array; expected a text.")]
    [InlineData("comments", """{"id": "1", "text": no}""", HttpStatusCode.BadRequest, "The body is not JSON: line 1, byte 22: ")]
    [InlineData("comments", """{"id": "1", "text": null}""", HttpStatusCode.BadRequest, "text: it is absent or null")]
    [InlineData("comments", """{"id": "1", "text": "", "version": 7}""", HttpStatusCode.NotFound, "7")]
    [InlineData("comments", """{"id": "1", "text": "a"}""", HttpStatusCode.BadRequest, "has 1 policies, none of this package")]
    [InlineData("nothing", """{"id": "1", "text": ""}""", HttpStatusCode.NotFound, "nothing")]
    [InlineData("fraud", """{"id": "1", "text": "", "version": 1}""", HttpStatusCode.BadRequest, "is no text model")]
    public async Task Score_OverRestThatCannotBeDecided_SaysWhy(string model, string body, HttpStatusCode status, string mentions)
    {
        Directory.CreateDirectory(PolicyFolder);
        (_policy with { Model = "sha256:another" }).Write(Path.Combine(PolicyFolder, "1.json"));

        using var response = await _server.PostAsync($"/v1/models/{model}:score", body, Cancellation);

        Assert.Equal((status, true), (response.StatusCode, (await response.Content.ReadAsStringAsync(Cancellation)).Contains(mentions, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Score_NoModelNoPolicyNoTextModel_SaysWhichInItsStatus()
    {
        Directory.CreateDirectory(PolicyFolder);
        (_policy with { Model = "sha256:another" }).Write(Path.Combine(PolicyFolder, "1.json"));

        await AssertRefusedAsync(new ScoreRequest { Id = "1" }, StatusCode.InvalidArgument, "model: the first message names none");
        await AssertRefusedAsync(new ScoreRequest { Model = "nothing", Id = "1" }, StatusCode.NotFound, "nothing");
        await AssertRefusedAsync(new ScoreRequest { Model = "comments", Version = 7, Id = "1" }, StatusCode.NotFound, "7");
        await AssertRefusedAsync(new ScoreRequest { Model = "fraud", Version = 1, Id = "1" }, StatusCode.FailedPrecondition, "is no text model");
        await AssertRefusedAsync(new ScoreRequest { Model = "comments", Id = "1" }, StatusCode.FailedPrecondition, "has 1 policies, none of this package");
    }

    [Fact]
    public async Task Replay_DecisionsOfPoliciesThatChanged_AreMadeAgainBitForBit()
    {
        Directory.CreateDirectory(PolicyFolder);
        _policy.Write(Path.Combine(PolicyFolder, "1.json"));
        using var call = _server.Client.Moderation.Score(cancellationToken: Cancellation);
        var blocked = await AskAsync(call, new ScoreRequest { Model = "comments", Id = "1", Text = "you v1le scum\u0000", Language = "en" });
        var allowed = await AskAsync(call, new ScoreRequest { Id = "2", Text = "" });
        await call.RequestStream.CompleteAsync();
        File.Delete(Path.Combine(PolicyFolder, "1.json"));

        foreach (var decision in (ScoredDecision[])[blocked.Decision, allowed.Decision])
        {
            var replay = await _server.Client.Predictions.ReplayPredictionAsync(new ReplayPredictionRequest { PredictionId = decision.PredictionId }, cancellationToken: Cancellation);

            Assert.True(replay.Equal && replay.SameBuild);
            Assert.Equal(["action", "label", "scores[0]", "scores[1]", "reasons"], replay.ReplayedOutputs.Select(static output => output.Name));
            Assert.Equal(decision.Action.ToString(), replay.ReplayedOutputs[0].Bytes.Values[0].ToStringUtf8(), ignoreCase: true);
            Assert.Equal(1, replay.ModelVersion);
        }
    }

    [Fact]
    public async Task Score_HostileTexts_AreDecidedByALimitedPartOfThem()
    {
        Directory.CreateDirectory(PolicyFolder);
        _policy.Write(Path.Combine(PolicyFolder, "1.json"));
        using var call = _server.Client.Moderation.Score(cancellationToken: Cancellation);

        foreach (var text in (string[])[new string('a', 10_000_000), "a" + new string('\u0301', 5_000_000), string.Concat(Enumerable.Repeat("vile scum ", 1_000_000)), new string(' ', 10_000_000)])
        {
            var answer = await AskAsync(call, new ScoreRequest { Model = "comments", Id = "1", Text = text });

            Assert.True(answer.Decision.Truncated);
            Assert.Equal(1, answer.Decision.Scores.Values.Sum(), 1e-4);
            Assert.All(answer.Decision.Reasons, static reason => Assert.InRange(reason.Text.Length, 1, 100));
        }

        var longer = await AskAsync(call, new ScoreRequest { Id = "2", Text = new string('a', (16 << 20) + 1) });
        Assert.Equal("text: it has 16777217 UTF-16 code units; expected at most 16777216", longer.Refused);
        await call.RequestStream.CompleteAsync();
    }

    [Fact]
    public async Task Score_BytesThatAreNoUtf8_SaysSo()
    {
        Directory.CreateDirectory(PolicyFolder);
        _policy.Write(Path.Combine(PolicyFolder, "1.json"));
        using var channel = GrpcChannel.ForAddress(_server.Server.Addresses.Grpc);
        var bytes = Marshallers.Create(static message => message, static message => message);
        var method = new Method<byte[], byte[]>(MethodType.DuplexStreaming, "zeroworld.ml.v1.ModerationService", "Score", bytes, bytes);
        using var raw = channel.CreateCallInvoker().AsyncDuplexStreamingCall(method, null, new CallOptions(cancellationToken: Cancellation));

        await raw.RequestStream.WriteAsync([.. new ScoreRequest { Model = "comments", Id = "1", Text = "you vile \u0001" }.ToByteArray()[..^1], 0xFF], Cancellation);
        var refused = await Assert.ThrowsAsync<RpcException>(() => raw.ResponseStream.MoveNext(Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Contains("The message is no ScoreRequest", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("UTF-8", refused.Status.Detail, StringComparison.Ordinal);
    }

    private static async Task<ScoreResponse> AskAsync(AsyncDuplexStreamingCall<ScoreRequest, ScoreResponse> call, ScoreRequest request)
    {
        await call.RequestStream.WriteAsync(request, Cancellation);
        Assert.True(await call.ResponseStream.MoveNext(Cancellation));
        return call.ResponseStream.Current;
    }

    private async Task AssertRefusedAsync(ScoreRequest request, StatusCode status, string mentions)
    {
        using var call = _server.Client.Moderation.Score(cancellationToken: Cancellation);
        await call.RequestStream.WriteAsync(request, Cancellation);

        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancellation));

        Assert.Equal(status, exception.StatusCode);
        Assert.Contains(mentions, exception.Status.Detail, StringComparison.Ordinal);
    }
}

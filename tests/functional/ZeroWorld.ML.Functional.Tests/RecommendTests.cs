using System.Net;
using System.Text.Json;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.Training.Recommendation;
using ZeroWorld.ML.V1;
using RecommendationSource = ZeroWorld.ML.V1.RecommendationSource;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A recommender from training to answers, with recent items that were pushed into the online store.</summary>
public sealed class RecommendTests : IAsyncLifetime
{
    // Users with even ids use even items, the others odd ones.
    private const int Users = 60;
    private const int Items = 40;

    private const string Definitions = """
        version: 1
        feature_views:
          - name: customer_clicks
            entity: customer
            source: { table: clicks, event_time: at, event_id: id, keys: { customer_id: customer_id }, push: true }
            window: {}
            features:
              - { name: recent_items, aggregate: last_k, k: 20, of: item, type: string, window: 30d }
        feature_services:
          - { name: recent_clicks, features: [ "customer_clicks.*" ] }
        """;

    private readonly TempFolder _folder = new();
    private FraudServer _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await FraudServer.StartAsync(null, CancellationToken.None);
        var yaml = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "fraud.yaml"), CancellationToken.None);
        await _server.Client.Features.ApplyDefinitionsAsync(new ApplyDefinitionsRequest
        {
            Files = { new V1.DefinitionFile { Path = "fraud.yaml", Yaml = yaml }, new V1.DefinitionFile { Path = "clicks.yaml", Yaml = Definitions } },
        });
        var definitions = await _server.Client.Features.ListDefinitionsAsync(new ListDefinitionsRequest());
        var fingerprint = definitions.Definitions.Single(static definition => definition.Name == "recent_clicks").Fingerprint;
        await RegisterAsync("shop", new RecentItemsSource("recent_clicks", fingerprint, "recent_items", "customer_id"));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Recommend_TrainedUserThenPushedItems_FoldsInWhatTheOnlineStoreHolds()
    {
        var request = new RecommendRequest { Model = "shop", User = "2", K = 5 };

        var before = await AskAsync(request);
        await PushAsync(2, ["1", "3", "5", "7", "9", "11", "13", "15", "99"]);
        var after = await AskAsync(request);

        Assert.Equal((RecommendationSource.TrainedUser, 0u, 5, 1L), (before.Source, before.RecentItemsRead, before.Items.Count, before.ModelVersion));
        Assert.All(before.Items, static item => Assert.Equal(0, int.Parse(item.Id) % 2));
        Assert.Equal((RecommendationSource.FoldIn, 9u), (after.Source, after.RecentItemsRead));
        Assert.Equal(["99"], after.UnknownItems);
        Assert.Contains(after.Items, static item => int.Parse(item.Id) % 2 == 1);
        Assert.Empty(after.Items.Select(static item => item.Id).Intersect(["1", "3", "5", "7", "9", "11", "13", "15"]));
    }

    [Fact]
    public async Task Recommend_StrangerWithPushedItems_FoldsIn()
    {
        await PushAsync(7_000, ["1", "3", "5"]);

        var answer = await AskAsync(new RecommendRequest { Model = "shop", User = "7000" });
        var nobody = await AskAsync(new RecommendRequest { Model = "shop", User = "7001" });

        Assert.Equal(RecommendationSource.FoldIn, answer.Source);
        Assert.True(answer.Items.Count(static item => int.Parse(item.Id) % 2 == 1) >= 9);
        Assert.Equal(RecommendationSource.Popularity, nobody.Source);
    }

    [Fact]
    public async Task Recommend_Rest_IsTheAnswerOfGrpc()
    {
        var expected = await AskAsync(new RecommendRequest { Model = "shop", RecentItems = { "0", "2" }, ExcludeItems = { "4" }, K = 6 });

        using var answer = await _server.PostAsync("/v1/models/shop:recommend", """{"recent_items": ["0", "2"], "exclude_items": ["4"], "k": 6}""", Cancellation);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(expected.Items.Select(static item => item.Id), json.RootElement.GetProperty("items").EnumerateArray().Select(static item => item.GetProperty("id").GetString()));
        Assert.Equal("RECOMMENDATION_SOURCE_FOLD_IN", json.RootElement.GetProperty("source").GetString());
        Assert.DoesNotContain("4", expected.Items.Select(static item => item.Id));
    }

    [Fact]
    public async Task Recommend_SimilarItemsAndUsers_AreOfTheSameTaste()
    {
        var items = await AskAsync(new RecommendRequest { Model = "shop", SimilarToItem = "3", K = 8 });
        var users = await AskAsync(new RecommendRequest { Model = "shop", SimilarToUser = "4", K = 8 });

        Assert.All(items.Items, static item => Assert.Equal(1, int.Parse(item.Id) % 2));
        Assert.All(users.Items, static user => Assert.Equal(0, int.Parse(user.Id) % 2));
    }

    [Fact]
    public async Task Recommend_BadRequests_AreRefusedWithTheirStatus()
    {
        await _server.RegisterAsync(1, Cancellation);

        await AssertRefusedAsync(new RecommendRequest { Model = "shop" }, StatusCode.InvalidArgument, "asks 0 questions");
        await AssertRefusedAsync(new RecommendRequest { Model = "shop", User = "1", SimilarToItem = "1" }, StatusCode.InvalidArgument, "asks 2 questions");
        await AssertRefusedAsync(new RecommendRequest { Model = "shop", User = "1", K = 0 }, StatusCode.InvalidArgument, "k is 0; expected 1 to 10000");
        await AssertRefusedAsync(new RecommendRequest { Model = "shop", User = "1", K = uint.MaxValue }, StatusCode.InvalidArgument, "expected 1 to 10000");
        await AssertRefusedAsync(new RecommendRequest { Model = "shop", User = "ann" }, StatusCode.InvalidArgument, "user is 'ann'; expected a whole number");
        await AssertRefusedAsync(new RecommendRequest { Model = "shop", SimilarToItem = "99" }, StatusCode.NotFound, "'99' was not in training");
        await AssertRefusedAsync(new RecommendRequest { Model = "shop", User = "1", Filters = { new AttributeFilter { Attribute = "genre", Values = { "War" } } } }, StatusCode.InvalidArgument, "without attributes");
        await AssertRefusedAsync(new RecommendRequest { Model = "nothing", User = "1" }, StatusCode.NotFound, "nothing");
        await AssertRefusedAsync(new RecommendRequest { Model = "shop", User = "1", Version = 9 }, StatusCode.NotFound, "9");
        await AssertRefusedAsync(new RecommendRequest { Model = "fraud", User = "1", Version = 1 }, StatusCode.FailedPrecondition, "is no recommender");
        using var unknown = await _server.PostAsync("/v1/models/shop:recommend", """{"usr": "1"}""", Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
    }

    [Fact]
    public async Task Recommend_DefinitionOfRecentItemsChanged_IsRefused()
    {
        await RegisterAsync("stale", new RecentItemsSource("recent_clicks", "another", "recent_items", "customer_id"));

        await AssertRefusedAsync(new RecommendRequest { Model = "stale", User = "1" }, StatusCode.FailedPrecondition, "whose definition changed");
    }

    [Fact]
    public async Task ReplayPrediction_OfARecommendation_IsEqualThoughTheOnlineStoreMovedOn()
    {
        await PushAsync(8, ["1", "3", "5"]);
        var answer = await AskAsync(new RecommendRequest { Model = "shop", User = "8", K = 5, ExcludeItems = { "7" }, IncludeSeen = true });
        await PushAsync(8, ["1", "3", "5", "9", "11"]);

        var replay = await ReplayAsync(answer);

        Assert.Equal(("shop", 1L, true, true), (replay.Model, replay.ModelVersion, replay.Equal, replay.SameBuild));
        Assert.Equal(answer.Items.Select(static item => item.Score), Outputs(replay, "scores").Select(static column => column.Float32S.Values.Single()));
        Assert.Equal(answer.Items.Select(static item => item.Id), Outputs(replay, "ids").Select(static column => column.Bytes.Values.Single().ToStringUtf8()));
        Assert.Equal(["5", "3", "1"], replay.Features.Single(static feature => feature.Column.Name == "recent_items").Column.StringLists.Rows.Single().Values);
    }

    [Theory]
    [InlineData("""{"model": "shop", "recent_items": ["0", "2"], "approximate": true, "k": 7}""")]
    [InlineData("""{"model": "shop", "similar_to_item": "3"}""")]
    [InlineData("""{"model": "shop", "similar_to_user": "4", "k": 3}""")]
    [InlineData("""{"model": "shop", "user": "9000", "candidate_items": ["nothing"]}""")]
    [InlineData("""{"model": "shop", "user": "2", "score_items": ["39", "1", "\u00e9\ud83d\ude00"]}""")]
    public async Task ReplayPrediction_OfEveryQuestion_IsEqual(string question)
    {
        var answer = await AskAsync(RecommendRequest.Parser.ParseJson(question));

        var replay = await ReplayAsync(answer);

        Assert.True(replay.Equal);
        Assert.Equal(answer.Items.Count, Outputs(replay, "ids").Count());
    }

    [Fact]
    public async Task DeleteEntity_WhoWasRecommendedTo_ErasesTheLoggedAnswers()
    {
        var own = await AskAsync(new RecommendRequest { Model = "shop", User = "12" });
        var like = await AskAsync(new RecommendRequest { Model = "shop", SimilarToUser = "12" });
        var other = await AskAsync(new RecommendRequest { Model = "shop", User = "13" });

        var receipt = await _server.Client.Features.DeleteEntityAsync(
            new DeleteEntityRequest { Entity = "customer", Keys = { new Column { Name = "customer_id", Int64S = new Int64Values { Values = { 12 } } } } }, cancellationToken: Cancellation);

        Assert.Equal(2, receipt.PredictionRows);
        foreach (var answer in (RecommendResponse[])[own, like])
        {
            var exception = await Assert.ThrowsAsync<RpcException>(() => ReplayAsync(answer));
            Assert.Equal(StatusCode.NotFound, exception.StatusCode);
            Assert.Contains("ERASED", exception.Status.Detail, StringComparison.Ordinal);
        }

        Assert.True((await ReplayAsync(other)).Equal);
    }

    [Fact]
    public async Task Recommend_Answers_AreInTheMetrics()
    {
        await AskAsync(new RecommendRequest { Model = "shop", User = "2" });
        using var rest = await _server.PostAsync("/v1/models/shop:recommend", """{"user": "3"}""", Cancellation);
        await AssertRefusedAsync(new RecommendRequest { Model = "shop", User = "1", K = 0 }, StatusCode.InvalidArgument, "k is 0");

        var text = await _server.Http.GetStringAsync(new Uri(_server.Server.Addresses.Metrics, "/metrics"), Cancellation);

        const string Labels = "project=\"default\",model_name=\"shop\",model_version=\"1\",request_kind=\"recommend\"";
        Assert.Contains($"zeroworld_serving_request_duration_seconds_count{{{Labels}}} 2\n", text, StringComparison.Ordinal);
        Assert.Contains($"zeroworld_serving_stage_duration_seconds_count{{{Labels},stage=\"features\"}} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_inference_request_success{model=\"shop\",version=\"1\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_inference_request_failure{model=\"shop\",reason=\"OTHER\",version=\"1\"} 1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recommend_ScoreItems_GivesTheScoresInTheOrderOfTheRequest()
    {
        var best = await AskAsync(new RecommendRequest { Model = "shop", User = "2", K = 40, IncludeSeen = true });

        var scored = await AskAsync(new RecommendRequest { Model = "shop", User = "2", ScoreItems = { "1", "0", "gone", "3" } });

        Assert.Equal(["1", "0", "3"], scored.Items.Select(static item => item.Id));
        Assert.Equal(["gone"], scored.UnknownItems);
        Assert.All(scored.Items, item => Assert.Equal(best.Items.Single(other => other.Id == item.Id).Score, item.Score));
        await AssertRefusedAsync(new RecommendRequest { Model = "shop", User = "2", K = 3, ScoreItems = { "1" } }, StatusCode.InvalidArgument, "score_items asks for the scores of given items");
        await AssertRefusedAsync(new RecommendRequest { Model = "shop", SimilarToItem = "2", ScoreItems = { "1" } }, StatusCode.InvalidArgument, "score_items");
    }

    private static IEnumerable<Column> Outputs(ReplayPredictionResponse replay, string name) =>
        replay.ReplayedOutputs.Where(column => column.Name == name || column.Name.StartsWith($"{name}[", StringComparison.Ordinal));

    private async Task<ReplayPredictionResponse> ReplayAsync(RecommendResponse answer) =>
        await _server.Client.Predictions.ReplayPredictionAsync(new ReplayPredictionRequest { PredictionId = answer.PredictionId }, cancellationToken: Cancellation);

    private async Task<RecommendResponse> AskAsync(RecommendRequest request) =>
        await _server.Client.Predictions.RecommendAsync(request, cancellationToken: Cancellation);

    private async Task AssertRefusedAsync(RecommendRequest request, StatusCode status, string mentions)
    {
        var exception = await Assert.ThrowsAsync<RpcException>(() => AskAsync(request));

        Assert.Equal(status, exception.StatusCode);
        Assert.Contains(mentions, exception.Status.Detail, StringComparison.Ordinal);
    }

    private async Task RegisterAsync(string model, RecentItemsSource source)
    {
        var builder = new InteractionSetBuilder();
        var random = new Random(3);
        for (var user = 0; user < Users; user++)
        {
            for (var place = 0; place < 9; place++)
            {
                builder.Add($"{user}", $"{(random.Next(Items / 2) * 2) + (user % 2)}", place);
            }
        }

        var set = builder.Build();
        var trainer = new ImplicitAlsTrainer(new ImplicitAlsSettings { Dimensions = 8, Regularisation = 0.02 });
        var bundle = RecommenderBundle.Of(trainer.Fit(set, 1, CancellationToken.None), set, null, source, CancellationToken.None);
        var folder = _folder.Combine(model);
        await RecommenderPackage.WriteAsync(
            folder, new ModelName("default", model), bundle, trainer.Parameters, new Dictionary<string, double>(), 1, DateTimeOffset.UnixEpoch, CancellationToken.None);
        await _server.UploadAsync(folder, model, CancellationToken.None);
        await _server.Client.Registry.SetAliasAsync(new SetAliasRequest { Model = model, Alias = "champion", Version = 1 });
    }

    /// <summary>Pushes clicks of one customer, the oldest first.</summary>
    private async Task PushAsync(long customer, string[] items)
    {
        var now = _server.Server.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var times = items.Select((_, place) => UnixMicroseconds.FromDateTimeOffset(now.AddMinutes(place - items.Length)));
        var pushed = await _server.Client.Features.PushEventsAsync(
            new PushEventsRequest
            {
                Table = "clicks",
                Columns =
                {
                    new Column { Name = "id", Int64S = new Int64Values { Values = { items.Select((_, place) => (customer * 100) + place) } } },
                    new Column { Name = "at", Timestamps = new TimestampValues { Microseconds = { times } } },
                    new Column { Name = "customer_id", Int64S = new Int64Values { Values = { Enumerable.Repeat(customer, items.Length) } } },
                    new Column { Name = "item", Strings = new StringValues { Values = { items } } },
                },
            },
            cancellationToken: Cancellation);
        Assert.Equal((uint)items.Length, pushed.Accepted);
    }
}

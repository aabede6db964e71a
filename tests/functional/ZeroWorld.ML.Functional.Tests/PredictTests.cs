using Grpc.Core;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.V1;
using Column = ZeroWorld.ML.V1.Column;

namespace ZeroWorld.ML.Functional.Tests;

public sealed class PredictTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly FraudServer _fraud = fixture.Fraud;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Predict_KnownEntities_HasFeaturesOfTheirHistory()
    {
        var prediction = await _fraud.Client.PredictAsync(FraudServer.Query(), Cancellation);

        var row = Assert.Single(prediction.Rows);
        Assert.Equal(("fraud", 1L, 32), (prediction.Model, prediction.ModelVersion, prediction.PredictionId.Length));
        Assert.Null(row.Error);
        Assert.Equal(_fraud.Plan.Service.Columns.Select(column => column.Name), row.Features.Select(feature => feature.Name));
        var features = row.Features.ToDictionary(feature => feature.Name);
        Assert.All(row.Features, feature => Assert.Equal(feature.Name.StartsWith("terminal_fraud_risk", StringComparison.Ordinal), feature.IsDefaulted));
        Assert.Equal(57.16, features["amount"].Value);
        Assert.Equal(false, features["is_weekend"].Value);
        Assert.Equal(false, features["is_night"].Value);

        // Events lie at 0.5, 1.5... hours: 24 in a day, and the request itself.
        Assert.Equal(25L, features["customer_tx_count_1d"].Value);
        var amounts = Enumerable.Range(0, 24).Select(FraudStore.Amount).Append(57.16).Average();
        Assert.Equal(amounts, (double)features["customer_amount_mean_1d"].Value!, 1e-9);
        Assert.Equal((long)ServerFixture.Events + 1, features["customer_tx_count_30d"].Value);

        // All events lie within the seven days that the label takes.
        Assert.Equal((0L, 0.0), (features["terminal_tx_count_7d"].Value, features["terminal_fraud_risk_7d"].Value));
        Assert.Equal(FeatureStatus.Present, features["terminal_tx_count_7d"].Status);
    }

    [Fact]
    public async Task Predict_LabelDelay_CountsOnlyEventsBeforeIt()
    {
        var prediction = await _fraud.Client.PredictAsync(
            new PredictionQuery("fraud").WithEntity("customer_id", 1).WithEntity("terminal_id", 1).WithValue("amount", 1.0).At(FraudStore.Now + TimeSpan.FromDays(6)), Cancellation);

        // q - 7 d is 24 h before the newest event: events 24 to 99 lie at or before it.
        var features = prediction.Rows[0].Features.ToDictionary(feature => feature.Name);
        Assert.Equal(76L, features["terminal_tx_count_7d"].Value);
        Assert.Equal(15 / 76.0, (double)features["terminal_fraud_risk_7d"].Value!, 1e-9);
    }

    [Fact]
    public async Task Predict_ManyAtOnceAndSomeOutOfTime_EachAnswerHasItsOwnFeatures()
    {
        // Rows of answers lie in memory that the next request uses again, and calls that run out of time leave theirs behind.
        var answered = 0;
        await Task.WhenAll(Enumerable.Range(0, 24).Select(caller => Task.Run(() => CallAsync(caller), Cancellation))).WaitAsync(Cancellation);

        Assert.Equal(24 * 15, answered);

        async Task CallAsync(int caller)
        {
            for (var round = 0; round < 20; round++)
            {
                var amount = (caller * 1000) + round + 0.25;
                if (round % 4 == 3)
                {
                    using var hurry = new CancellationTokenSource(TimeSpan.FromMilliseconds(caller % 4));
                    await ((Task)_fraud.Client.PredictAsync(FraudServer.Query(1 + (caller % 16), 1, amount), hurry.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    continue;
                }

                var prediction = await _fraud.Client.PredictAsync(FraudServer.Query(1 + (caller % 16), 1, amount), Cancellation);
                var features = Assert.Single(prediction.Rows).Features;
                Assert.Equal(amount, features.Single(static feature => feature.Name == "amount").Value);
                Assert.All(features.Where(static feature => feature.Name == "customer_amount_mean_1d"), feature => Assert.Equal(MeanWith(amount), (double)feature.Value!, 1e-6));
                Interlocked.Increment(ref answered);
            }
        }

        static double MeanWith(double amount) => Enumerable.Range(0, 24).Select(FraudStore.Amount).Append(amount).Average();
    }

    [Fact]
    public async Task Predict_SeveralRows_BroadcastsColumnsOfOne()
    {
        var query = new PredictionQuery("fraud").WithEntity("customer_id", 1, 2, 999_999).WithEntity("terminal_id", 1).WithValue("amount", 10, 20.5, 300).At(FraudStore.Now);

        var prediction = await _fraud.Client.PredictAsync(query, Cancellation);

        Assert.Equal(3, prediction.Rows.Count);
        for (var row = 0; row < 3; row++)
        {
            var single = await _fraud.Client.PredictAsync(FraudServer.Query(row < 2 ? row + 1 : 999_999, 1, row == 0 ? 10 : row == 1 ? 20.5 : 300), Cancellation);
            Assert.Equal(single.Rows[0].GetOutput("probability"), prediction.Rows[row].GetOutput("probability"));
            Assert.Equal(single.Rows[0].Decision, prediction.Rows[row].Decision);
        }

        // A windowed view of an unknown customer is an empty window, plus the request.
        Assert.Equal(1L, prediction.Rows[2].Features.Single(feature => feature.Name == "customer_tx_count_30d").Value);
    }

    [Fact]
    public async Task Predict_NullKey_IsNotFoundForItsFeatures()
    {
        var request = FraudServer.Query().ToRequest();
        request.Entities[1].NullRows.Add(0);

        var response = await _fraud.Client.Predictions.PredictAsync(request, cancellationToken: Cancellation);

        var risk = response.Features.Single(feature => feature.Column.Name == "terminal_fraud_risk_7d");
        Assert.Equal((FeatureStatus.NotFound, 0d), (risk.Statuses[0], risk.Column.Float64S.Values[0]));
        Assert.Equal([0u], risk.DefaultedRows);
    }

    [Fact]
    public async Task Predict_VersionAndAlias_ChooseTheModel()
    {
        var champion = await _fraud.Client.PredictAsync(FraudServer.Query().UseAlias("champion"), Cancellation);
        var challenger = await _fraud.Client.PredictAsync(FraudServer.Query().UseAlias("challenger"), Cancellation);
        var second = await _fraud.Client.PredictAsync(FraudServer.Query().UseVersion(2), Cancellation);

        Assert.Equal([1L, 2L, 2L], [champion.ModelVersion, challenger.ModelVersion, second.ModelVersion]);
        Assert.Equal(challenger.Rows[0].GetOutput("probability"), second.Rows[0].GetOutput("probability"));
        Assert.NotEqual(champion.Rows[0].GetOutput("probability"), second.Rows[0].GetOutput("probability"));
    }

    [Fact]
    public async Task Predict_OmitFeatures_LeavesThemOut()
    {
        var prediction = await _fraud.Client.PredictAsync(FraudServer.Query().OmitFeatures(), Cancellation);

        Assert.Empty(prediction.Response.Features);
        Assert.InRange(prediction.Rows[0].GetOutput("probability"), 0, 1);
    }

    public static TheoryData<string, StatusCode, string> BadRequests => new()
    {
        { "unknown model", StatusCode.NotFound, "nothing" },
        { "bad model name", StatusCode.InvalidArgument, "NO SUCH" },
        { "unknown project", StatusCode.NotFound, "elsewhere" },
        { "unknown version", StatusCode.NotFound, "99" },
        { "unknown alias", StatusCode.NotFound, "nobody" },
        { "version zero", StatusCode.InvalidArgument, "version" },
        { "string key", StatusCode.InvalidArgument, "customer_id" },
        { "no entity", StatusCode.InvalidArgument, "customer_id" },
        { "no request value", StatusCode.InvalidArgument, "amount" },
        { "unknown column", StatusCode.InvalidArgument, "amuont" },
        { "uneven columns", StatusCode.InvalidArgument, "terminal_id" },
        { "column without values", StatusCode.InvalidArgument, "empty" },
        { "null rows out of range", StatusCode.InvalidArgument, "null_rows" },
    };

    [Theory]
    [MemberData(nameof(BadRequests))]
    public async Task Predict_BadRequest_IsNamedWithItsStatus(string fault, StatusCode code, string mentions)
    {
        var request = FraudServer.Query().ToRequest();
        switch (fault)
        {
            case "unknown model":
                request.Model = "nothing";
                break;
            case "bad model name":
                request.Model = "NO SUCH";
                break;
            case "unknown project":
                request.Project = "elsewhere";
                break;
            case "unknown version":
                request.Version = 99;
                break;
            case "unknown alias":
                request.Alias = "nobody";
                break;
            case "version zero":
                request.Version = 0;
                break;
            case "string key":
                request.Entities[0].Strings = new StringValues { Values = { "1" } };
                break;
            case "no entity":
                request.Entities.RemoveAt(0);
                break;
            case "no request value":
                request.Request.RemoveAt(0);
                break;
            case "unknown column":
                request.Request.Add(new Column { Name = "amuont", Float64S = new Float64Values { Values = { 1 } } });
                break;
            case "uneven columns":
                request.Entities[0].Int64S.Values.Add([2, 3]);
                request.Entities[1].Int64S.Values.Add(2);
                break;
            case "column without values":
                request.Request.Add(new Column { Name = "empty" });
                break;
            case "null rows out of range":
                request.Entities[0].NullRows.Add(1);
                break;
        }

        var exception = await Assert.ThrowsAsync<RpcException>(async () => await _fraud.Client.Predictions.PredictAsync(request, cancellationToken: Cancellation));

        Assert.Equal(code, exception.StatusCode);
        Assert.Contains(mentions, exception.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", exception.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetOnlineFeatures_SameEntities_AreTheFeaturesOfThePrediction()
    {
        var query = FraudServer.Query(2, 3).ToRequest();
        var request = new GetOnlineFeaturesRequest { FeatureService = "fraud", Entities = { query.Entities }, Request = { query.Request } };

        var features = await _fraud.Client.Features.GetOnlineFeaturesAsync(request, cancellationToken: Cancellation);
        var prediction = await _fraud.Client.Predictions.PredictAsync(query, cancellationToken: Cancellation);

        Assert.Equal(prediction.Features, features.Features);
        Assert.Equal(_fraud.Plan.Service.Fingerprint, features.Fingerprint);
    }

    [Theory]
    [InlineData("fruad", StatusCode.NotFound, "Defined: fraud")]
    [InlineData("fraud", StatusCode.InvalidArgument, "Feature service 'fraud' needs")]
    public async Task GetOnlineFeatures_BadRequest_IsNamed(string service, StatusCode code, string message)
    {
        var exception = await Assert.ThrowsAsync<RpcException>(async () => await _fraud.Client.Features.GetOnlineFeaturesAsync(
            new GetOnlineFeaturesRequest { FeatureService = service }, cancellationToken: Cancellation));

        Assert.Equal(code, exception.StatusCode);
        Assert.Contains(message, exception.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReplayPrediction_OfAnAnswer_IsBitEqual()
    {
        var query = new PredictionQuery("fraud").WithEntity("customer_id", 1, 2).WithEntity("terminal_id", 1).WithValue("amount", 57.16).At(FraudStore.Now);
        var prediction = await _fraud.Client.PredictAsync(query, Cancellation);

        var replay = await _fraud.Client.ReplayAsync(prediction.PredictionId, cancellationToken: Cancellation);

        Assert.Equal((true, true, "fraud", 1L), (replay.Equal, replay.SameBuild, replay.Model, replay.ModelVersion));
        Assert.Equal(prediction.Response.Outputs, replay.LoggedOutputs);
        Assert.Equal(prediction.Response.Outputs, replay.ReplayedOutputs);
        Assert.Equal([FraudStore.Microseconds(FraudStore.Now), FraudStore.Microseconds(FraudStore.Now)], replay.Times);
        Assert.Equal(prediction.Response.Features.Select(feature => feature.Statuses), replay.Features.Select(feature => feature.Statuses));
    }

    [Theory]
    [InlineData("0198f0b0000070008000000000000000", StatusCode.NotFound)]
    [InlineData("no id", StatusCode.InvalidArgument)]
    public async Task ReplayPrediction_UnknownId_IsRefused(string id, StatusCode code)
    {
        var exception = await Assert.ThrowsAsync<RpcException>(() => _fraud.Client.ReplayAsync(id, cancellationToken: Cancellation));

        Assert.Equal(code, exception.StatusCode);
    }
}

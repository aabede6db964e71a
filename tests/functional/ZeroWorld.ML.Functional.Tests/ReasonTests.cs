using System.Net;
using System.Text.Json;
using Grpc.Core;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Reason codes in answers of Predict.</summary>
public sealed class ReasonTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly FraudServer _fraud = fixture.Fraud;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Predict_AllReasons_AddUpToTheLogOddsOfTheAnswer()
    {
        var prediction = await _fraud.Client.PredictAsync(FraudServer.Query().WithReasons(100), Cancellation);

        var reasons = Assert.Single(prediction.Response.Reasons);
        var probability = (float)prediction.Rows[0].GetOutput("probability")!;
        Assert.Equal(Math.Log(probability / (1 - (double)probability)), reasons.BaseValue + reasons.Codes.Sum(static code => code.Contribution), 1e-4);
        Assert.Equal(reasons.Codes.OrderByDescending(static code => Math.Abs(code.Contribution)).Select(static code => code.Feature), reasons.Codes.Select(static code => code.Feature));
        Assert.All(reasons.Codes, code => Assert.Contains(code.Feature, _fraud.Plan.Service.Columns.Select(static column => column.Name)));
        Assert.Equal(prediction.Rows[0].Features.Count, _fraud.Plan.Service.Columns.Count);
    }

    [Fact]
    public async Task Predict_NoReasonsAskedFor_CarriesNone() =>
        Assert.Empty((await _fraud.Client.PredictAsync(FraudServer.Query(), Cancellation)).Response.Reasons);

    [Fact]
    public async Task Predict_SeveralRowsWithoutFeatures_HasTheReasonsOfEachRow()
    {
        var query = new Client.PredictionQuery("fraud").WithEntity("customer_id", 1, 2, 999_999).WithEntity("terminal_id", 1).WithValue("amount", 10, 20.5, 300).At(FraudStore.Now);

        var prediction = await _fraud.Client.PredictAsync(query.OmitFeatures().WithReasons(3), Cancellation);

        Assert.Equal(3, prediction.Response.Reasons.Count);
        Assert.Empty(prediction.Response.Features);
        var single = await _fraud.Client.PredictAsync(FraudServer.Query(2, 1, 20.5).WithReasons(3), Cancellation);
        Assert.Equal(single.Response.Reasons[0], prediction.Response.Reasons[1]);
        Assert.All(prediction.Response.Reasons, static row => Assert.InRange(row.Codes.Count, 1, 3));
    }

    [Fact]
    public async Task PredictOverRest_WithReasons_HasThemInEachRow()
    {
        const string Body = """{"entities": {"customer_id": [1, 2], "terminal_id": 1}, "request": {"amount": 57.16, "time": "2018-08-08T12:00:00Z"}, "reasons": 2}""";

        using var response = await _fraud.PostAsync("/v1/models/fraud:predict", Body, Cancellation);

        var text = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        using var json = JsonDocument.Parse(text);
        foreach (var row in json.RootElement.GetProperty("rows").EnumerateArray())
        {
            Assert.Equal(JsonValueKind.Number, row.GetProperty("base_value").ValueKind);
            Assert.Equal(2, row.GetProperty("reasons").GetArrayLength());
            Assert.NotEqual(0, row.GetProperty("reasons")[0].GetProperty("contribution").GetDouble());
        }
    }

    [Fact]
    public async Task Predict_TooManyReasonsOrRows_IsRefusedWithTheBound()
    {
        var many = await Assert.ThrowsAsync<RpcException>(() => _fraud.Client.PredictAsync(FraudServer.Query().WithReasons(101), Cancellation));
        var rows = new Client.PredictionQuery("fraud").WithEntity("customer_id", [.. Enumerable.Range(1, 1001).Select(static id => (long)id)])
            .WithEntity("terminal_id", 1).WithValue("amount", 1.0).At(FraudStore.Now);
        var tall = await Assert.ThrowsAsync<RpcException>(() => _fraud.Client.PredictAsync(rows.WithReasons(1), Cancellation));
        using var text = await _fraud.PostAsync("/v1/models/fraud:predict", """{"entities": {"customer_id": 1, "terminal_id": 1}, "request": {"amount": 1}, "reasons": "5"}""", Cancellation);

        Assert.Equal((StatusCode.InvalidArgument, "reasons is 101; expected 0 to 100."), (many.StatusCode, many.Status.Detail));
        Assert.Equal(StatusCode.InvalidArgument, tall.StatusCode);
        Assert.Contains("1001 rows; with reasons expected at most 1000", tall.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, text.StatusCode);
        Assert.Contains("'reasons'", await text.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Predict_PackageWithoutReasons_IsAFailedPrecondition()
    {
        using var folder = new TempFolder();
        await FraudModel.WriteAsync(folder.Combine("package"), _fraud.Plan.Service, 3, 77, Cancellation, "silent", hasReasons: false);
        var version = await _fraud.UploadAsync(folder.Combine("package"), "silent", Cancellation);
        var request = FraudServer.Query().WithReasons(3).ToRequest();
        (request.Model, request.Version) = ("silent", version.Version);

        // The version is served when the server has seen the registry: until then it is unavailable or not found.
        RpcException refused;
        do
        {
            refused = await Assert.ThrowsAsync<RpcException>(async () => await _fraud.Client.Predictions.PredictAsync(request, cancellationToken: Cancellation));
        }
        while (refused.StatusCode is StatusCode.Unavailable or StatusCode.NotFound);

        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Contains("has no reasons.json", refused.Status.Detail, StringComparison.Ordinal);
    }
}

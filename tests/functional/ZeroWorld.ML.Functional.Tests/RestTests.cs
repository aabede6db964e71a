using System.Net;
using System.Text.Json;

namespace ZeroWorld.ML.Functional.Tests;

public sealed class RestTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Body = """{"entities": {"customer_id": 1, "terminal_id": 1}, "request": {"amount": 57.16, "time": "2018-08-08T12:00:00Z"}}""";
    private readonly FraudServer _fraud = fixture.Fraud;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Predict_SameQuery_IsTheAnswerOfGrpc()
    {
        var expected = await _fraud.Client.PredictAsync(FraudServer.Query(), Cancellation);

        using var json = await PostAsync("/v1/models/fraud:predict", Body, HttpStatusCode.OK);

        Assert.Equal(("fraud", 1), (json.RootElement.GetProperty("model").GetString(), json.RootElement.GetProperty("version").GetInt32()));
        var row = Assert.Single(json.RootElement.GetProperty("rows").EnumerateArray());
        Assert.Equal((float)expected.Rows[0].GetOutput("probability"), row.GetProperty("outputs").GetProperty("probability").GetSingle());
        Assert.Equal(expected.Rows[0].Decision, row.GetProperty("decision").GetString());
        var features = row.GetProperty("features").EnumerateArray().ToArray();
        Assert.Equal(expected.Rows[0].Features.Select(feature => feature.Name), features.Select(feature => feature.GetProperty("name").GetString()));
        Assert.Equal(
            expected.Rows[0].Features.Select(feature => (feature.Status.ToString().ToUpperInvariant(), feature.IsDefaulted)),
            features.Select(feature => (feature.GetProperty("status").GetString()!, feature.GetProperty("defaulted").GetBoolean())));
        Assert.Equal("2018-08-08T12:00:00Z", features.Single(feature => feature.GetProperty("name").GetString() == "customer_tx_count_1d").GetProperty("event_time").GetString());
    }

    [Theory]
    [InlineData("/v1/models/nothing:predict", Body, 404, "nothing")]
    [InlineData("/v1/models/fraud:predict", "{", 400, "not JSON")]
    [InlineData("/v1/models/fraud:predict", """{"entities": {"customer_id": "1", "terminal_id": 1}, "request": {"amount": 1}}""", 400, "'entities.customer_id' is \"1\"")]
    [InlineData("/v1/models/fraud:predict", """{"entities": {"customer_id": 1, "terminal_id": 1}}""", 400, "'amount'")]
    [InlineData("/v1/models/fraud:predict", """{"entities": {"customer_id": 1, "terminal_id": 1, "shop_id": 2}, "request": {"amount": 1}}""", 400, "'shop_id'")]
    [InlineData("/v1/models/fraud:predict", """{"entity": {}}""", 400, "Unknown property 'entity'")]
    [InlineData("/v1/models/fraud:predict", """{"version": 77, "entities": {}}""", 404, "77")]
    [InlineData("/v1/models/fraud:explain", Body, 404, "/v1/models/fraud:explain")]
    [InlineData("/v2/models/fraud/infer", """{"inputs": [{"name": "features", "shape": [1, 15], "datatype": "FP32", "data": [1]}]}""", 400, "has 1 elements; expected 15")]
    [InlineData("/v2/models/nothing/infer", """{"inputs": []}""", 404, "nothing")]
    public async Task Post_BadRequest_IsAnErrorWithItsStatus(string path, string body, int status, string mentions)
    {
        using var json = await PostAsync(path, body, (HttpStatusCode)status);

        Assert.Contains(mentions, json.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_JsonData_EqualsGrpc()
    {
        var values = Enumerable.Range(0, 30).Select(index => index * 7.5f).ToArray();
        var expected = await _fraud.Client.InferAsync("fraud", [Client.Float32Tensor.Create("features", [2, 15], values)], "2", cancellationToken: Cancellation);

        using var json = await PostAsync(
            "/v2/models/fraud/versions/2/infer",
            $$"""{"id": "a", "inputs": [{"name": "features", "shape": [2, 15], "datatype": "FP32", "data": {{JsonSerializer.Serialize(values)}}}]}""",
            HttpStatusCode.OK);

        Assert.Equal(("fraud", "2", "a"), (Text(json, "model_name"), Text(json, "model_version"), Text(json, "id")));
        var data = json.RootElement.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(element => element.GetSingle());
        Assert.Equal(Client.Float32Tensor.ToArray(expected[0]), data);
    }

    [Theory]
    [InlineData("/v2", "\"name\":\"zeroworld\"")]
    [InlineData("/v2/health/live", "{\"live\":true}")]
    [InlineData("/v2/health/ready", "{\"ready\":true}")]
    [InlineData("/v2/models/fraud", "\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP32\",\"shape\":[-1,15]}]")]
    [InlineData("/v2/models/fraud/versions/2/ready", "{\"ready\":true}")]
    [InlineData("/", "fraud version 1: Ready (champion)")]
    public async Task Get_Page_SaysWhatIsThere(string path, string mentions)
    {
        using var response = await _fraud.Http.GetAsync(new Uri(_fraud.Server.Addresses.Http, path), Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains(mentions, await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/v2/models/nothing", 404)]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("DELETE", "/v2", 405)]
    public async Task Request_NothingThere_IsAnErrorInJson(string method, string path, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(_fraud.Server.Addresses.Http, path));

        using var response = await _fraud.Http.SendAsync(request, Cancellation);

        Assert.Equal(status, (int)response.StatusCode);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        Assert.NotEmpty(Text(json, "error")!);
    }

    [Fact]
    public async Task Metrics_AfterAPrediction_NameOurInstruments()
    {
        await _fraud.Client.PredictAsync(FraudServer.Query(), Cancellation);

        var text = await _fraud.Http.GetStringAsync(new Uri(_fraud.Server.Addresses.Metrics, "/metrics"), Cancellation);

        Assert.Contains("zeroworld_serving_request_duration_seconds_bucket", text, StringComparison.Ordinal);
        Assert.DoesNotContain("customer_id", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_OnThePortOfRest_AreNotThere()
    {
        using var response = await _fraud.Http.GetAsync(new Uri(_fraud.Server.Addresses.Http, "/metrics"), Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    private async Task<JsonDocument> PostAsync(string path, string body, HttpStatusCode status)
    {
        using var response = await _fraud.PostAsync(path, body, Cancellation);
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.True(status == response.StatusCode, $"{response.StatusCode}: {text}");
        return JsonDocument.Parse(text);
    }

    private static string? Text(JsonDocument json, string property) => json.RootElement.GetProperty(property).GetString();
}

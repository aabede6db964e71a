using System.Net;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using ZeroWorld.ML.V1;
using Column = ZeroWorld.ML.V1.Column;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Online features by service and by name, over both protocols.</summary>
public sealed class OnlineFeaturesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly FraudServer _fraud = fixture.Fraud;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetOnlineFeatures_ByName_AreTheColumnsOfTheService()
    {
        var service = new GetOnlineFeaturesRequest { FeatureService = "fraud" };
        var byName = new GetOnlineFeaturesRequest { Features = { "terminal_risk.terminal_tx_count_30d", "customer_spending.*" } };
        foreach (var request in (GetOnlineFeaturesRequest[])[service, byName])
        {
            request.Entities.Add(Keys("customer_id", 1, 2, 3, 2));
            request.Entities.Add(Keys("terminal_id", 4));
            request.Request.Add(new Column { Name = "amount", Float64S = new Float64Values { Values = { 57.16 } } });
            request.Request.Add(Time(FraudStore.Now));
        }

        var expected = await _fraud.Client.Features.GetOnlineFeaturesAsync(service, cancellationToken: Cancellation);
        var answer = await _fraud.Client.Features.GetOnlineFeaturesAsync(byName, cancellationToken: Cancellation);

        Assert.Equal("terminal_tx_count_30d", answer.Features[0].Column.Name);
        Assert.Equal(7, answer.Features.Count);
        Assert.All(answer.Features, feature => Assert.Equal(expected.Features.Single(other => other.Column.Name == feature.Column.Name), feature));
        Assert.All(answer.Features, static feature => Assert.Equal(4, feature.Statuses.Count));
        Assert.NotEqual(expected.Fingerprint, answer.Fingerprint);
    }

    [Theory]
    [InlineData("", "", StatusCode.InvalidArgument, "Neither feature_service nor features is given")]
    [InlineData("fraud", "customer_spending.*", StatusCode.InvalidArgument, "Both feature_service and features are given")]
    [InlineData("frau", "", StatusCode.NotFound, "Feature service 'frau' is not defined in project 'default'. Defined: fraud")]
    [InlineData("", "customer_spendin.*", StatusCode.NotFound, "Feature view 'customer_spendin' is not defined")]
    [InlineData("", "customer_spending.x", StatusCode.NotFound, "has no feature 'x'. It has: ")]
    [InlineData("", "customer_spending", StatusCode.InvalidArgument, "'customer_spending' names no feature; expected VIEW.FEATURE or VIEW.*")]
    [InlineData("", "a.b.c", StatusCode.InvalidArgument, "'a.b.c' names no feature")]
    [InlineData("", "customer_spending.*,customer_spending.customer_tx_count_1d", StatusCode.InvalidArgument, "'customer_spending.customer_tx_count_1d' is asked for twice")]
    public async Task GetOnlineFeatures_WrongNames_AreRefusedWithASentence(string service, string features, StatusCode code, string expected)
    {
        var request = new GetOnlineFeaturesRequest { FeatureService = service, Entities = { Keys("customer_id", 1) } };
        request.Features.AddRange(features.Split(',', StringSplitOptions.RemoveEmptyEntries));

        var exception = await Assert.ThrowsAsync<RpcException>(async () => await _fraud.Client.Features.GetOnlineFeaturesAsync(request, cancellationToken: Cancellation));

        Assert.Equal(code, exception.StatusCode);
        Assert.Contains(expected, exception.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FeatureStoreService", "GetOnlineFeatures", MethodType.Unary)]
    [InlineData("FeatureStoreService", "PushEvents", MethodType.Unary)]
    [InlineData("FeatureStoreService", "PushEventStream", MethodType.ClientStreaming)]
    [InlineData("FeatureStoreService", "DeleteEntity", MethodType.Unary)]
    [InlineData("RegistryService", "ListModels", MethodType.Unary)]
    public async Task AnyCall_BytesThatAreNoMessage_AreRefused(string service, string name, MethodType type)
    {
        using var channel = GrpcChannel.ForAddress(_fraud.Server.Addresses.Grpc);
        var bytes = Marshallers.Create(static message => message, static message => message);
        var method = new Method<byte[], byte[]>(type, $"zeroworld.ml.v1.{service}", name, bytes, bytes);
        var options = new CallOptions(cancellationToken: Cancellation);

        // A first field of two bytes that are no UTF-8.
        foreach (var message in new byte[][] { [0xFF, 0xFF, 0xFF, 0xFF], [0x0A, 0x02, 0xFF, 0xFE] })
        {
            var exception = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                if (type == MethodType.Unary)
                {
                    await channel.CreateCallInvoker().AsyncUnaryCall(method, null, options, message);
                    return;
                }

                using var call = channel.CreateCallInvoker().AsyncClientStreamingCall(method, null, options);
                await call.RequestStream.WriteAsync(message, Cancellation);
                await call.ResponseAsync;
            });

            Assert.Equal(StatusCode.InvalidArgument, exception.StatusCode);
            Assert.StartsWith("The message is no ", exception.Status.Detail, StringComparison.Ordinal);
        }
    }

    // As curl -d sends it, too. Dots in a path are taken out by whoever reads it, encoded or not: the path is that of the default project.
    [Theory]
    [InlineData("/v1/features:read", "text/plain", 200)]
    [InlineData("/v1/features:read", "application/x-www-form-urlencoded", 200)]
    [InlineData("/v1/projects/%2e%2e/features:read", "application/json", 200)]
    [InlineData("/v1/projects/%2e%2e%2f/features:read", "application/json", 400)]
    [InlineData("/v1/projects/..%5c/features:read", "application/json", 400)]
    public async Task Rest_AnyContentTypeAndDotsInThePath_FollowTheRulesOfHttp(string path, string contentType, int status)
    {
        using var body = new StringContent("""{"feature_service": "fraud", "entities": {"customer_id": 1, "terminal_id": 4}, "request": {"amount": 1.5}}""", System.Text.Encoding.UTF8, contentType);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_fraud.Server.Addresses.Http.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })) { Content = body };

        using var response = await client.SendAsync(request, Cancellation);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task GetOnlineFeatures_EverNewSelections_StayRight()
    {
        // More than are kept prepared or compiled.
        for (var round = 0; round < 300; round++)
        {
            var request = new GetOnlineFeaturesRequest { Entities = { Keys("customer_id", 1) }, Request = { Amount(round), Time(FraudStore.Now) } };
            request.Features.AddRange(Selection(round));

            var answer = await _fraud.Client.Features.GetOnlineFeaturesAsync(request, cancellationToken: Cancellation);

            Assert.Equal(Selection(round).Select(static name => name.Split('.')[1]), answer.Features.Select(static feature => feature.Column.Name));
            Assert.All(answer.Features, static feature => Assert.Equal(FeatureStatus.Present, feature.Statuses[0]));
        }
    }

    [Fact]
    public async Task Read_OverRest_IsWhatGrpcAnswers()
    {
        var expected = await _fraud.Client.Features.GetOnlineFeaturesAsync(
            new GetOnlineFeaturesRequest
            {
                FeatureService = "fraud",
                Entities = { Keys("customer_id", 1, 99), Keys("terminal_id", 4) },
                Request = { Amount(57.16), Time(FraudStore.Now) },
            },
            cancellationToken: Cancellation);

        using var response = await _fraud.PostAsync(
            "/v1/features:read",
            """{"feature_service": "fraud", "entities": {"customer_id": [1, 99], "terminal_id": 4}, "request": {"amount": 57.16, "time": "2018-08-08T12:00:00Z"}}""",
            Cancellation);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(expected.Fingerprint, body.RootElement.GetProperty("fingerprint").GetString());
        Assert.Equal(2, body.RootElement.GetProperty("rows").GetInt32());
        var features = body.RootElement.GetProperty("features").EnumerateArray().ToArray();
        Assert.Equal(expected.Features.Select(static feature => feature.Column.Name), features.Select(static feature => feature.GetProperty("name").GetString()));
        foreach (var (feature, column) in features.Zip(expected.Features))
        {
            Assert.Equal(
                column.Statuses.Select(static status => status.ToString().ToUpperInvariant()),
                feature.GetProperty("statuses").EnumerateArray().Select(static status => status.GetString()!.Replace("_", "", StringComparison.Ordinal)));
            Assert.Equal(2, feature.GetProperty("values").GetArrayLength());
            Assert.Equal(
                column.EventTimes.Select(static time => time == 0 ? null : Features.UnixMicroseconds.ToText(time)),
                feature.GetProperty("event_times").EnumerateArray().Select(static time => time.GetString()).Take(column.EventTimes.Count));
            Assert.Equal(
                column.DefaultedRows,
                feature.GetProperty("defaulted").EnumerateArray().Index().Where(static item => item.Item.GetBoolean()).Select(static item => (uint)item.Index));
        }

        var mean = features.Single(static feature => feature.GetProperty("name").GetString() == "customer_amount_mean_7d");
        Assert.Equal(expected.Features.Single(static feature => feature.Column.Name == "customer_amount_mean_7d").Column.Float64S.Values[0], mean.GetProperty("values")[0].GetDouble());
        Assert.Equal("float64", mean.GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("""{"features": ["customer_spending.*"], "entities": {"customer_id": "1"}, "request": {"amount": 1}}""", 400, "'entities.customer_id' is \"1\"; expected a whole number (int64)")]
    [InlineData("""{"features": "customer_spending.*"}""", 400, "'features' is \"customer_spending.*\"; expected a list of VIEW.FEATURE or VIEW.*")]
    [InlineData("""{"features": [7]}""", 400, "'features[0]' is 7; expected a string")]
    [InlineData("""{"service": "fraud"}""", 400, "Unknown property 'service'")]
    [InlineData("""{"feature_service": "fraud", "feature_service": "fraud"}""", 400, "The body is not JSON")]
    [InlineData("""{"feature_service": "nothing"}""", 404, "Feature service 'nothing' is not defined")]
    [InlineData("[]", 400, "The body is no JSON object")]
    [InlineData("", 400, "Neither feature_service nor features is given")]
    public async Task Read_WrongBody_IsRefusedWithASentence(string body, int status, string expected)
    {
        using var response = await _fraud.PostAsync("/v1/features:read", body, Cancellation);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(expected, answer.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    private static string[] Selection(int round)
    {
        string[] all = [.. ((int[])[1, 7, 30]).SelectMany(static days => (string[])[$"customer_spending.customer_tx_count_{days}d", $"customer_spending.customer_amount_mean_{days}d"])];
        new Random(round).Shuffle(all);
        return all[..(1 + (round % all.Length))];
    }

    private static Column Keys(string name, params long[] values) => new() { Name = name, Int64S = new Int64Values { Values = { values } } };

    private static Column Amount(double value) => new() { Name = "amount", Float64S = new Float64Values { Values = { value } } };

    private static Column Time(DateTimeOffset moment) => new() { Name = "time", Timestamps = new TimestampValues { Microseconds = { FraudStore.Microseconds(moment) } } };
}

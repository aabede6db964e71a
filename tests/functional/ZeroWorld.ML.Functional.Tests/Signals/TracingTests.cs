using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Grpc.Core;
using Inference;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Models;
using TraceValue = Inference.TraceSettingRequest.Types.SettingValue;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A real server that sends its traces to a collector, which is an HTTP server here that keeps what it is sent.</summary>
public sealed class TracingTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<byte[]> _received = new();
    private WebApplication? _collector;
    private TensorServer? _server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _collector = builder.Build();
        _collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            _received.Enqueue(body.ToArray());
            context.Response.StatusCode = StatusCodes.Status200OK;
        });
        await _collector.StartAsync(Cancellation);
        var address = _collector.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        _server = await TensorServer.StartNewAsync(new Dictionary<string, string>
        {
            ["Tracing:Endpoint"] = $"{address}/v1/traces", ["Tracing:Protocol"] = "Http", ["Tracing:Enabled"] = "false",
        });
    }

    [Fact]
    public async Task TraceSetting_ModelIsSwitchedOn_CallersOfGrpcAndRestAreTraced()
    {
        var server = _server!;
        var set = await server.Grpc.TraceSettingAsync(
            new TraceSettingRequest { ModelName = "simple", Settings = { ["trace_level"] = new TraceValue { Value = { "TIMESTAMPS" } }, ["trace_rate"] = new TraceValue { Value = { "1" } } } },
            cancellationToken: Cancellation);
        var grpc = "4bf92f3577b34da6a3ce929d0e0e4736";
        var rest = "5bf92f3577b34da6a3ce929d0e0e4737";
        var other = "6bf92f3577b34da6a3ce929d0e0e4738";

        await server.Grpc.ModelInferAsync(TensorRequests.Simple(), new Metadata { { "traceparent", $"00-{grpc}-00f067aa0ba902b7-01" } }, cancellationToken: Cancellation);
        await PostAsync(
            "simple",
            $$"""{"inputs": [{"name": "INPUT0", "shape": [1, 16], "datatype": "INT32", "data": [{{string.Join(',', new int[16])}}]}, {"name": "INPUT1", "shape": [1, 16], "datatype": "INT32", "data": [{{string.Join(',', new int[16])}}]}]}""",
            $"00-{rest}-00f067aa0ba902b7-01");
        await PostAsync("fixed_fp32", """{"inputs": [{"name": "INPUT0", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}""", $"00-{other}-00f067aa0ba902b7-01");
        var extensions = (await server.Grpc.ServerMetadataAsync(new ServerMetadataRequest(), cancellationToken: Cancellation)).Extensions;
        var common = await server.Http.GetStringAsync(server.Path("/v2/trace/setting"), Cancellation);
        var own = await server.Http.GetStringAsync(server.Path("/v2/models/simple/trace/setting"), Cancellation);

        // A stop sends what is still held.
        await server.Server.StopAsync();
        var sent = _received.SelectMany(static bytes => bytes).ToArray().AsSpan();
        Assert.True(sent.IndexOf(Convert.FromHexString(grpc)) >= 0, "the trace of the gRPC caller was not sent");
        Assert.True(sent.IndexOf(Convert.FromHexString(rest)) >= 0, "the trace of the REST caller was not sent");
        Assert.True(sent.IndexOf(Convert.FromHexString(other)) < 0, "a model that is off was traced");
        Assert.True(sent.IndexOf("ModelInfer"u8) >= 0 && sent.IndexOf("decode"u8) >= 0 && sent.IndexOf("encode"u8) >= 0 && sent.IndexOf("zeroworld"u8) >= 0);
        Assert.Equal("TIMESTAMPS", Assert.Single(set.Settings["trace_level"].Value));
        Assert.Contains("trace", extensions);
        Assert.Equal("""{"log_frequency":"0","trace_count":"-1","trace_file":"","trace_level":["OFF"],"trace_mode":"opentelemetry","trace_rate":"1000"}""", common);
        Assert.Equal("""{"log_frequency":"0","trace_count":"-1","trace_file":"","trace_level":["TIMESTAMPS"],"trace_mode":"opentelemetry","trace_rate":"1"}""", own);
    }

    [Theory]
    [InlineData("""{"trace_level":["TENSORS"]}""", HttpStatusCode.NotImplemented)]
    [InlineData("""{"trace_level":["LOUD"]}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"trace_rate":"0"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"trace_rate":"1.5"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"trace_count":"-2"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"trace_rate":"5","trace_file":"/etc/passwd"}""", HttpStatusCode.NotImplemented)]
    [InlineData("""{"trace_rate":7,"trace_count":"3"}""", HttpStatusCode.OK)]
    public async Task Post_TraceSetting_ChangesAllOrNothing(string body, HttpStatusCode status)
    {
        var server = _server!;

        using var response = await server.Http.PostAsync(server.Path("/v2/trace/setting"), new StringContent(body, Encoding.UTF8, "application/json"), Cancellation);

        Assert.True(status == response.StatusCode, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync(Cancellation)}");
        var settings = await server.Http.GetStringAsync(server.Path("/v2/trace/setting"), Cancellation);
        Assert.Contains(status == HttpStatusCode.OK ? "\"trace_rate\":\"7\"" : "\"trace_rate\":\"1000\"", settings, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (_collector is not null)
        {
            await _collector.DisposeAsync();
        }
    }

    private async Task PostAsync(string model, string body, string traceParent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _server!.Path($"/v2/models/{model}/infer")) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("traceparent", traceParent);
        using var response = await _server.Http.SendAsync(request, Cancellation);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }
}

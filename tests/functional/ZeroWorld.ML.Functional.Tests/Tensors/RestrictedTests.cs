using System.Net;
using System.Net.Http.Json;
using Grpc.Core;
using Inference;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Calls that want a header that only some callers know.</summary>
public sealed class RestrictedTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Calls_RestrictedOverGrpc_WantTheirHeader()
    {
        await using var server = await StartAsync();
        using var anybody = new ZeroWorldClient(server.Server.Addresses.Grpc.ToString());
        using var user = Open(("infer-key", "infer value"));
        using var admin = Open(("admin-key", "admin=value"), ("triton-grpc-protocol-infer-key", "infer value"));

        await anybody.Inference.ModelStatisticsAsync(new ModelStatisticsRequest(), cancellationToken: Cancellation);
        foreach (var client in new[] { user, admin })
        {
            var outputs = await client.InferAsync("identity_fp32", [Float32Tensor.Create("INPUT0", [1, 2], [3, 4])], cancellationToken: Cancellation);
            Assert.Equal([3f, 4f], Float32Tensor.ToArray(outputs[0]));
        }

        await admin.Inference.RepositoryIndexAsync(new RepositoryIndexRequest(), cancellationToken: Cancellation);
        await admin.Registry.ListModelsAsync(new ZeroWorld.ML.V1.ListModelsRequest(), cancellationToken: Cancellation);
        var inference = await Assert.ThrowsAsync<RpcException>(() => anybody.InferAsync("identity_fp32", [Float32Tensor.Create("INPUT0", [1, 2], [3, 4])], cancellationToken: Cancellation));
        var metadata = await Assert.ThrowsAsync<RpcException>(async () => await anybody.Inference.ServerMetadataAsync(new ServerMetadataRequest(), cancellationToken: Cancellation));
        var repository = await Assert.ThrowsAsync<RpcException>(async () => await user.Inference.RepositoryIndexAsync(new RepositoryIndexRequest(), cancellationToken: Cancellation));
        var registry = await Assert.ThrowsAsync<RpcException>(async () => await user.Registry.ListModelsAsync(new ZeroWorld.ML.V1.ListModelsRequest(), cancellationToken: Cancellation));

        Assert.All([inference, metadata, repository, registry], static refusal => Assert.Equal(StatusCode.PermissionDenied, refusal.StatusCode));
        Assert.Equal("This protocol is restricted, expecting header 'triton-grpc-protocol-infer-key' or 'infer-key'", inference.Status.Detail);

        ZeroWorldClient Open(params (string Name, string Value)[] headers) =>
            new(server.Server.Addresses.Grpc.ToString(), new ZeroWorldClientOptions { Headers = headers.ToDictionary(static header => header.Name, static header => header.Value) });
    }

    /// <summary>The path of a call as nobody writes it, but as it is answered.</summary>
    [Theory]
    [InlineData("GET", "/v2", "infer-key", "infer value", HttpStatusCode.OK)]
    [InlineData("GET", "/v2", null, null, HttpStatusCode.Forbidden)]
    [InlineData("GET", "/V2/", null, null, HttpStatusCode.Forbidden)]
    [InlineData("GET", "/v2", "infer-key", "infer valuE", HttpStatusCode.Forbidden)]
    [InlineData("GET", "/v2", "admin-key", "admin=value", HttpStatusCode.Forbidden)]
    [InlineData("GET", "/v2/models/identity_fp32", null, null, HttpStatusCode.Forbidden)]
    [InlineData("GET", "/v2/models/identity_fp32/ready", null, null, HttpStatusCode.OK)]
    [InlineData("GET", "/v2/health/ready", null, null, HttpStatusCode.OK)]
    [InlineData("GET", "/v2/models/stats", null, null, HttpStatusCode.OK)]
    [InlineData("POST", "/v2/models/identity_fp32/infer", null, null, HttpStatusCode.Forbidden)]
    [InlineData("POST", "/v2/models/identity_fp32/INFER", null, null, HttpStatusCode.Forbidden)]
    [InlineData("POST", "/v2/models/identity_fp32/%69nfer", null, null, HttpStatusCode.Forbidden)]
    [InlineData("POST", "/v2/repository/index", null, null, HttpStatusCode.Forbidden)]
    [InlineData("POST", "/v2/repository/any/models/identity_fp32/load", "infer-key", "infer value", HttpStatusCode.Forbidden)]
    [InlineData("POST", "/v2/repository/index/", "Admin-Key", "admin=value", HttpStatusCode.OK)]
    public async Task Calls_RestrictedOverRest_WantTheirHeader(string method, string path, string? header, string? value, HttpStatusCode expected)
    {
        await using var server = await StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), server.Path(path)) { Content = method == "POST" ? JsonContent.Create(new { }) : null };
        if (header is not null)
        {
            request.Headers.TryAddWithoutValidation(header, value);
        }

        using var response = await server.Http.SendAsync(request, Cancellation);

        Assert.Equal(expected, response.StatusCode);
        if (expected == HttpStatusCode.Forbidden)
        {
            Assert.Contains("This API is restricted, expecting header '", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }
    }

    /// <summary>One header with a value for each of two groups of callers; who is of both sends it twice.</summary>
    [Fact]
    public async Task Calls_OneHeaderOfTwoValues_WantTheirsAmongThoseThatAreSent()
    {
        await using var server = await StartAsync("\uFEFFinference:key= use \r\nmodel-repository:Key=admin, the first\r\n");
        using var user = Open(KeyValuePair.Create("key", "use"));
        using var both = Open([.. new ServerOptions { RestrictedFile = _folder.Combine("restricted") }.ReadHeaders()]);
        using var joined = Open(KeyValuePair.Create("key", "admin, the first"), KeyValuePair.Create("triton-grpc-protocol-key", "no, use"));
        using var wrong = Open(KeyValuePair.Create("key", "us"), KeyValuePair.Create("key", "admin"));

        foreach (var client in new[] { user, both, joined })
        {
            await client.InferAsync("identity_fp32", [Float32Tensor.Create("INPUT0", [1, 2], [3, 4])], cancellationToken: Cancellation);
        }

        await joined.Inference.RepositoryIndexAsync(new RepositoryIndexRequest(), cancellationToken: Cancellation);
        RpcException[] refused =
        [
            await Assert.ThrowsAsync<RpcException>(async () => await user.Inference.RepositoryIndexAsync(new RepositoryIndexRequest(), cancellationToken: Cancellation)),
            await Assert.ThrowsAsync<RpcException>(async () => await wrong.Inference.RepositoryIndexAsync(new RepositoryIndexRequest(), cancellationToken: Cancellation)),
            await Assert.ThrowsAsync<RpcException>(() => wrong.InferAsync("identity_fp32", [Float32Tensor.Create("INPUT0", [1, 2], [3, 4])], cancellationToken: Cancellation)),
        ];

        Assert.All(refused, static refusal => Assert.Equal(StatusCode.PermissionDenied, refusal.StatusCode));

        ZeroWorldClient Open(params KeyValuePair<string, string>[] headers) => new(server.Server.Addresses.Grpc.ToString(), new ZeroWorldClientOptions { Headers = headers });
    }

    [Theory]
    [InlineData("model-reposit:k=v", "line 1: unknown restricted api 'model-reposit'; expected one of health, metadata")]
    [InlineData("# names\nhealth,metadata:k=v\nhealth:l=w", "line 3: api 'health' can not be specified in multiple config groups")]
    [InlineData("health", "line 1: expected API,API:HEADER=VALUE")]
    [InlineData("health:=v", "line 1: expected API,API:HEADER=VALUE")]
    [InlineData("health:k=", "line 1: expected API,API:HEADER=VALUE")]
    [InlineData("health:a b=v", "line 1: expected API,API:HEADER=VALUE")]
    [InlineData("health:k=\u00fc", "line 1: a header whose name ends in -bin, or whose value has other letters than visible ASCII and spaces, ")]
    [InlineData("health:k-bin=v", "line 1: a header whose name ends in -bin")]
    [InlineData("", "has no line of the form API,API:HEADER=VALUE")]
    [InlineData("\uFEFF\r\n# inference:k=v\r\n", "has no line of the form API,API:HEADER=VALUE")]
    [InlineData(null, "cannot be read: ")]
    public void Create_FileThatIsWrong_IsRefusedByItsLine(string? text, string expected)
    {
        var file = _folder.Combine("wrong");
        if (text is not null)
        {
            File.WriteAllText(file, text);
        }

        var refused = Assert.Throws<HostingException>(() => ZeroWorldServer.Create(
            ZeroWorldConfiguration.Load(new ConfigurationInputs { Flags = new Dictionary<string, string> { ["DataDirectory"] = _folder.Combine("data"), ["Server:RestrictedFile"] = file } })));

        Assert.StartsWith($"The file '{file}' (setting Server:RestrictedFile) is refused: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    private Task<TensorServer> StartAsync(string text = "# who may what\nmodel-repository, registry:admin-key=admin=value\n\ninference,metadata:infer-key=infer value\n")
    {
        var file = _folder.Combine("restricted");
        File.WriteAllText(file, text);
        return TensorServer.StartNewAsync(new Dictionary<string, string> { ["Server:RestrictedFile"] = file });
    }
}

using System.Net;
using System.Net.Sockets;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Functional.Tests;

public sealed class LifecycleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("HttpPort")]
    [InlineData("GrpcPort")]
    [InlineData("MetricsPort")]
    public async Task StartAsync_PortTaken_NamesPortAndSetting(string setting)
    {
        using var folder = new TempFolder();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await using var server = ZeroWorldServer.Create(Configuration(folder, (setting, port)), static _ => { });

        var exception = await Assert.ThrowsAsync<HostingException>(() => server.StartAsync(Cancellation));

        Assert.Equal($"Port {port} is taken on 127.0.0.1: set Server:{setting} to another, or to 0 for a free one.", exception.Message);
    }

    [Fact]
    public async Task Create_SecondServerOnTheDirectory_IsRefusedAndTheFirstFound()
    {
        using var folder = new TempFolder();
        await using var server = ZeroWorldServer.Create(Configuration(folder), static _ => { });
        await server.StartAsync(Cancellation);

        var exception = Assert.Throws<HostingException>(() => ZeroWorldServer.Create(Configuration(folder), static _ => { }));

        Assert.Contains($"is in use by process {Environment.ProcessId}", exception.Message, StringComparison.Ordinal);
        var writer = DataDirectory.FindWriter(folder.Combine("data"));
        Assert.Equal(server.Addresses.Grpc, new Uri(writer!.GrpcAddress!));
    }

    [Fact]
    public async Task MessageBytesMax_LargerMessages_AreRefused()
    {
        await using var fraud = await FraudServer.StartAsync(null, Cancellation, new Dictionary<string, string> { ["Server:MessageBytesMax"] = "20000" });
        await fraud.RegisterAsync(1, Cancellation);
        var values = new float[15 * 400];

        var grpc = await Assert.ThrowsAsync<Grpc.Core.RpcException>(
            () => fraud.Client.InferAsync("fraud", [Float32Tensor.Create("features", [400, 15], values)], cancellationToken: Cancellation));
        using var rest = await fraud.PostAsync("/v2/models/fraud/infer", $"{{\"inputs\": \"{new string('x', 30_000)}\"}}", Cancellation);

        Assert.Equal(Grpc.Core.StatusCode.ResourceExhausted, grpc.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, rest.StatusCode);
        Assert.Contains("larger than 20000 bytes", await rest.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StopAsync_UnderLoad_AnswersWhatItAccepted()
    {
        var fraud = await FraudServer.StartAsync(null, Cancellation);
        await fraud.RegisterAsync(1, Cancellation);
        await fraud.SetAliasAsync("champion", 1, Cancellation);
        await fraud.FillAsync(5, 10, Cancellation);
        var answered = 0;
        var refused = new List<Grpc.Core.StatusCode>();
        var started = new TaskCompletionSource();

        // Each caller goes on until the server turns it away.
        var callers = Enumerable.Range(0, 16).Select(async caller =>
        {
            try
            {
                while (true)
                {
                    await fraud.Client.PredictAsync(FraudServer.Query(1 + (caller % 5)), Cancellation);
                    if (Interlocked.Increment(ref answered) == 200)
                    {
                        started.TrySetResult();
                    }
                }
            }
            catch (Grpc.Core.RpcException exception)
            {
                lock (refused)
                {
                    refused.Add(exception.StatusCode);
                }
            }
        }).ToArray();
        await started.Task.WaitAsync(Cancellation);
        await fraud.Server.StopAsync();
        await Task.WhenAll(callers);
        await fraud.DisposeAsync();

        // A call that the server did not take may be retried; one that it took was answered.
        Assert.All(refused, code => Assert.Equal(Grpc.Core.StatusCode.Unavailable, code));
        Assert.Equal(16, refused.Count);
    }

    [Fact]
    public async Task StopAsync_ARequestUnderWay_IsLiveNotReadyAndTakesNothingNewUntilItIsAnswered()
    {
        await using var fraud = await FraudServer.StartAsync(null, Cancellation);
        await fraud.RegisterAsync(1, Cancellation);
        await fraud.SetAliasAsync("champion", 1, Cancellation);
        await fraud.FillAsync(5, 10, Cancellation);
        var (http, grpc) = (fraud.Server.Addresses.Http, fraud.Server.Addresses.Grpc);
        using var slow = new SlowRequest(http, "/v2/models/fraud/infer", """{"inputs":[{"name":"features","shape":[1,15],"datatype":"FP32","data":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]}]}""");
        await slow.BeginAsync(Cancellation);

        var stop = fraud.Server.StopAsync();
        while (await StatusAsync(http, "/v2/models/fraud") != HttpStatusCode.ServiceUnavailable)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), Cancellation);
        }

        var (live, ready) = (await StatusAsync(http, "/v2/health/live"), await StatusAsync(http, "/v2/health/ready"));
        using var client = new ZeroWorldClient(grpc.ToString());
        var isLive = (await client.Inference.ServerLiveAsync(new Inference.ServerLiveRequest(), cancellationToken: Cancellation)).Live;
        var isReady = (await client.Inference.ServerReadyAsync(new Inference.ServerReadyRequest(), cancellationToken: Cancellation)).Ready;
        var direct = await Assert.ThrowsAsync<Grpc.Core.RpcException>(
            () => client.Inference.ModelInferAsync(new Inference.ModelInferRequest { ModelName = "fraud" }, cancellationToken: Cancellation).ResponseAsync);
        var other = await Assert.ThrowsAsync<Grpc.Core.RpcException>(
            () => client.Inference.ModelMetadataAsync(new Inference.ModelMetadataRequest { Name = "fraud" }, cancellationToken: Cancellation).ResponseAsync);
        Assert.False(stop.IsCompleted);

        var answer = await slow.EndAsync(Cancellation);
        await stop;

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (live, ready));
        Assert.Equal((true, false), (isLive, isReady));
        Assert.Equal((Grpc.Core.StatusCode.Unavailable, "The server is stopping."), (direct.StatusCode, direct.Status.Detail));
        Assert.Equal((Grpc.Core.StatusCode.Unavailable, "The server is stopping."), (other.StatusCode, other.Status.Detail));
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
    }

    /// <summary>By a connection of its own, as a balancer asks.</summary>
    private static async Task<HttpStatusCode> StatusAsync(Uri address, string path)
    {
        using var client = new HttpClient { BaseAddress = address };
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        return response.StatusCode;
    }

    [Fact]
    public async Task Restart_SameDirectory_KeepsModelsFeaturesAndPredictions()
    {
        await using var fraud = await FraudServer.StartAsync(null, Cancellation);
        await fraud.RegisterAsync(1, Cancellation);
        await fraud.SetAliasAsync("champion", 1, Cancellation);
        await fraud.FillAsync(3, 20, Cancellation);
        var before = await fraud.Client.PredictAsync(FraudServer.Query(2), Cancellation);

        await fraud.RestartAsync(Cancellation);
        await WaitUntilReadyAsync(fraud.Client);
        var after = await fraud.Client.PredictAsync(FraudServer.Query(2), Cancellation);
        var replay = await fraud.Client.ReplayAsync(before.PredictionId, cancellationToken: Cancellation);

        Assert.Equal(before.Response.Features, after.Response.Features);
        Assert.Equal(before.Response.Outputs, after.Response.Outputs);
        Assert.True(replay.Equal);
    }

    private static async Task WaitUntilReadyAsync(ZeroWorldClient client)
    {
        while (!await client.IsReadyAsync(Cancellation))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
        }
    }

    private static ZeroWorldConfiguration Configuration(TempFolder folder, params (string Setting, int Port)[] ports)
    {
        var flags = new Dictionary<string, string>
        {
            ["DataDirectory"] = folder.Combine("data"),
            ["Server:HttpPort"] = "0",
            ["Server:GrpcPort"] = "0",
            ["Server:MetricsPort"] = "0",
        };
        foreach (var (setting, port) in ports)
        {
            flags[$"Server:{setting}"] = $"{port}";
        }

        return ZeroWorldConfiguration.Load(new ConfigurationInputs { Flags = flags });
    }
}

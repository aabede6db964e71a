using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Grpc.Core;
using Inference;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>What callers do to a server that they do not like, each time followed by a good request.</summary>
public sealed class TensorStormTests(TensorServer server) : IClassFixture<TensorServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Callers like Python's send all that they have before they read: a connection that ends meanwhile is all that they see.</summary>
    [Fact]
    public async Task Post_BodyOverTheLimit_IsAnsweredToACallerThatSendsAllOfItFirst()
    {
        await using var server = await TensorServer.StartNewAsync(new Dictionary<string, string> { ["Server:MessageBytesMax"] = "1048576" });
        using var socket = new TcpClient();
        await socket.ConnectAsync(server.Server.Addresses.Http.Host, server.Server.Addresses.Http.Port, Cancellation);
        await using var stream = socket.GetStream();

        await stream.WriteAsync("POST /v2/models/simple/infer HTTP/1.1\r\nHost: here\r\nContent-Length: 41943040\r\n\r\n"u8.ToArray(), Cancellation);
        for (var sent = 0; sent < 40; sent++)
        {
            await stream.WriteAsync(new byte[1 << 20], Cancellation);
        }

        using var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 413 Payload Too Large", await reader.ReadLineAsync(Cancellation));
    }

    [Fact]
    public async Task ModelInfer_CallersThatLeaveAtAnyMoment_AreCountedAndHarmNobody()
    {
        const string Model = "identity_fp64";
        const int Calls = 400;
        var random = new Random(11);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, Calls).Select(async call =>
        {
            using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var calling = server.Grpc.ModelInferAsync(TensorRequests.Raw(Model, "FP64", [8, 100], new byte[6400]), cancellationToken: leaving.Token).ResponseAsync;
            if (call % 2 == 0)
            {
                await Task.Delay(TimeSpan.FromMicroseconds(random.Next(2000)), Cancellation);
                await leaving.CancelAsync();
            }

            try
            {
                await calling;
                return StatusCode.OK;
            }
            catch (RpcException exception)
            {
                return exception.StatusCode;
            }
        }));

        Assert.All(outcomes, outcome => Assert.True(outcome is StatusCode.OK or StatusCode.Cancelled, $"{outcome}"));
        Assert.True(outcomes.Count(outcome => outcome == StatusCode.OK) >= Calls / 2);
        await AssertAnswersAsync();

        // A run in progress ends after its caller has gone; then every request that arrived is counted once.
        ModelStatistics statistics;
        do
        {
            statistics = (await server.Grpc.ModelStatisticsAsync(new ModelStatisticsRequest { Name = Model }, cancellationToken: Cancellation)).ModelStats[0];
        }
        while (statistics.InferenceStats.Success.Count < Calls / 2);
        Assert.InRange(statistics.InferenceStats.Success.Count + statistics.InferenceStats.Fail.Count, (ulong)Calls / 2, (ulong)Calls);
    }

    [Fact]
    public async Task ModelStreamInfer_StreamsResetAtOnce_LeaveAServerThatAnswers()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ =>
        {
            using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            using var call = server.Grpc.ModelStreamInfer(cancellationToken: leaving.Token);
            try
            {
                await call.RequestStream.WriteAsync(TensorRequests.Simple(), leaving.Token);
                await leaving.CancelAsync();
                await call.ResponseStream.MoveNext(Cancellation);
            }
            catch (Exception exception) when (exception is RpcException or OperationCanceledException)
            {
                // That is what the test is about.
            }
        }));

        await AssertAnswersAsync();
    }

    // Five bytes stand before each message: whether it is packed, and its length. The transport says UNKNOWN of those that no sender of its kind writes.
    [Theory]
    [InlineData(new byte[] { 0, 0x7F, 0xFF, 0xFF, 0xFF }, StatusCode.ResourceExhausted)]
    [InlineData(new byte[] { 0, 0xFF, 0xFF, 0xFF, 0xFF }, StatusCode.Unknown)]
    [InlineData(new byte[] { 0, 0, 0, 0, 100, 1, 2, 3 }, StatusCode.Internal)]
    [InlineData(new byte[] { 0, 0, 0 }, StatusCode.Internal)]
    [InlineData(new byte[] { 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF }, StatusCode.InvalidArgument)]
    [InlineData(new byte[] { 1, 0, 0, 0, 3, 1, 2, 3 }, StatusCode.Internal)]
    [InlineData(new byte[] { 7, 0, 0, 0, 0 }, StatusCode.Unknown)]
    [InlineData(new byte[] { }, StatusCode.Internal)]
    public async Task ModelInfer_FrameThatIsNone_HasAStatus(byte[] frame, StatusCode code)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Server.Addresses.Grpc, "/inference.GRPCInferenceService/ModelInfer"))
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(frame),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));

        using var response = await http.SendAsync(request, Cancellation);
        await response.Content.ReadAsByteArrayAsync(Cancellation);

        var headers = response.TrailingHeaders.TryGetValues("grpc-status", out var trailer) ? trailer : response.Headers.GetValues("grpc-status");
        Assert.Equal($"{(int)code}", headers.Single());
        await AssertAnswersAsync();
    }

    [Theory]
    [InlineData("POST /v2/models/simple/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{\"inputs\"")]
    [InlineData("POST /v2/models/simple/infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFF\r\n{")]
    [InlineData("POST /v2/models/simple/infer HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 4000\r\n\r\n\u001f\u008b\u0008")]
    [InlineData("POST /v2/models/simple/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 2147483647\r\n\r\n")]
    [InlineData("GET /v2/models/%00/ready HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /v2/models/..%2f..%2fetc HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("\0\0\0\0")]
    public async Task Rest_MessagesThatAreNeverFinished_LeaveAServerThatAnswers(string text)
    {
        for (var index = 0; index < 20; index++)
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, server.Server.Addresses.Http.Port, Cancellation);
            await socket.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text), Cancellation);
        }

        await AssertAnswersAsync();
    }

    [Theory]
    [InlineData("-5")]
    [InlineData("zz")]
    [InlineData("7FFFFFFFFF")]
    [InlineData("FFFFFFFFFFFFFFFFF")]
    public async Task Rest_ChunkOfASizeThatCannotBe_IsABadRequest(string size)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Server.Addresses.Http.Port, Cancellation);
        await socket.GetStream().WriteAsync(
            Encoding.Latin1.GetBytes($"POST /v2/models/simple/infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\nabc"), Cancellation);
        var start = new byte[12];
        await socket.GetStream().ReadExactlyAsync(start, Cancellation);

        Assert.Equal("HTTP/1.1 400", Encoding.Latin1.GetString(start));
        await AssertAnswersAsync();
    }

    [Fact]
    public async Task Repository_LoadsAndUnloadsUnderTraffic_GiveAnswersOrStatusesThatSayWhy()
    {
        TensorModels.WriteSimple(server.Models, "stormy");
        await server.Grpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "stormy" }, cancellationToken: Cancellation);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var answered = 0;
        var calling = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var request = TensorRequests.Simple();
            request.ModelName = "stormy";
            while (!over.IsCancellationRequested)
            {
                try
                {
                    var response = await server.Grpc.ModelInferAsync(request, cancellationToken: Cancellation);
                    Assert.Equal(Enumerable.Range(1, 16), TensorRequests.Ints(response.RawOutputContents[0]));
                    Interlocked.Increment(ref answered);
                }
                catch (RpcException exception)
                {
                    Assert.True(exception.StatusCode is StatusCode.NotFound or StatusCode.Unavailable, $"{exception}");
                }
            }
        }, Cancellation)).ToArray();

        for (var index = 0; index < 20; index++)
        {
            await Task.WhenAll(
                server.Grpc.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = "stormy" }, cancellationToken: Cancellation).ResponseAsync,
                LoadAsync(),
                LoadAsync());
        }

        await server.Grpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "stormy" }, cancellationToken: Cancellation);

        // The model is there now: whoever still calls is answered.
        using var late = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        late.CancelAfter(TimeSpan.FromSeconds(30));
        var before = Volatile.Read(ref answered);
        while (Volatile.Read(ref answered) == before && !calling.Any(static task => task.IsCompleted))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), late.Token);
        }

        await over.CancelAsync();
        await Task.WhenAll(calling);
        Assert.True((await server.Grpc.ModelReadyAsync(new ModelReadyRequest { Name = "stormy" }, cancellationToken: Cancellation)).Ready);

        // A load that an unload overtook says so.
        async Task LoadAsync()
        {
            try
            {
                await server.Grpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "stormy" }, cancellationToken: Cancellation);
            }
            catch (RpcException exception)
            {
                Assert.True(exception.StatusCode is StatusCode.Unavailable, $"{exception}");
            }
        }
    }

    private async Task AssertAnswersAsync()
    {
        var response = await server.Grpc.ModelInferAsync(TensorRequests.Simple(), cancellationToken: Cancellation);
        Assert.Equal(Enumerable.Range(1, 16), TensorRequests.Ints(response.RawOutputContents[0]));
        using var ready = await server.Http.GetAsync(server.Path("/v2/health/ready"), Cancellation);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }
}

using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Inference;
using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Serving.Protocol;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Client.Tests;

public sealed class ZeroWorldClientTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task PredictAsync_Answer_IsReadRowByRow()
    {
        var invoker = new FixedInvoker(new PredictResponse
        {
            PredictionId = "p1", Model = "fraud", ModelVersion = 2,
            Outputs = { new Column { Name = "probability", Float32S = new Float32Values { Values = { 0.25f, 0 } } } },
            Decisions = { "review", "" },
            Features =
            {
                new FeatureColumn
                {
                    Column = new Column { Name = "amount", Float64S = new Float64Values { Values = { 57.16, 0 } }, NullRows = { 1 } },
                    Statuses = { FeatureStatus.Present, FeatureStatus.Unavailable },
                    EventTimes = { 1_000_000, 0 },
                    DefaultedRows = { 1 },
                },
            },
            RowErrors = { new RowError { Row = 1, Code = 9, Message = "Feature 'amount' is missing." } },
        });
        using var client = Client(invoker);

        var prediction = await client.PredictAsync(new PredictionQuery("fraud"), TestContext.Current.CancellationToken);

        Assert.Equal(("p1", "fraud", 2L, 2), (prediction.PredictionId, prediction.Model, prediction.ModelVersion, prediction.Rows.Count));
        var (first, second) = (prediction.Rows[0], prediction.Rows[1]);
        Assert.Equal(("review", 0.25), (first.Decision, first.GetOutput("probability")));
        Assert.Null(first.Error);
        Assert.Equal(("amount", 57.16, FeatureStatus.Present, DateTimeOffset.UnixEpoch.AddSeconds(1), false), Values(first.Features[0]));
        Assert.Null(second.Decision);
        Assert.Equal(("amount", null, FeatureStatus.Unavailable, null, true), Values(second.Features[0]));
        Assert.Equal("Feature 'amount' is missing.", second.Error?.Message);
        Assert.Equal("There is no output 'score'. Outputs: probability. (Parameter 'name')", Assert.Throws<ArgumentException>(() => first.GetOutput("score")).Message);
    }

    [Fact]
    public async Task PredictAsync_Timeout_BecomesTheDeadline()
    {
        var invoker = new FixedInvoker(new PredictResponse());
        using var client = Client(invoker);

        await client.PredictAsync(new PredictionQuery("fraud"), TestContext.Current.CancellationToken);

        Assert.Equal(Now.UtcDateTime.AddSeconds(3), invoker.Options.Deadline);
    }

    [Fact]
    public async Task InferAsync_Tensors_TravelAsRawContents()
    {
        var invoker = new FixedInvoker(new ModelInferResponse
        {
            Outputs = { new ModelInferResponse.Types.InferOutputTensor { Name = "y", Datatype = "FP32", Shape = { 2 }, Contents = new InferTensorContents { Fp32Contents = { 3, 4 } } } },
        });
        using var client = Client(invoker);

        var outputs = await client.InferAsync(
            "m", [Float32Tensor.Create("x", [1, 2], [1, 2])], "7", ["y"], TestContext.Current.CancellationToken);

        var request = Assert.IsType<ModelInferRequest>(invoker.Request);
        Assert.Equal(("m", "7", "y"), (request.ModelName, request.ModelVersion, Assert.Single(request.Outputs).Name));
        Assert.Equal([0, 0, 128, 63, 0, 0, 0, 64], request.RawInputContents[0].ToByteArray());
        Assert.Equal([3f, 4f], Float32Tensor.ToArray(Assert.Single(outputs)));
    }

    [Fact]
    public async Task InferAsync_AnswerOutOfProtocol_IsNamed()
    {
        using var client = Client(new FixedInvoker(new ModelInferResponse
        {
            Outputs = { new ModelInferResponse.Types.InferOutputTensor { Name = "y", Datatype = "FP32", Shape = { 2 } } },
        }));

        var exception = await Assert.ThrowsAsync<TensorFormatException>(() => client.InferAsync("m", [], cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal("Tensor 'y' has neither raw contents nor contents; expected 2 elements.", exception.Message);
    }

    [Theory]
    [InlineData("127.0.0.1:8001")]
    [InlineData("localhost:8001")]
    [InlineData("")]
    [InlineData("ftp://127.0.0.1:8001")]
    public void Create_AddressWithoutItsScheme_IsRefusedWithTheForm(string address)
    {
        var exception = Assert.Throws<ArgumentException>(() => new ZeroWorldClient(["http://127.0.0.1:8001", address]));

        Assert.StartsWith($"The address is '{address}'; expected that of a server's gRPC port with its scheme, such as http://127.0.0.1:8001.", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task IsReadyAsync_NothingListens_IsFalse()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using var client = new ZeroWorldClient($"http://127.0.0.1:{port}");

        Assert.False(await client.IsReadyAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Create_WrongNumberOfValues_IsRefused() =>
        Assert.Equal(
            "3 values do not make a tensor of shape [2, 2]. (Parameter 'values')",
            Assert.Throws<ArgumentException>(() => Float32Tensor.Create("x", [2, 2], [1, 2, 3])).Message);

    private static (string, object?, FeatureStatus, DateTimeOffset?, bool) Values(PredictedFeature feature) =>
        (feature.Name, feature.Value, feature.Status, feature.EventTime, feature.IsDefaulted);

    private static ZeroWorldClient Client(CallInvoker invoker) =>
        new(invoker, new ZeroWorldClientOptions { Timeout = TimeSpan.FromSeconds(3), TimeProvider = new FakeTimeProvider(Now) });

    /// <summary>Answers every unary call with one message and keeps what it was asked.</summary>
    private sealed class FixedInvoker(object response) : CallInvoker
    {
        public object? Request { get; private set; }

        public CallOptions Options { get; private set; }

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        {
            Request = request;
            Options = options;
            return new AsyncUnaryCall<TResponse>(
                Task.FromResult((TResponse)response), Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });
        }

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
            throw new NotSupportedException();

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();
    }
}

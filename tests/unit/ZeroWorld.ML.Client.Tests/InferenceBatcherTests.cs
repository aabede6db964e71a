using Grpc.Core;
using Inference;
using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Client.Tests;

/// <summary>Concurrent calls of a few rows each become fewer calls, and each caller gets its own rows.</summary>
public sealed class InferenceBatcherTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task InferAsync_WithinTheDelay_IsOneCallAndEachGetsItsRows()
    {
        var server = new FakeServer { Infer = Double };
        using var client = new ZeroWorldClient([new ServerEndpoint(server, null)], new ZeroWorldClientOptions { TimeProvider = _time });
        using var batcher = new InferenceBatcher(client, "double", new InferenceBatcherOptions { RowsMax = 10, Delay = TimeSpan.FromMilliseconds(5) }, "3");

        Task<IReadOnlyList<WireTensor>>[] calls = [batcher.InferAsync([Rows(1, 2)], Cancellation), batcher.InferAsync([Rows(3)], Cancellation), batcher.InferAsync([Rows(4, 5, 6)], Cancellation)];
        Assert.Equal(0, server.Calls);
        _time.Advance(TimeSpan.FromMilliseconds(5));
        var answers = await Task.WhenAll(calls).WaitAsync(Cancellation);

        var request = Assert.Single(server.Requests);
        Assert.Equal(("double", "3", 6L), (request.ModelName, request.ModelVersion, request.Inputs[0].Shape[0]));
        Assert.Equal([[2f, 4f], [6f], [8f, 10f, 12f]], answers.Select(static answer => Float32Tensor.ToArray(answer[0])));
        Assert.Equal(["<1>", "<2>"], Texts(answers[0][1]));
        Assert.Equal(["<4>", "<5>", "<6>"], Texts(answers[2][1]));
        Assert.Equal([3L, 1L], answers[2][0].Shape);
    }

    [Fact]
    public async Task InferAsync_AsManyRowsAsMayBe_AreSentAtOnce()
    {
        var server = new FakeServer { Infer = Double };
        using var client = new ZeroWorldClient([new ServerEndpoint(server, null)], new ZeroWorldClientOptions { TimeProvider = _time });
        using var batcher = new InferenceBatcher(client, "double", new InferenceBatcherOptions { RowsMax = 3, Delay = TimeSpan.FromSeconds(1) });

        await Task.WhenAll(batcher.InferAsync([Rows(1)], Cancellation), batcher.InferAsync([Rows(2, 3)], Cancellation)).WaitAsync(Cancellation);

        Assert.Equal(1, server.Calls);
    }

    [Fact]
    public async Task InferAsync_BadRowsAmongGoodOnes_FailAlone()
    {
        var server = new FakeServer { Infer = static request => ToFloats(request).Contains(13) ? throw new RpcException(new Status(StatusCode.InvalidArgument, "13")) : Double(request) };
        using var client = new ZeroWorldClient([new ServerEndpoint(server, null)], new ZeroWorldClientOptions { TimeProvider = _time });
        using var batcher = new InferenceBatcher(client, "double", new InferenceBatcherOptions { RowsMax = 3 });

        Task<IReadOnlyList<WireTensor>>[] calls = [batcher.InferAsync([Rows(1)], Cancellation), batcher.InferAsync([Rows(13)], Cancellation), batcher.InferAsync([Rows(3)], Cancellation)];
        var refused = await Assert.ThrowsAsync<RpcException>(() => calls[1].WaitAsync(Cancellation));

        Assert.Equal("13", refused.Status.Detail);
        var (first, last) = (await calls[0], await calls[2]);
        Assert.Equal([2f], Float32Tensor.ToArray(first[0]));
        Assert.Equal([6f], Float32Tensor.ToArray(last[0]));
    }

    [Fact]
    public async Task InferAsync_OtherShapes_AreNotJoined()
    {
        var server = new FakeServer();
        using var client = new ZeroWorldClient([new ServerEndpoint(server, null)], new ZeroWorldClientOptions { TimeProvider = _time });
        using var batcher = new InferenceBatcher(client, "any", new InferenceBatcherOptions { RowsMax = 3 });

        Task[] calls = [batcher.InferAsync([Rows(1)], Cancellation), batcher.InferAsync([Float32Tensor.Create("x", [1, 2], [1, 2])], Cancellation), batcher.InferAsync([Rows(1)], Cancellation)];
        await Task.WhenAll(calls).WaitAsync(Cancellation);

        Assert.Equal([[1L, 1L], [1L, 2L], [1L, 1L]], server.Requests.Select(static request => request.Inputs[0].Shape));
    }

    [Fact]
    public async Task InferAsync_TooManyWait_IsRefusedAtOnceAndTakenLater()
    {
        var server = new FakeServer { Infer = Double };
        using var client = new ZeroWorldClient([new ServerEndpoint(server, null)], new ZeroWorldClientOptions { TimeProvider = _time });
        using var batcher = new InferenceBatcher(client, "double", new InferenceBatcherOptions { WaitingMax = 2, Delay = TimeSpan.FromMilliseconds(1) });
        Task[] calls = [batcher.InferAsync([Rows(1)], Cancellation), batcher.InferAsync([Rows(1)], Cancellation)];

        var refused = Assert.Throws<RpcException>(() => { _ = batcher.InferAsync([Rows(1)], Cancellation); });
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await Task.WhenAll(calls).WaitAsync(Cancellation);

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
    }

    [Fact]
    public async Task InferAsync_CallerGoneWhileItWaits_IsNotSent()
    {
        var server = new FakeServer { Infer = Double };
        using var client = new ZeroWorldClient([new ServerEndpoint(server, null)], new ZeroWorldClientOptions { TimeProvider = _time });
        using var batcher = new InferenceBatcher(client, "double", new InferenceBatcherOptions { Delay = TimeSpan.FromMilliseconds(1) });
        using var caller = new CancellationTokenSource();
        var gone = batcher.InferAsync([Rows(1)], caller.Token);
        var other = batcher.InferAsync([Rows(2)], Cancellation);

        await caller.CancelAsync();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await other.WaitAsync(Cancellation);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.Equal([2f], ToFloats(Assert.Single(server.Requests)));
    }

    [Fact]
    public void InferAsync_RowsThatDiffer_AreRefused()
    {
        using var client = new ZeroWorldClient([new ServerEndpoint(new FakeServer(), null)], new ZeroWorldClientOptions());
        using var batcher = new InferenceBatcher(client, "m");

        var exception = Assert.Throws<ArgumentException>(() => { _ = batcher.InferAsync([Rows(1), Rows(1, 2) with { Name = "y" }], Cancellation); });

        Assert.Contains("'x' [1, 1], 'y' [2, 1]", exception.Message, StringComparison.Ordinal);
    }

    private static WireTensor Rows(params float[] values) => Float32Tensor.Create("x", [values.Length, 1], values);

    private static float[] ToFloats(ModelInferRequest request) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(request.RawInputContents[0].Span).ToArray();

    /// <summary>Twice the values, and their texts.</summary>
    private static ModelInferResponse Double(ModelInferRequest request)
    {
        var values = ToFloats(request);
        var response = new ModelInferResponse();
        InferTensorCodec.AddOutput(response, Float32Tensor.Create("y", [values.Length, 1], [.. values.Select(static value => 2 * value)]));
        var texts = values.SelectMany(static value => (byte[])[3, 0, 0, 0, .. System.Text.Encoding.ASCII.GetBytes($"<{value}>")]).ToArray();
        InferTensorCodec.AddOutput(response, new WireTensor("text", "BYTES", [values.Length], texts));
        return response;
    }

    private static IEnumerable<string> Texts(WireTensor tensor)
    {
        for (var position = 0; position < tensor.Data.Length; position += 7)
        {
            yield return System.Text.Encoding.ASCII.GetString(tensor.Data.Span.Slice(position + 4, 3));
        }
    }
}

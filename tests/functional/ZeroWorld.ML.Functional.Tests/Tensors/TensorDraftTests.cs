using System.Buffers;
using System.Diagnostics;
using Grpc.Core;
using Inference;
using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>What goes the short way from the message to the model: strings and bools that are whole, and nothing that is not.</summary>
public sealed class TensorDraftTests(TensorServer server) : IClassFixture<TensorServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TryFill_Strings_GoTheShortWayWhereTheyAreWhole()
    {
        byte[] raw = TensorRequests.Strings("a\0b"u8.ToArray(), [], new byte[500]);
        using var good = Begin("identity_bytes", "BYTES", [3, 1], raw);
        Assert.True(good.TryFill());
        await good.RunAsync(null, Cancellation);

        Assert.Equal(raw, good.GetOutput(0).Tensor.ToRaw().ToArray());
        byte[][] wrong = [raw[..^1], [.. raw, 0], [.. raw[..12], 0xFF, 0xFF, 0xFF, 0xFF]];
        foreach (var bytes in wrong)
        {
            using var bad = Begin("identity_bytes", "BYTES", [3, 1], bytes);
            Assert.False(bad.TryFill());
        }
    }

    [Fact]
    public async Task TryFill_Bools_GoTheShortWayWhereTheyAreSome()
    {
        using var good = Begin("identity_bool", "BOOL", [1, 2], [1, 0]);
        using var bad = Begin("identity_bool", "BOOL", [1, 2], [1, 2]);

        Assert.True(good.TryFill());
        await good.RunAsync(null, Cancellation);

        Assert.Equal([1, 0], good.GetOutput(0).Tensor.ToRaw().ToArray());
        Assert.False(bad.TryFill());
    }

    [Fact]
    public void TryAddInput_MoreStringsThanThereAreBytesFor_IsLeftToTheOtherWay()
    {
        using var draft = server.Server.Services.GetRequiredService<InferencePath>().TryBegin("identity_bytes", "", Stopwatch.GetTimestamp())!;

        Assert.False(draft.TryAddInput("INPUT0", "BYTES", [8, int.MaxValue / 16], new ReadOnlySequence<byte>(new byte[64])));
    }

    [Fact]
    public async Task ModelInfer_TimeoutThatEndsWhileTheModelRuns_IsRefusedAndTheNextIsAnswered()
    {
        var request = TensorRequests.Raw("slow", "FP32", [1], new byte[4]);
        request.Parameters["timeout"] = new InferParameter { Int64Param = 2_000 };

        var exception = await Assert.ThrowsAsync<RpcException>(async () => await server.Grpc.ModelInferAsync(request, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.DeadlineExceeded, exception.StatusCode);
        Assert.Contains("time", exception.Status.Detail, StringComparison.Ordinal);
        request.Parameters["timeout"] = new InferParameter { Int64Param = long.MaxValue };
        Assert.Equal(4, (await server.Grpc.ModelInferAsync(request, cancellationToken: Cancellation)).RawOutputContents[0].Length);
    }

    [Fact]
    public async Task ModelInfer_TimeoutAndDeadline_TheFirstToEndIsSaid()
    {
        var request = TensorRequests.Raw("slow", "FP32", [1], new byte[4]);
        request.Parameters["timeout"] = new InferParameter { Int64Param = 3_600_000_000 };

        var exception = await Assert.ThrowsAsync<RpcException>(async () => await server.Grpc.ModelInferAsync(request, deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(5), cancellationToken: Cancellation));

        Assert.Equal(StatusCode.DeadlineExceeded, exception.StatusCode);
    }

    private InferenceDraft Begin(string model, string datatype, long[] shape, byte[] raw)
    {
        var draft = server.Server.Services.GetRequiredService<InferencePath>().TryBegin(model, "", Stopwatch.GetTimestamp())!;
        Assert.True(draft.TryAddInput("INPUT0", datatype, shape, new ReadOnlySequence<byte>(raw)));
        return draft;
    }
}

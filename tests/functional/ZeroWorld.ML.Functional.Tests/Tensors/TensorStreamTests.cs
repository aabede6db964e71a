using Grpc.Core;
using Inference;

namespace ZeroWorld.ML.Functional.Tests;

public sealed class TensorStreamTests(TensorServer server) : IClassFixture<TensorServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ModelStreamInfer_GoodAndBadRequests_AreAnsweredInOrder()
    {
        const int Count = 300;
        using var call = server.Grpc.ModelStreamInfer(cancellationToken: Cancellation);
        var sending = Task.Run(async () =>
        {
            for (var index = 0; index < Count; index++)
            {
                var request = TensorRequests.Simple(rows: 1 + (index % 8), id: $"{index}");
                if (index % 3 == 1)
                {
                    request.Inputs[0].Name = "X";
                }

                await call.RequestStream.WriteAsync(request, Cancellation);
            }

            await call.RequestStream.CompleteAsync();
        }, Cancellation);

        var answered = 0;
        await foreach (var response in call.ResponseStream.ReadAllAsync(Cancellation))
        {
            Assert.Equal($"{answered}", response.InferResponse.Id);
            Assert.True(response.InferResponse.Parameters["triton_final_response"].BoolParam);
            if (answered % 3 == 1)
            {
                Assert.Equal("unexpected inference input 'X' for model 'simple'", response.ErrorMessage);
                Assert.Empty(response.InferResponse.Outputs);
            }
            else
            {
                Assert.Equal("", response.ErrorMessage);
                Assert.Equal([1L + (answered % 8), 16L], response.InferResponse.Outputs[0].Shape);
            }

            answered++;
        }

        await sending;
        Assert.Equal(Count, answered);
    }

    [Fact]
    public async Task ModelStreamInfer_StatusesAskedFor_TheFirstFailureEndsItAfterTheAnswersBeforeIt()
    {
        using var call = server.Grpc.ModelStreamInfer(new Metadata { { "triton_grpc_error", "true" } }, cancellationToken: Cancellation);
        await call.RequestStream.WriteAsync(TensorRequests.Simple(), Cancellation);
        var bad = TensorRequests.Simple();
        bad.ModelName = "nobody";
        await call.RequestStream.WriteAsync(bad, Cancellation);
        await call.RequestStream.CompleteAsync();

        Assert.True(await call.ResponseStream.MoveNext(Cancellation));
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancellation));

        Assert.Equal(StatusCode.NotFound, exception.StatusCode);
    }

    [Fact]
    public async Task ModelStreamInfer_NothingSent_EndsWell()
    {
        using var call = server.Grpc.ModelStreamInfer(cancellationToken: Cancellation);
        await call.RequestStream.CompleteAsync();

        Assert.False(await call.ResponseStream.MoveNext(Cancellation));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task ModelStreamInfer_CallersThatLeave_LeaveNothingBehind()
    {
        for (var index = 0; index < 30; index++)
        {
            using var call = server.Grpc.ModelStreamInfer(cancellationToken: Cancellation);
            for (var request = 0; request < 5; request++)
            {
                await call.RequestStream.WriteAsync(TensorRequests.Simple(), Cancellation);
            }
        }

        using var last = server.Grpc.ModelStreamInfer(cancellationToken: Cancellation);
        await last.RequestStream.WriteAsync(TensorRequests.Simple(), Cancellation);
        Assert.True(await last.ResponseStream.MoveNext(Cancellation));
        Assert.Equal("", last.ResponseStream.Current.ErrorMessage);
    }

    [Fact]
    public async Task StopAsync_WithAnOpenStream_AnswersWhatWasReadAndEndsIt()
    {
        await using var stopping = await TensorServer.StartNewAsync(new Dictionary<string, string>());
        using var call = stopping.Grpc.ModelStreamInfer(cancellationToken: Cancellation);
        await call.RequestStream.WriteAsync(TensorRequests.Simple(), Cancellation);
        Assert.True(await call.ResponseStream.MoveNext(Cancellation));

        var stop = stopping.Server.StopAsync();
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancellation));
        await stop.WaitAsync(TimeSpan.FromSeconds(25), Cancellation);

        // A caller that has not ended its side may see the reset behind the status in its place: its client calls that Internal.
        Assert.True(exception.StatusCode is StatusCode.Unavailable or StatusCode.Internal, $"{exception}");
    }
}

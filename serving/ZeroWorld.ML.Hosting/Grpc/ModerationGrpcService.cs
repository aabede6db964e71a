using Google.Protobuf;
using Grpc.Core;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary><c>zeroworld.ml.v1.ModerationService</c>: one item after the other, so that a caller who reads no answers holds nothing but one item here.</summary>
internal sealed class ModerationGrpcService(ModerationCalls calls, GrpcErrors errors) : ModerationService.ModerationServiceBase
{
    public override async Task Score(IAsyncStreamReader<ScoreRequest> requestStream, IServerStreamWriter<ScoreResponse> responseStream, ServerCallContext context)
    {
        errors.ThrowIfExpired(context);
        try
        {
            var (workspace, items, named) = (new TextWorkspace(), 0L, (ScoreRequest?)null);
            while (await requestStream.MoveNext(context.CancellationToken).ConfigureAwait(false))
            {
                var request = requestStream.Current;
                named = request.Model.Length > 0 ? request : named
                    ?? throw new ProtocolFailure(StatusCode.InvalidArgument, "model: the first message names none; expected the name of a text model.");
                items++;
                var response = await calls.DecideAsync(request, named, items, workspace, context.CancellationToken).ConfigureAwait(false);
                await responseStream.WriteToCallerAsync(response, context, context.CancellationToken).ConfigureAwait(false);
            }
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw errors.Translate(new ProtocolFailure(StatusCode.InvalidArgument, $"The message is no {nameof(ScoreRequest)}: {exception.Message}"), context);
        }
        catch (IOException)
        {
            // The caller reset the stream: nobody is there to be told.
            throw new RpcException(GrpcErrors.Gone);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw errors.Translate(exception, context);
        }
    }
}

using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>Predict by entity.</summary>
internal sealed class DirectPredict(PredictionPath predictions) : IDirectMethod
{
    public string Name => "/zeroworld.ml.v1.PredictionService/Predict";

    public IDirectCall? TryRead(in ReadOnlySequence<byte> message, DateTimeOffset? deadline)
    {
        var received = Stopwatch.GetTimestamp();
        if (DirectPredictMessage.TryRead(message.IsSingleSegment ? message.FirstSpan : message.ToArray(), out var plain))
        {
            return new Call(
                predictions,
                new PredictionRequest
                {
                    Project = plain.Project,
                    Model = plain.Model,
                    Selector = plain.Selector,
                    Entities = plain.Entities,
                    Request = plain.Request,
                    Deadline = deadline,
                    Received = received,
                },
                plain.OmitsFeatures);
        }

        try
        {
            var request = PredictRequest.Parser.ParseFrom(message);

            // Reasons are the other path's.
            return request.Reasons == 0 ? new Call(predictions, PredictionGrpcService.ToRequest(request, deadline, received), request.OmitFeatures) : null;
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or ServingException)
        {
            // Said by whoever reads it again.
            return null;
        }
    }

    private sealed class Call(PredictionPath predictions, PredictionRequest request, bool omitsFeatures) : IDirectCall
    {
        private PredictionReply? _reply;

        public TimeSpan? Timeout => null;

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        public async ValueTask RunAsync(HttpContext context) =>
            _reply = new PredictionReply(await predictions.PredictAsync(request, context.RequestAborted).ConfigureAwait(false), omitsFeatures);

        public void WriteTo(DirectOutput output, int bytesMax)
        {
            using var writer = new ReverseProtoWriter(PredictionReply.Capacity);
            _reply!.Write(writer);
            if (writer.Length > bytesMax)
            {
                throw DirectReply.RefuseSize();
            }

            output.Begin(writer.Length).Write(writer.Written);
            _reply.Finish();
        }

        public void Dispose()
        {
        }
    }
}

using System.Buffers;
using System.Diagnostics;
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

    public IDirectCall? TryRead(in ReadOnlySequence<byte> message)
    {
        var received = Stopwatch.GetTimestamp();
        try
        {
            var request = PredictRequest.Parser.ParseFrom(message);

            // Reasons are the other path's.
            return request.Reasons == 0 ? new Call(predictions, request, received) : null;
        }
        catch (InvalidProtocolBufferException)
        {
            // Said by whoever reads it again.
            return null;
        }
    }

    private sealed class Call(PredictionPath predictions, PredictRequest request, long received) : IDirectCall
    {
        private PredictionReply? _reply;

        public async ValueTask RunAsync(DateTimeOffset? deadline, HttpContext context) => _reply = new PredictionReply(
            await predictions.PredictAsync(PredictionGrpcService.ToRequest(request, deadline, received), context.RequestAborted).ConfigureAwait(false), request.OmitFeatures);

        public void WriteTo(DirectOutput output, int bytesMax)
        {
            using var writer = new ReverseProtoWriter(PredictionReply.Capacity);
            _reply!.Write(writer);
            if (writer.Length > bytesMax)
            {
                throw DirectReply.RefuseSize();
            }

            output.Begin(writer.Length).Write(writer.Written);
            _reply.Result.Answered.Finish();
        }

        public void Dispose()
        {
        }
    }
}

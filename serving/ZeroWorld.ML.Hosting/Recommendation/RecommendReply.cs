using Google.Protobuf;
using Grpc.Core;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>The answer of <c>PredictionService.Recommend</c> before it is bytes.</summary>
/// <param name="Response">The message.</param>
/// <param name="Answered">Finished when the bytes are there.</param>
internal sealed record RecommendReply(RecommendResponse Response, AnsweredRequest Answered)
{
    public void WriteTo(SerializationContext context)
    {
        context.SetPayloadLength(Response.CalculateSize());
        Response.WriteTo(context.GetBufferWriter());
        context.Complete();
        Answered.Finish();
    }
}

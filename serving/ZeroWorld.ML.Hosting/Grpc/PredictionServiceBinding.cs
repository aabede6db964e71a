using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>Binds <c>PredictionService</c> as generated code would, but for the answers of Predict and Recommend: those write their bytes themselves.</summary>
internal static class PredictionServiceBinding
{
    private const string Name = "zeroworld.ml.v1.PredictionService";

    private static readonly Method<PredictRequest, PredictionReply> Predict = new(
        MethodType.Unary, Name, nameof(PredictionGrpcService.Predict), StrictMarshaller.Of(MarshallerOf(PredictRequest.Parser)),
        Marshallers.Create(
            static (PredictionReply reply, SerializationContext context) => reply.WriteTo(context),
            static _ => throw new NotSupportedException("Answers are not read here.")));

    private static readonly Method<ReplayPredictionRequest, ReplayPredictionResponse> Replay = new(
        MethodType.Unary, Name, nameof(PredictionGrpcService.ReplayPrediction),
        StrictMarshaller.Of(MarshallerOf(ReplayPredictionRequest.Parser)), MarshallerOf(ReplayPredictionResponse.Parser));

    private static readonly Method<RecommendRequest, RecommendReply> Recommend = new(
        MethodType.Unary, Name, nameof(PredictionGrpcService.Recommend), StrictMarshaller.Of(MarshallerOf(RecommendRequest.Parser)),
        Marshallers.Create(
            static (RecommendReply reply, SerializationContext context) => reply.WriteTo(context),
            static _ => throw new NotSupportedException("Answers are not read here.")));

    /// <summary>What reflection shows.</summary>
    public static ServiceDescriptor Descriptor => PredictionService.Descriptor;

    /// <summary>Called by the server with <see langword="null"/>: it finds the methods of the service by their names.</summary>
    public static void BindService(ServiceBinderBase binder, PredictionGrpcServiceBase? service)
    {
        binder.AddMethod(Predict, service is null ? null : service.Predict);
        binder.AddMethod(Replay, service is null ? null : service.ReplayPrediction);
        binder.AddMethod(Recommend, service is null ? null : service.Recommend);
    }

    private static Marshaller<T> MarshallerOf<T>(MessageParser<T> parser)
        where T : class, IMessage<T> => Marshallers.Create(
            static (T message, SerializationContext context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => parser.ParseFrom(context.PayloadAsReadOnlySequence()));
}

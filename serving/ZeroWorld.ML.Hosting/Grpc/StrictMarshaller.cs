using Google.Protobuf;
using Grpc.Core;

namespace ZeroWorld.ML.Hosting;

/// <summary>Reading of requests that answers bytes that are no message with INVALID_ARGUMENT, where the transport would say UNKNOWN.</summary>
internal static class StrictMarshaller
{
    /// <exception cref="RpcException">While reading: <see cref="StatusCode.InvalidArgument"/>.</exception>
    public static Marshaller<T> Of<T>(Marshaller<T> marshaller)
        where T : class
    {
        var read = marshaller.ContextualDeserializer;
        return Marshallers.Create(marshaller.ContextualSerializer, Read);

        T Read(DeserializationContext context)
        {
            try
            {
                return read(context);
            }
            catch (InvalidProtocolBufferException exception)
            {
                throw new RpcException(new Status(StatusCode.InvalidArgument, $"The message is no {typeof(T).Name}: {exception.Message}"));
            }
        }
    }
}

using Google.Protobuf.Reflection;
using Grpc.Core;
using Inference;

namespace ZeroWorld.ML.Hosting;

/// <summary>Binds <c>GRPCInferenceService</c> as generated code does, but for what becomes of bytes that are no message: INVALID_ARGUMENT, where it would be UNKNOWN.</summary>
internal static class InferenceServiceBinding
{
    /// <summary>What reflection shows.</summary>
    public static ServiceDescriptor Descriptor => GRPCInferenceService.Descriptor;

    /// <summary>Called by the server with <see langword="null"/>: it finds the methods of the service by their names.</summary>
    public static void BindService(ServiceBinderBase binder, GRPCInferenceService.GRPCInferenceServiceBase? service) => GRPCInferenceService.BindService(new Binder(binder), service);

    private static Method<TRequest, TResponse> Strict<TRequest, TResponse>(Method<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class =>
        new(method.Type, method.ServiceName, method.Name, StrictMarshaller.Of(method.RequestMarshaller), method.ResponseMarshaller);

    private sealed class Binder(ServiceBinderBase binder) : ServiceBinderBase
    {
        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
            binder.AddMethod(Strict(method), handler);

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
            binder.AddMethod(Strict(method), handler);
    }
}

using Google.Protobuf.Reflection;
using Grpc.Core;
using Inference;

namespace ZeroWorld.ML.Hosting;

/// <summary>Binds <c>GRPCInferenceService</c> by <see cref="StrictBinder"/>.</summary>
internal static class InferenceServiceBinding
{
    /// <summary>What reflection shows.</summary>
    public static ServiceDescriptor Descriptor => GRPCInferenceService.Descriptor;

    /// <summary>Called by the server with <see langword="null"/>: it finds the methods of the service by their names.</summary>
    public static void BindService(ServiceBinderBase binder, GRPCInferenceService.GRPCInferenceServiceBase? service) => GRPCInferenceService.BindService(new StrictBinder(binder), service);
}

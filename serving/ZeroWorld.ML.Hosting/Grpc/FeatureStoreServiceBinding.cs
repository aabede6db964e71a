using Google.Protobuf.Reflection;
using Grpc.Core;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>Binds <c>FeatureStoreService</c> by <see cref="StrictBinder"/>.</summary>
internal static class FeatureStoreServiceBinding
{
    /// <summary>What reflection shows.</summary>
    public static ServiceDescriptor Descriptor => FeatureStoreService.Descriptor;

    /// <summary>Called by the server with <see langword="null"/>: it finds the methods of the service by their names.</summary>
    public static void BindService(ServiceBinderBase binder, FeatureStoreService.FeatureStoreServiceBase? service) => FeatureStoreService.BindService(new StrictBinder(binder), service);
}

using Google.Protobuf.Reflection;
using Grpc.Core;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>Binds <c>RegistryService</c> by <see cref="StrictBinder"/>.</summary>
internal static class RegistryServiceBinding
{
    /// <summary>What reflection shows.</summary>
    public static ServiceDescriptor Descriptor => RegistryService.Descriptor;

    /// <summary>Called by the server with <see langword="null"/>: it finds the methods of the service by their names.</summary>
    public static void BindService(ServiceBinderBase binder, RegistryService.RegistryServiceBase? service) => RegistryService.BindService(new StrictBinder(binder), service);
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ZeroWorld.ML.Models.Registry;

public static class ModelRegistryServiceCollectionExtensions
{
    /// <summary>Adds <see cref="ModelRegistry"/> and, as it, <see cref="IModelCatalog"/>, and <see cref="RunStore"/>, with artifacts in the data directory unless the host brought a store.</summary>
    /// <remarks>The host adds an <see cref="IPackageVerifier"/> and logging.</remarks>
    public static IServiceCollection AddModelRegistry(this IServiceCollection services, ModelRegistryOptions options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(options);
        services.TryAddSingleton<IArtifactStore>(static provider => new FolderArtifactStore(provider.GetRequiredService<ModelRegistryOptions>().ArtifactsPath));
        services.TryAddSingleton<ModelRegistry>();
        services.TryAddSingleton<RunStore>();
        services.TryAddSingleton<ArtifactCollector>();
        services.TryAddSingleton<IRunStore>(static provider => provider.GetRequiredService<RunStore>());
        services.TryAddSingleton<IModelCatalog>(static provider => provider.GetRequiredService<ModelRegistry>());
        return services;
    }
}

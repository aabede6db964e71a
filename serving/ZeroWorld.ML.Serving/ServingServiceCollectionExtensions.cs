using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.GpuNodes;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Registration of the serving engine.</summary>
public static class ServingServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="ServableManager"/>, <see cref="InferencePath"/>, <see cref="ServedModels"/>, <see cref="PredictionPath"/>, <see cref="RecommendationPath"/>, <see cref="FeaturePath"/>, <see cref="CoverageCache"/>, <see cref="PredictionLog"/>,
    /// <see cref="PredictionReplay"/>, <see cref="RequestTraces"/>, <see cref="IPackageVerifier"/> and <see cref="IModelScorer"/> as singletons, and the loops that keep them in step.
    /// </summary>
    /// <remarks>
    /// The host adds <see cref="IModelCatalog"/>, <see cref="IOnlineStore"/>, <see cref="OnlineReadCoalescer"/>, <see cref="IFeatureServiceProvider"/>,
    /// <see cref="IPredictionLogSink"/>, <see cref="IPredictionLogReader"/>, <see cref="MemoryBudget"/> and at least one <see cref="IModelRuntime"/>,
    /// and binds the options to its configuration by their sections.
    /// </remarks>
    public static ServingBuilder AddServing(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        AddOptions<ServableManagerOptions>(services);
        AddOptions<ModelFolderOptions>(services);
        AddOptions<BatchSchedulerOptions>(services);
        AddOptions<ResponseCacheOptions>(services);
        AddOptions<PredictionOptions>(services);
        AddOptions<PredictionLogOptions>(services);

        services.TryAddSingleton<TimeProvider>(static _ => new PreciseTimeProvider());
        services.TryAddSingleton<ServingMetrics>();
        AddLifecycle(services);
        AddPaths(services);
        return new ServingBuilder(services);
    }

    private static void AddLifecycle(IServiceCollection services)
    {
        services.TryAddSingleton(static provider => new PackageLoader(
            provider.GetServices<IModelRuntime>(),
            provider.GetRequiredService<IFeatureServiceProvider>(),
            provider.GetRequiredService<MemoryBudget>(),
            Options<ServableManagerOptions>(provider)));
        services.TryAddSingleton(static provider => new CoverageCache(
            provider.GetRequiredService<IOnlineStore>(), provider.GetRequiredService<ILogger<CoverageCache>>()));
        services.TryAddSingleton(static provider => new FeatureStage(provider.GetRequiredService<OnlineReadCoalescer>()));
        services.TryAddSingleton(static provider => new FeaturePreparation(
            provider.GetRequiredService<CoverageCache>(), provider.GetRequiredService<FeatureStage>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new ModelSources(
            provider.GetRequiredService<IModelCatalog>(),
            Options<ModelFolderOptions>(provider) is { Folder: not null } folder
                ? new ModelFolder(folder, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ModelFolder>>())
                : null,
            provider.GetRequiredService<ILogger<ModelSources>>()));
        services.TryAddSingleton(static provider => new ServableLoader(
            provider.GetRequiredService<ModelSources>(),
            provider.GetRequiredService<PackageLoader>(),
            provider.GetRequiredService<FeaturePreparation>(),
            CreateCache(Options<ResponseCacheOptions>(provider), provider.GetRequiredService<ServingMetrics>()),
            Options<BatchSchedulerOptions>(provider),
            provider.GetRequiredService<ServingMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ServableLoader>>(),

            // Later than this: the manager has the loader.
            provider.GetRequiredService<ServableManager>));
        services.TryAddSingleton(static provider => new ServableManager(
            provider.GetRequiredService<ModelSources>(),
            provider.GetRequiredService<ServableLoader>(),
            Options<ServableManagerOptions>(provider),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IHostedService>(static provider => new ServableRefresher(
            provider.GetRequiredService<ServableManager>(),
            Options<ServableManagerOptions>(provider),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ServableRefresher>>()));
        services.AddSingleton<IHostedService>(static provider => new CoverageRefresher(
            provider.GetRequiredService<CoverageCache>(),
            Options<PredictionOptions>(provider),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<CoverageRefresher>>()));
        services.TryAddSingleton<IPackageVerifier>(static provider => new PackageVerifier(
            provider.GetRequiredService<PackageLoader>(),

            // Later than this: the manager reads the registry, and the registry verifies.
            model => provider.GetRequiredService<ServableManager>().MakeRoomAsync(model)));
        services.TryAddSingleton<IModelScorer>(static provider => new ModelScorer(provider.GetRequiredService<PackageLoader>()));
        services.TryAddSingleton(static provider => new TokenModels(provider.GetRequiredService<PackageLoader>()));
        services.TryAddSingleton<ISparseScorer>(static provider => new SparseScorer(provider.GetRequiredService<PackageLoader>()));
    }

    private static void AddPaths(IServiceCollection services)
    {
        services.TryAddSingleton(static provider => new RequestTraces(TraceRule.Off, provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new InferencePath(
            provider.GetRequiredService<ServableManager>(),
            provider.GetRequiredService<ServingMetrics>(),
            provider.GetRequiredService<RequestTraces>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new ServedModels(provider.GetRequiredService<ServableManager>(), Options<BatchSchedulerOptions>(provider)));
        services.TryAddSingleton(static provider => new PredictionLog(
            provider.GetRequiredService<IPredictionLogSink>(),
            Options<PredictionLogOptions>(provider),
            provider.GetRequiredService<ServingMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<PredictionLog>>()));
        services.TryAddSingleton(static provider => new PredictionPath(
            provider.GetRequiredService<ServableManager>(),
            provider.GetRequiredService<FeatureStage>(),
            provider.GetRequiredService<PredictionLog>(),
            new PredictionPathOptions(Options<PredictionOptions>(provider), Options<BatchSchedulerOptions>(provider)),
            provider.GetRequiredService<ServingMetrics>(),
            provider.GetRequiredService<RequestTraces>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new FeaturePath(
            provider.GetRequiredService<FeatureStage>(),
            provider.GetRequiredService<FeaturePreparation>(),
            Options<PredictionOptions>(provider),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new PredictionReplay(
            provider.GetRequiredService<PredictionLog>(),
            provider.GetRequiredService<IPredictionLogReader>(),
            provider.GetRequiredService<IModelCatalog>(),
            provider.GetRequiredService<PackageLoader>(),
            provider.GetServices<IPackageReplay>()));
        services.TryAddSingleton(static provider => new RecommendationPath(
            provider.GetRequiredService<ServableManager>(),
            provider.GetRequiredService<PredictionLog>(),
            provider.GetRequiredService<ServingMetrics>(),
            provider.GetRequiredService<RequestTraces>(),
            provider.GetRequiredService<TimeProvider>()));
    }

    private static ResponseCache? CreateCache(ResponseCacheOptions options, ServingMetrics metrics)
    {
        if (options.MebibytesMax == 0)
        {
            return null;
        }

        var cache = new ResponseCache((long)options.MebibytesMax << 20);
        metrics.Add(cache);
        return cache;
    }

    private static void AddOptions<TOptions>(IServiceCollection services)
        where TOptions : class => services.AddOptions<TOptions>().ValidateDataAnnotations().ValidateOnStart();

    private static TOptions Options<TOptions>(IServiceProvider provider)
        where TOptions : class => provider.GetRequiredService<IOptions<TOptions>>().Value;
}

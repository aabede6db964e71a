using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Kafka;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.GpuNodes;
using ZeroWorld.ML.Models.Registry;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.OnnxRuntime;
using ZeroWorld.ML.Serving.TorchSharp;
using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Hosting;

/// <summary>The one composition of ZeroWorld.ML, which every executable shares.</summary>
public static class ZeroWorldServiceCollectionExtensions
{
    /// <summary>
    /// Adds the data directory (opened for writing when it is first asked for), definitions, offline and online store, registry, and the serving engine.
    /// </summary>
    /// <param name="services">Must also hold logging.</param>
    /// <param name="configuration">Settings; every part gets the values that it declares.</param>
    public static IServiceCollection AddZeroWorld(this IServiceCollection services, ZeroWorldConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.TryAddSingleton<TimeProvider>(static _ => new PreciseTimeProvider());
        services.AddSingleton(configuration);
        services.AddSingleton(configuration.Get<ServerOptions>());
        services.TryAddSingleton(_ => DataDirectory.OpenForWriting(configuration.Get<DataOptions>().DataDirectory));
        S3Composition.AddStorage(services, configuration.Get<S3Options>());
        AddFeatures(services, configuration);
        AddModels(services, configuration);
        AddServing(services, configuration);
        return services;
    }

    private static void AddFeatures(IServiceCollection services, ZeroWorldConfiguration configuration)
    {
        services.AddSingleton(static provider => new DefinitionRegistry(provider.GetRequiredService<DataDirectory>().Root, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<FeatureServiceCatalog>();
        services.AddSingleton<IFeatureServiceProvider>(static provider => provider.GetRequiredService<FeatureServiceCatalog>());
        services.AddSingleton<DefinitionApplier>();
        services.AddSingleton(static provider => new ErasureList(provider.GetRequiredService<DataDirectory>().Root));
        services.AddSingleton<EventPush>();
        services.AddSingleton<EntityEraser>();
        services.AddSingleton<Materializer>();
        AddStreams(services, configuration);

        services.AddParquetOfflineStore(configuration.CopyTo);
        services.AddOptions<ParquetOfflineOptions>().PostConfigure<DataDirectory>(static (offline, directory) => offline.DataDirectory = directory.Root);

        if (configuration.Get<OnlineReadCacheOptions>() is { IsUsed: true } cache)
        {
            services.AddSingleton(provider => new OnlineReadCache(provider.GetRequiredService<RedisOnlineStore>(), cache, provider.GetRequiredService<TimeProvider>()));
            services.AddSingleton<IOnlineStore>(static provider => provider.GetRequiredService<OnlineReadCache>());
            services.AddSingleton<IMaterializationLedger>(static provider => new CachedMaterializationLedger(
                provider.GetRequiredService<OnlineReadCache>(), provider.GetRequiredService<RedisOnlineStore>()));
        }

        if (configuration.Get<OnlineOptions>().Redis is { Length: > 0 } redis)
        {
            services.AddRedisOnlineStore(options =>
            {
                configuration.CopyTo(options);
                options.Configuration = redis;
            });
            services.AddHostedService<OnlineStoreCheck>();
        }
        else
        {
            services.AddEmbeddedOnlineStore(configuration.CopyTo);
            services.Configure<RedisOnlineStoreOptions>(configuration.CopyTo);
            services.AddOptions<GarnetHostOptions>().PostConfigure<DataDirectory>(static (garnet, directory) => garnet.Folder = directory.Online);
        }
    }

    private static void AddStreams(IServiceCollection services, ZeroWorldConfiguration configuration)
    {
        services.AddRedisEventSource(configuration.CopyTo);
        services.AddSingleton<IEventSourceFactory>(provider => new KafkaEventSourceFactory(
            configuration.Get<KafkaStreamOptions>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<KafkaEventSourceFactory>>()));
        services.AddSingleton<StreamHost>();
        services.AddHostedService(static provider => provider.GetRequiredService<StreamHost>());
    }

    private static void AddModels(IServiceCollection services, ZeroWorldConfiguration configuration) =>
        services.AddModelRegistry(RegistryAccess.ToOptions(configuration));

    private static void AddServing(IServiceCollection services, ZeroWorldConfiguration configuration)
    {
        services.AddSingleton<IPredictionLogReader, ParquetPredictionLogReader>();
        services.AddSingleton(static provider => new OnlineReadCoalescer(
            provider.GetRequiredService<IOnlineStore>(),
            provider.GetRequiredService<ZeroWorldConfiguration>().Get<OnlineReadCoalescerOptions>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<OnlineReadCoalescer>>()));
        services.AddSingleton(static _ => DeviceInventory.Read(NodeSources.System));
        services.AddSingleton(provider => new MemoryBudget(provider.GetRequiredService<DeviceInventory>(), configuration.Get<MemoryBudgetOptions>()));
        Tracing.Add(services, configuration.Get<TracingOptions>());
        services.AddServing().AddOnnxRuntime().AddTorchSharp();
        services.AddOptions<ModelFolderOptions>().Configure(configuration.CopyTo)
            .PostConfigure<DataDirectory>(static (folder, directory) => folder.OverrideFolder = directory.ModelOverrides);
        services.Configure<ServableManagerOptions>(configuration.CopyTo);
        services.Configure<BatchSchedulerOptions>(configuration.CopyTo);
        services.Configure<ResponseCacheOptions>(configuration.CopyTo);
        services.Configure<PredictionOptions>(configuration.CopyTo);
        services.Configure<PredictionLogOptions>(configuration.CopyTo);
        services.Configure<OnnxRuntimeOptions>(configuration.CopyTo);
    }
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Registry;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Hosting;

/// <summary>Artifacts, tables and the prediction log: in a bucket where one is named, else in the data directory.</summary>
internal static class S3Composition
{
    private const string PredictionLogRoot = "prediction-log";

    /// <summary>Before the parts are added that would put them into the data directory.</summary>
    public static void AddStorage(IServiceCollection services, S3Options options)
    {
        if (!options.IsUsed)
        {
            services.AddSingleton<IRowSource>(static provider => new ParquetRowSource(
                provider.GetRequiredService<DataDirectory>().PredictionLog, provider.GetRequiredService<IOptions<ParquetOfflineOptions>>().Value));
            services.AddSingleton<IRowEraser>(static provider => new ParquetRowEraser(
                provider.GetRequiredService<DataDirectory>().PredictionLog, provider.GetRequiredService<IOptions<ParquetOfflineOptions>>().Value));
            services.AddSingleton<IPredictionLogSink>(static provider =>
                new ParquetPredictionLogSink(new ParquetRowSink(provider.GetRequiredService<DataDirectory>().PredictionLog)));
            return;
        }

        services.AddSingleton(_ => new ObjectStore(options));
        services.AddSingleton(provider => CreateCache(
            provider.GetRequiredService<ObjectStore>(), options, provider.GetRequiredService<DataDirectory>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IArtifactStore>(static provider =>
            new S3ArtifactStore(provider.GetRequiredService<ObjectStore>(), provider.GetRequiredService<DataDirectory>().Staging));
        services.AddSingleton(static provider => new S3OfflineStore(
            provider.GetRequiredService<IOptions<ParquetOfflineOptions>>().Value,
            provider.GetRequiredService<ObjectStore>(),
            provider.GetRequiredService<ObjectFileCache>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DuckDbOfflineStore>>()));
        services.AddSingleton<IOfflineStore>(static provider => provider.GetRequiredService<S3OfflineStore>());
        services.AddSingleton<IEventArchive>(static provider => provider.GetRequiredService<S3OfflineStore>());
        services.AddSingleton<IRowSource>(static provider => new S3RowSource(
            provider.GetRequiredService<ObjectStore>(),
            provider.GetRequiredService<ObjectFileCache>(),
            PredictionLogRoot,
            provider.GetRequiredService<IOptions<ParquetOfflineOptions>>().Value));
        services.AddSingleton<IRowEraser>(static provider => new S3RowEraser(
            provider.GetRequiredService<ObjectStore>(),
            provider.GetRequiredService<ObjectFileCache>(),
            PredictionLogRoot,
            provider.GetRequiredService<IOptions<ParquetOfflineOptions>>().Value));
        services.AddSingleton<IPredictionLogSink>(static provider => new ParquetPredictionLogSink(new S3RowSink(
            provider.GetRequiredService<ObjectStore>(), PredictionLogRoot, Path.Combine(provider.GetRequiredService<DataDirectory>().Staging, PredictionLogRoot))));
    }

    public static ObjectFileCache CreateCache(ObjectStore objects, S3Options options, DataDirectory directory, TimeProvider time) =>
        new(objects, directory.Cache, (long)options.CacheMebibytes << 20, time);
}

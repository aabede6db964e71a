using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Registers the offline store on Parquet and DuckDB.</summary>
public static class ParquetServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IOfflineStore"/> as a singleton, unless the host has one already.</summary>
    /// <param name="services">Must also hold logging.</param>
    /// <param name="configure">Sets the options; defaults run.</param>
    public static IServiceCollection AddParquetOfflineStore(this IServiceCollection services, Action<ParquetOfflineOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<ParquetOfflineOptions>().Configure(options => configure?.Invoke(options));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ParquetOfflineOptions>, ParquetOfflineOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(static provider => new DuckDbOfflineStore(
            provider.GetRequiredService<IOptions<ParquetOfflineOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DuckDbOfflineStore>>()));
        services.TryAddSingleton<IOfflineStore>(static provider => provider.GetRequiredService<DuckDbOfflineStore>());
        services.TryAddSingleton<IEventArchive>(static provider => provider.GetRequiredService<DuckDbOfflineStore>());
        return services;
    }
}

[OptionsValidator]
internal sealed partial class ParquetOfflineOptionsValidator : IValidateOptions<ParquetOfflineOptions>;

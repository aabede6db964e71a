using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Registers the online store.</summary>
public static class RedisServiceCollectionExtensions
{
    /// <summary>Adds <see cref="RedisOnlineStore"/> as the <see cref="IOnlineStore"/>. Needs a <see cref="TimeProvider"/> and logging.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options; they are validated at start.</param>
    public static IServiceCollection AddRedisOnlineStore(this IServiceCollection services, Action<RedisOnlineStoreOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<RedisOnlineStoreOptions>().Configure(configure).ValidateOnStart();
        services.TryAddSingleton<IValidateOptions<RedisOnlineStoreOptions>, RedisOnlineStoreOptionsValidator>();
        services.TryAddSingleton(static provider => new RedisOnlineStore(
            provider.GetRequiredService<IOptions<RedisOnlineStoreOptions>>().Value,
            provider.GetService<TimeProvider>() ?? TimeProvider.System,
            provider.GetRequiredService<ILogger<RedisOnlineStore>>()));
        services.TryAddSingleton<IMaterializationLedger>(static provider => provider.GetRequiredService<RedisOnlineStore>());
        services.TryAddSingleton<IOnlineStore>(static provider => provider.GetRequiredService<RedisOnlineStore>());
        return services;
    }

    /// <summary>Adds a <see cref="GarnetHost"/> that starts with the application or when it is first used, and <see cref="RedisOnlineStore"/> on it as the <see cref="IOnlineStore"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options of the embedded store; they are validated at start.</param>
    public static IServiceCollection AddEmbeddedOnlineStore(this IServiceCollection services, Action<GarnetHostOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<GarnetHostOptions>().Configure(configure).ValidateOnStart();
        services.TryAddSingleton<IValidateOptions<GarnetHostOptions>, GarnetHostOptionsValidator>();
        services.TryAddSingleton(static provider => new GarnetHost(
            provider.GetRequiredService<IOptions<GarnetHostOptions>>().Value,
            provider.GetService<TimeProvider>() ?? TimeProvider.System,
            provider.GetRequiredService<ILogger<GarnetHost>>()));
        services.AddOptions<RedisOnlineStoreOptions>()
            .PostConfigure<GarnetHost, IOptions<GarnetHostOptions>>(static (options, garnet, embedded) =>
            {
                options.StartServer = embedded.Value.StartsOnUse ? garnet.StartOnceAsync : null;
                options.Configuration = garnet.Configuration;
                options.FindRefusal = garnet.FindRefusal;
            });
        services.AddHostedService<GarnetHostService>();
        return services.AddRedisOnlineStore(static _ => { });
    }
}

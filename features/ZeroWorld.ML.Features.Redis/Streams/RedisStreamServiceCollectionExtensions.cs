using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Registers Redis streams as a source of events.</summary>
public static class RedisStreamServiceCollectionExtensions
{
    /// <summary>Adds an <see cref="IEventSourceFactory"/> of kind <see cref="EventStreamKind.Redis"/>.</summary>
    /// <param name="services">Must also hold logging.</param>
    /// <param name="configure">Sets the options; where they name no server, the one of the online store is meant.</param>
    public static IServiceCollection AddRedisEventSource(this IServiceCollection services, Action<RedisStreamOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<RedisStreamOptions>().Configure(configure);
        return services.AddSingleton<IEventSourceFactory>(static provider => new RedisEventSourceFactory(
            provider.GetRequiredService<IOptions<RedisStreamOptions>>().Value,
            provider.GetRequiredService<IOptions<RedisOnlineStoreOptions>>().Value,
            provider.GetService<TimeProvider>() ?? TimeProvider.System,
            provider.GetRequiredService<ILogger<RedisEventSourceFactory>>()));
    }
}

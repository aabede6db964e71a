using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Redis;

namespace ZeroWorld.ML.Hosting;

/// <summary>Materialization from the tables of a data directory into a Redis: it only reads the directory, so several may run side by side, and beside a server.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class MaterializationJob : IAsyncDisposable
{
    private readonly OfflineReader _reader;
    private readonly RedisOnlineStore _store;

    private MaterializationJob(OfflineReader reader, RedisOnlineStore store, TimeProvider time)
    {
        _reader = reader;
        _store = store;
        Materializer = new Materializer(reader.Store, store, time);
    }

    public Materializer Materializer { get; }

    /// <summary>The registered definitions.</summary>
    public FeatureServiceCatalog Catalog => _reader.Catalog;

    /// <summary>Opens the directory, and the Redis that the settings name.</summary>
    /// <returns><see langword="null"/> when they name none: the embedded store belongs to the process that writes the directory.</returns>
    /// <exception cref="HostingException">There is no data directory, or its format is another build's.</exception>
    public static async Task<MaterializationJob?> TryOpenAsync(
        ZeroWorldConfiguration configuration, ILoggerFactory logging, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (configuration.Get<OnlineOptions>().Redis is not { Length: > 0 } redis)
        {
            return null;
        }

        var options = new RedisOnlineStoreOptions();
        configuration.CopyTo(options);
        options.Configuration = redis;
        var job = new MaterializationJob(OfflineReader.Open(configuration, logging, time), new RedisOnlineStore(options, time, logging.CreateLogger<RedisOnlineStore>()), time);
        if (await job._store.ConnectAsync(cancellationToken).ConfigureAwait(false))
        {
            await job._store.CheckServerAsync(cancellationToken).ConfigureAwait(false);
        }

        return job;
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync().ConfigureAwait(false);
        _reader.Dispose();
    }
}

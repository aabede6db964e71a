using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>The server under a benchmark, with the platform's store on it and a plain client beside.</summary>
internal sealed class OnlineServer : IAsyncDisposable
{
    private readonly IAsyncDisposable? _owned;
    private readonly ConnectionMultiplexer _client;

    private OnlineServer(string name, IAsyncDisposable? owned, RedisOnlineStore store, ConnectionMultiplexer client)
    {
        Name = name;
        _owned = owned;
        Store = store;
        _client = client;
    }

    public string Name { get; }

    public RedisOnlineStore Store { get; }

    /// <summary>The same client library, without the store around it.</summary>
    public IDatabase Raw => _client.GetDatabase();

    public static async Task<OnlineServer> StartAsync(string[] options, CancellationToken cancellationToken)
    {
        var (name, owned, configuration) = await OpenAsync(options, cancellationToken);
        var store = new RedisOnlineStore(
            new RedisOnlineStoreOptions { Configuration = configuration, ReadTimeout = TimeSpan.FromSeconds(5) },
            TimeProvider.System,
            NullLogger<RedisOnlineStore>.Instance);
        if (!await store.ConnectAsync(cancellationToken))
        {
            throw new InvalidOperationException($"No server answers at {name}.");
        }

        return new OnlineServer(name, owned, store, await ConnectionMultiplexer.ConnectAsync($"{configuration},allowAdmin=true"));
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await Store.DisposeAsync();
        if (_owned is not null)
        {
            await _owned.DisposeAsync();
        }
    }

    private static async Task<(string Name, IAsyncDisposable? Owned, string Configuration)> OpenAsync(string[] options, CancellationToken cancellationToken)
    {
        if (options.Contains("--garnet", StringComparer.Ordinal))
        {
            var garnet = new GarnetHost(new GarnetHostOptions(), TimeProvider.System, NullLogger<GarnetHost>.Instance);
            await garnet.StartAsync(cancellationToken);
            return ("embedded Garnet", garnet, garnet.Configuration);
        }

        if (options.FirstOrDefault(static option => option.StartsWith("--redis=", StringComparison.Ordinal)) is { } redis)
        {
            return (redis["--redis=".Length..], null, redis["--redis=".Length..]);
        }

        var server = await RedisServerProcess.StartAsync(cancellationToken);
        return ($"redis-server on {server.Address}", server, server.Address);
    }
}

using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Redis.Tests;

/// <summary>A running server and a store on it, started by the first test that needs it.</summary>
public abstract class OnlineStoreFixture : IAsyncLifetime
{
    private readonly SemaphoreSlim _gate = new(1);
    private RedisOnlineStore? _store;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The store; skips the running test where the server is not installed.</summary>
    public async Task<RedisOnlineStore> GetStoreAsync(CancellationToken cancellationToken)
    {
        SkipIfMissing();
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_store is null)
            {
                var configuration = await StartAsync(cancellationToken);
                _store = Stores.Create(configuration);
                Assert.True(await _store.ConnectAsync(cancellationToken));
            }

            return _store;
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        await StopAsync();
        _gate.Dispose();
    }

    protected abstract void SkipIfMissing();

    protected abstract Task<string> StartAsync(CancellationToken cancellationToken);

    protected abstract ValueTask StopAsync();
}

public sealed class RedisFixture : OnlineStoreFixture
{
    public RedisServerProcess? Server { get; private set; }

    protected override void SkipIfMissing() => RedisServerProcess.SkipIfMissing();

    protected override async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        Server = await RedisServerProcess.StartAsync(cancellationToken);
        return Server.Address;
    }

    protected override ValueTask StopAsync() => Server?.DisposeAsync() ?? ValueTask.CompletedTask;
}

public sealed class RedisClusterFixture : OnlineStoreFixture
{
    private RedisClusterProcess? _cluster;

    protected override void SkipIfMissing() => RedisServerProcess.SkipIfMissing();

    protected override async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        _cluster = await RedisClusterProcess.StartAsync(cancellationToken);

        // One node is enough: the store finds the others.
        return _cluster.Shards[0].Address;
    }

    protected override ValueTask StopAsync() => _cluster?.DisposeAsync() ?? ValueTask.CompletedTask;
}

public sealed class GarnetFixture : OnlineStoreFixture
{
    private GarnetHost? _garnet;

    protected override void SkipIfMissing()
    {
        // It comes with the project.
    }

    protected override async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        _garnet = new GarnetHost(new GarnetHostOptions(), TimeProvider.System, NullLogger<GarnetHost>.Instance);
        await _garnet.StartAsync(cancellationToken);
        return _garnet.Configuration;
    }

    protected override ValueTask StopAsync() => _garnet?.DisposeAsync() ?? ValueTask.CompletedTask;
}

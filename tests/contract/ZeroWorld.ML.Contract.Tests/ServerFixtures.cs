using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>One server for all cases of a class, started by the first that needs it.</summary>
public abstract class ServerFixture : IAsyncLifetime
{
    private readonly SemaphoreSlim _gate = new(1);
    private RedisOnlineStore? _store;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask<IOnlineStore> OpenAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_store is null)
            {
                var options = new RedisOnlineStoreOptions { Configuration = await StartAsync(cancellationToken), ReadTimeout = TimeSpan.FromSeconds(10) };
                _store = new RedisOnlineStore(options, TimeProvider.System, NullLogger<RedisOnlineStore>.Instance);
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
        GC.SuppressFinalize(this);
    }

    /// <returns>Where the server listens.</returns>
    protected abstract Task<string> StartAsync(CancellationToken cancellationToken);

    protected abstract ValueTask StopAsync();
}

public sealed class RedisContractFixture : ServerFixture
{
    private RedisServerProcess? _server;

    protected override async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        _server = await RedisServerProcess.StartAsync(cancellationToken);
        return _server.Address;
    }

    protected override ValueTask StopAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}

public sealed class RedisClusterContractFixture : ServerFixture
{
    private RedisClusterProcess? _cluster;

    protected override async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        _cluster = await RedisClusterProcess.StartAsync(cancellationToken);
        return _cluster.Shards[0].Address;
    }

    protected override ValueTask StopAsync() => _cluster?.DisposeAsync() ?? ValueTask.CompletedTask;
}

public sealed class GarnetContractFixture : ServerFixture
{
    private GarnetHost? _garnet;

    protected override async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        _garnet = new GarnetHost(new GarnetHostOptions(), TimeProvider.System, NullLogger<GarnetHost>.Instance);
        await _garnet.StartAsync(cancellationToken);
        return _garnet.Configuration;
    }

    protected override ValueTask StopAsync() => _garnet?.DisposeAsync() ?? ValueTask.CompletedTask;
}

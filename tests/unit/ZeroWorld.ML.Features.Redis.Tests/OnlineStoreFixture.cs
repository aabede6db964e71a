using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Redis.Tests;

/// <summary>A running server and a store on it, started by the first test that needs it.</summary>
public abstract class OnlineStoreFixture : IAsyncLifetime
{
    private readonly SemaphoreSlim _gate = new(1);
    private IOnlineStore? _store;
    private RedisOnlineStore? _inner;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The store; skips the running test where the server is not installed.</summary>
    public async Task<IOnlineStore> GetStoreAsync(CancellationToken cancellationToken)
    {
        SkipIfMissing();
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_store is null)
            {
                var configuration = await StartAsync(cancellationToken);
                var store = Stores.Create(configuration, Configure);
                (_inner, _store) = (store, Wrap(store));
                Assert.True(await store.ConnectAsync(cancellationToken));
            }

            return _store;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The store as materializations write to it: through the cache where one stands in front.</summary>
    internal async Task<IMaterializationLedger> GetLedgerAsync(CancellationToken cancellationToken) =>
        await GetStoreAsync(cancellationToken) is OnlineReadCache cache ? new CachedMaterializationLedger(cache, _inner!) : _inner!;

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

    /// <summary>What stands in front of the store.</summary>
    protected virtual IOnlineStore Wrap(RedisOnlineStore store) => store;

    /// <summary>What the store needs beyond the addresses.</summary>
    protected virtual void Configure(RedisOnlineStoreOptions options)
    {
    }
}

/// <summary>A redis-server with the cache in front, whose entries live longer than the tests.</summary>
public sealed class CachedRedisFixture : OnlineStoreFixture
{
    private RedisServerProcess? _server;

    protected override void SkipIfMissing() => RedisServerProcess.SkipIfMissing();

    protected override async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        _server = await RedisServerProcess.StartAsync(cancellationToken);
        return _server.Address;
    }

    protected override IOnlineStore Wrap(RedisOnlineStore store) =>
        new OnlineReadCache(store, new OnlineReadCacheOptions { EntriesMax = 10_000, AgeMax = TimeSpan.FromHours(1) }, TimeProvider.System);

    protected override ValueTask StopAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
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

/// <summary>TLS with an authority of its own and a client's certificate, and a user who may do no more than the store needs.</summary>
public sealed class RedisTlsFixture : OnlineStoreFixture
{
    /// <summary>The list of docs/operations/online-store.md.</summary>
    public const string Rights = "~z1:* -@all +@hash +exists +time +pexpire +persist +scan +eval +evalsha +script|load +@connection +info +cluster|nodes +cluster|slots +cluster|shards +config|get";

    private readonly TestCertificates _tls = new();
    private readonly TempFolder _folder = new();
    private RedisServerProcess? _server;

    protected override void SkipIfMissing() => RedisServerProcess.SkipIfMissing();

    protected override async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        var port = LoopbackPort.FindFree();
        _server = await RedisServerProcess.StartAsync(cancellationToken, [.. _tls.ServerSettings(port), "--user", .. $"store on >secret {Rights}".Split(' ')]);
        return $"127.0.0.1:{port},ssl=true,user=store";
    }

    protected override void Configure(RedisOnlineStoreOptions options)
    {
        options.PasswordFile = _folder.Combine("password");
        File.WriteAllText(options.PasswordFile, "secret\n");
        options.CertificateAuthorityFile = _tls.AuthorityFile;
        options.ClientCertificateFile = _tls.ClientCertificateFile;
        options.ClientKeyFile = _tls.ClientKeyFile;
    }

    protected override async ValueTask StopAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _tls.Dispose();
        _folder.Dispose();
    }
}

public sealed class RedisSentinelFixture : OnlineStoreFixture
{
    private RedisSentinelProcess? _group;

    protected override void SkipIfMissing() => RedisServerProcess.SkipIfMissing();

    protected override async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        _group = await RedisSentinelProcess.StartAsync(cancellationToken);
        return _group.Configuration;
    }

    protected override ValueTask StopAsync() => _group?.DisposeAsync() ?? ValueTask.CompletedTask;
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

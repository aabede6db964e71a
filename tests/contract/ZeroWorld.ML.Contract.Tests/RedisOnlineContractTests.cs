using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Contract.Tests;

public sealed class RedisOnlineContractTests(RedisContractFixture fixture) : OnlineContract, IClassFixture<RedisContractFixture>
{
    protected override ValueTask<IOnlineStore> OpenAsync(CancellationToken cancellationToken)
    {
        RedisServerProcess.SkipIfMissing();
        return fixture.OpenAsync(cancellationToken);
    }
}

/// <summary>The same on three shards.</summary>
public sealed class RedisClusterOnlineContractTests(RedisClusterContractFixture fixture) : OnlineContract, IClassFixture<RedisClusterContractFixture>
{
    protected override ValueTask<IOnlineStore> OpenAsync(CancellationToken cancellationToken)
    {
        RedisServerProcess.SkipIfMissing();
        return fixture.OpenAsync(cancellationToken);
    }
}

using StackExchange.Redis;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Contract.Tests;

public sealed class RedisKeyedLogTests : PlacedLogContract, IAsyncLifetime
{
    private RedisServerProcess? _server;

    public async ValueTask InitializeAsync()
    {
        RedisServerProcess.SkipIfMissing();
        _server = await RedisServerProcess.StartAsync(Cancellation);
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task ReadAsync_KeyOfAnotherType_SaysSo()
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(_server!.Address);
        await client.GetDatabase().StringSetAsync("review", "no stream");
        await using var log = await OpenAsync();

        var error = await Assert.ThrowsAsync<FeatureException>(async () => await log.ReadAsync("review", null, Cancellation).GetAsyncEnumerator(Cancellation).MoveNextAsync());

        Assert.Equal("'review' is no stream of this Redis, but a key of another type.", error.Message);
    }

    [Fact]
    public async Task OpenAsync_NoServer_IsUnavailable()
    {
        var error = await Assert.ThrowsAsync<FeatureException>(static () => RedisKeyedLog.OpenAsync("127.0.0.1:1,connectTimeout=200", Cancellation));

        Assert.Equal(FeatureError.StoreUnavailable, error.Error);
    }

    protected override async Task<IKeyedLog> OpenAsync() => await RedisKeyedLog.OpenAsync(_server!.Address, Cancellation);
}

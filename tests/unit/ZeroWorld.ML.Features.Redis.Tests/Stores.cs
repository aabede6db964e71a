using Microsoft.Extensions.Logging.Abstractions;

namespace ZeroWorld.ML.Features.Redis.Tests;

internal static class Stores
{
    public static RedisOnlineStore Create(string configuration, Action<RedisOnlineStoreOptions>? configure = null)
    {
        // Shared build machines pause for longer than a production timeout; tests of timeouts set their own.
        var options = new RedisOnlineStoreOptions { Configuration = configuration, ReadTimeout = TimeSpan.FromSeconds(10) };
        configure?.Invoke(options);
        return new RedisOnlineStore(options, TimeProvider.System, NullLogger<RedisOnlineStore>.Instance);
    }

    /// <summary>Reads one field of one entity.</summary>
    public static async Task<byte[]?> ReadOneAsync(this IOnlineStore store, EntityId entity, StorageField field, CancellationToken cancellationToken)
    {
        var read = new OnlineRead(entity, [field]);
        await store.ReadAsync([read], cancellationToken);
        Assert.Equal(OnlineReadState.Answered, read.State);
        return read.Payloads[0]?.ToArray();
    }
}

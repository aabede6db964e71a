using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>The one place that knows which exceptions of the client mean that the store did not answer.</summary>
internal static class RedisFailure
{
    public static bool IsUnavailable(Exception exception) => exception
        is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException or OperationCanceledException;
}

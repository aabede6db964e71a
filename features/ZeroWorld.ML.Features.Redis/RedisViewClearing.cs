using System.Buffers.Binary;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Forgets what entities have of one view, but for what arrived after a time.</summary>
internal sealed class RedisViewClearing(IDatabase database, StorageField field, long keepArrivedAfter)
{
    private readonly byte[] _moment = BytesOf(keepArrivedAfter);

    public Task ClearAsync(RedisKey key, CancellationToken cancellationToken)
    {
        if (keepArrivedAfter == long.MaxValue)
        {
            return database.HashDeleteAsync(key, field.Name);
        }

        return field.IsHop
            ? new RedisHopWriter(database, field).KeepLaterAsync(key, keepArrivedAfter, cancellationToken)
            : RedisScripts.KeepLater.EvaluateAsync(database, [key], [field.Name, _moment, field.IsWindow ? "window" : "row"]);
    }

    private static byte[] BytesOf(long time)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, time);
        return bytes;
    }
}

using System.Buffers.Binary;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Deletes one entity by one script: rows and exact blocks in the script, tiles as they were made here of what was read.</summary>
internal sealed class RedisEntityDeletion(IDatabase database, EntityId entity, IReadOnlyList<StorageField> fields)
{
    private const int Changed = 0;
    private const int HasUnknownTiles = -2;
    private const int AttemptsMax = 100;

    public async Task RunAsync(long until, CancellationToken cancellationToken)
    {
        var moment = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(moment, until);
        var hops = fields.Where(field => field.IsHop && field.View.Project == entity.Project && field.View.Entity.Name == entity.Entity).DistinctBy(static field => field.Name).ToList();
        RedisKey[] keys = [RedisKeys.Rows(entity), RedisKeys.Windows(entity)];
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var arguments = new List<RedisValue> { moment };
            if (hops.Count > 0)
            {
                var blocks = await database.HashGetAsync(keys[1], [.. hops.Select(static field => (RedisValue)field.Name)]).ConfigureAwait(false);
                for (var index = 0; index < hops.Count; index++)
                {
                    RedisValue kept = blocks[index].IsNull
                        ? RedisValue.EmptyString
                        : HopBlockMerge.Forget(hops[index], ((ReadOnlyMemory<byte>)blocks[index]).Span, until);
                    arguments.AddRange([hops[index].Name, RedisHopWriter.DigestOf(blocks[index]), kept]);
                }
            }

            var result = (int)await RedisScripts.DeleteEntity.EvaluateAsync(database, keys, [.. arguments]).ConfigureAwait(false);
            if (result == HasUnknownTiles)
            {
                throw new FeatureException(
                    FeatureError.InvalidInput,
                    $"The online store holds tiles of one {entity.Entity} of views that were not named; expected every view of precision hop of the entity. Nothing was deleted.");
            }

            if (result != Changed)
            {
                return;
            }
        }

        throw new FeatureException(
            FeatureError.StoreUnavailable, $"The tiles of one {entity.Entity} were written by others {AttemptsMax} times in a row while it was to be deleted. Repeating is safe.");
    }
}

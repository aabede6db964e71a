using System.Buffers.Binary;
using System.Security.Cryptography;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Appends to hop blocks: read, merge here, and write if nothing was written meanwhile.</summary>
/// <remarks>Tiles are merged in one place, <see cref="HopBlockMerge"/>; a script only compares and sets. Not thread safe.</remarks>
internal sealed class RedisHopWriter(IDatabase database, StorageField field, long? validUntil = null)
{
    private const int EntitiesInFlightMax = 32;
    private const int AttemptsMax = 100;

    public async Task AppendAsync(IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken)
    {
        foreach (var chunk in appends.Chunk(EntitiesInFlightMax))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.WhenAll(chunk.Select(append => AppendAsync(append, trim, cancellationToken))).ConfigureAwait(false);
        }
    }

    /// <summary>The digest by which a script knows stored bytes again; empty for none.</summary>
    public static string DigestOf(RedisValue bytes)
    {
#pragma warning disable CA5350 // Not for security: it is the one digest that scripts of the store can compute too.
        return bytes.IsNull ? string.Empty : Convert.ToHexStringLower(SHA1.HashData(((ReadOnlyMemory<byte>)bytes).Span));
#pragma warning restore CA5350
    }

    /// <summary>Forgets what one entity has, but for what arrived after a time.</summary>
    public Task KeepLaterAsync(RedisKey key, long arrivedAfter, CancellationToken cancellationToken) => ChangeAsync(
        key,
        (existing, _) => existing.IsEmpty ? [] : HopBlockMerge.KeepArrivedAfter(field, existing.Span, arrivedAfter),
        cancellationToken);

    private Task AppendAsync(WindowAppend append, long trim, CancellationToken cancellationToken) => ChangeAsync(
        RedisKeys.Windows(append.Entity),
        (existing, until) => HopBlockMerge.Merge(field, existing.Span, append.Block.Span, Math.Max(trim, append.Trim), until),
        cancellationToken);

    private async Task ChangeAsync(RedisKey key, Func<ReadOnlyMemory<byte>, long, byte[]> change, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var values = await database.HashGetAsync(key, [field.Name, RedisKeys.DeletedUntil]).ConfigureAwait(false);
            var (old, deleted) = (values[0], values[1]);
            var until = deleted.IsNull ? long.MinValue : BinaryPrimitives.ReadInt64LittleEndian(((ReadOnlyMemory<byte>)deleted).Span);
            var existing = old.IsNull ? default : (ReadOnlyMemory<byte>)old;
            var changed = change(existing, until);
            if (existing.Span.SequenceEqual(changed))
            {
                return;
            }

            RedisValue[] arguments = [field.Name, DigestOf(old), deleted.IsNull ? RedisValue.EmptyString : deleted, changed, .. validUntil is { } moment ? (ReadOnlySpan<RedisValue>)[moment] : []];
            var answer = (int)await RedisScripts.ReplaceBlock.EvaluateAsync(database, [key], arguments).ConfigureAwait(false);
            RedisScripts.ThrowIfExpired(answer, field);
            if (answer == 1)
            {
                return;
            }
        }

        throw new FeatureException(
            FeatureError.StoreUnavailable,
            $"The tiles of view '{field.View.Name}' for one {field.View.Entity.Name} were written by others {AttemptsMax} times in a row; expected fewer writers of one entity. Repeating is safe.");
    }
}

using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Writes of one call: many entities per script call, sent without waiting for each other, with a bound on how many and how many bytes are unanswered.</summary>
/// <remarks>
/// A script call costs the client and the server several times what the write of one row does; so neighbours share one, which stays short enough not to hold up
/// reads. In a cluster only entities of one slot can share one. Not thread safe.
/// </remarks>
/// <param name="database">Where to.</param>
/// <param name="options">The bounds.</param>
/// <param name="field">The stored form of the view.</param>
/// <param name="script">Takes keys, and behind <paramref name="head"/> one value per key; returns how many are done (<see cref="RedisScripts"/>).</param>
/// <param name="head">The arguments before the values.</param>
/// <param name="isCluster">Whether keys of one call must lie on one slot.</param>
internal sealed class RedisWritePipeline(IDatabase database, RedisOnlineStoreOptions options, StorageField field, RedisScript script, RedisValue[] head, bool isCluster)
{
    private const int CallWritesMax = 128;
    private const int CallBytesMax = 64 << 10;

    // So many are sorted by slot at once.
    private const int ChunkWrites = 4096;

    private readonly Queue<Call> _unanswered = new();
    private readonly int _callWritesMax = Math.Min(CallWritesMax, options.WritesInFlightMax);
    private int _writes;
    private long _bytes;

    /// <summary>Sends writes and waits for all answers.</summary>
    /// <param name="count">How many writes there are.</param>
    /// <param name="writeAt">Each of them by its number.</param>
    /// <param name="cancellationToken">Sends no more; what was sent is still waited for.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.Superseded"/>, <see cref="FeatureError.CorruptData"/>: some may have been written.</exception>
    public async Task RunAsync(int count, Func<int, Write> writeAt, CancellationToken cancellationToken)
    {
        try
        {
            for (var first = 0; first < count; first += ChunkWrites)
            {
                var chunk = new Write[Math.Min(ChunkWrites, count - first)];
                for (var index = 0; index < chunk.Length; index++)
                {
                    chunk[index] = writeAt(first + index);
                }

                await SendAsync(chunk, cancellationToken).ConfigureAwait(false);
            }

            while (_unanswered.Count > 0)
            {
                await CompleteOldestAsync().ConfigureAwait(false);
            }
        }
        catch
        {
            // None may be left behind unobserved; what stopped the sending is what is told.
            await Task.WhenAll(_unanswered.Select(static call => (Task)call.Answer)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private async Task SendAsync(Write[] chunk, CancellationToken cancellationToken)
    {
        var slots = new int[chunk.Length];
        if (isCluster)
        {
            for (var index = 0; index < chunk.Length; index++)
            {
                slots[index] = database.Multiplexer.HashSlot(chunk[index].Key);
            }

            Array.Sort(slots, chunk);
        }

        for (var (first, end) = (0, 0); first < chunk.Length; first = end)
        {
            var bytes = 0;
            for (end = first; end < chunk.Length && end - first < _callWritesMax && slots[end] == slots[first] && (end == first || bytes + chunk[end].Value.Length <= CallBytesMax); end++)
            {
                bytes += chunk[end].Value.Length;
            }

            cancellationToken.ThrowIfCancellationRequested();
            await SendAsync(new ArraySegment<Write>(chunk, first, end - first), bytes).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(ArraySegment<Write> writes, int bytes)
    {
        while (_unanswered.Count > 0 && (_writes + writes.Count > options.WritesInFlightMax || _bytes + bytes > options.WriteBytesInFlightMax))
        {
            await CompleteOldestAsync().ConfigureAwait(false);
        }

        var keys = new RedisKey[writes.Count];
        var arguments = new RedisValue[head.Length + writes.Count];
        head.CopyTo(arguments, 0);
        for (var index = 0; index < keys.Length; index++)
        {
            keys[index] = writes[index].Key;
            arguments[head.Length + index] = writes[index].Value;
        }

        _unanswered.Enqueue(new Call(writes, bytes, script.EvaluateAsync(database, keys, arguments)));
        _writes += writes.Count;
        _bytes += bytes;
    }

    private async Task CompleteOldestAsync()
    {
        var call = _unanswered.Dequeue();
        _writes -= call.Writes.Count;
        _bytes -= call.Bytes;
        if (await AnswerAsync(call).ConfigureAwait(false) is not { } done)
        {
            for (var index = 0; index < call.Writes.Count; index++)
            {
                await SendAsync(call.Writes.Slice(index, 1), call.Writes[index].Value.Length).ConfigureAwait(false);
            }

            return;
        }

        RedisScripts.ThrowIfExpired(done, field);
        if (done == RedisScripts.NotThisLayout)
        {
            throw new FeatureException(
                FeatureError.CorruptData,
                $"The online store holds bytes in field '{field.Name}' that are not of view '{field.View.Name}' in a format known here; they are left as they are. "
                + "Delete the entity's hash, or the store, and materialize again.");
        }

        if (done < 1 || done > call.Writes.Count)
        {
            throw new FeatureException(FeatureError.CorruptData, $"A script of the online store answered {done} to {call.Writes.Count} writes; expected how many of them are done.");
        }

        if (done < call.Writes.Count)
        {
            var rest = call.Writes[done..];
            await SendAsync(rest, rest.Sum(static write => write.Value.Length)).ConfigureAwait(false);
        }
    }

    /// <returns>What the script says; <see langword="null"/>: none of the writes was looked at, since the slot moves to another shard and their keys are on both.</returns>
    private static async Task<int?> AnswerAsync(Call call)
    {
        try
        {
            return (int)await call.Answer.ConfigureAwait(false);
        }
        catch (RedisServerException exception) when (call.Writes.Count > 1 && exception.Message.StartsWith("TRYAGAIN ", StringComparison.Ordinal))
        {
            // One key is on one of them, or on none: the client is sent to the right one.
            return null;
        }
    }

    /// <param name="Key">The hash of an entity.</param>
    /// <param name="Value">A row, or a block of events.</param>
    internal readonly record struct Write(RedisKey Key, ReadOnlyMemory<byte> Value);

    private readonly record struct Call(ArraySegment<Write> Writes, int Bytes, Task<RedisResult> Answer);
}

using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Writes of one call: sent without waiting for each other, with a bound on how many and how many bytes are unanswered.</summary>
internal sealed class RedisWritePipeline(IDatabase database, RedisOnlineStoreOptions options, StorageField field)
{
    private readonly RedisValue _fieldName = field.Name;
    private readonly Queue<(Task<RedisResult> Task, int Bytes)> _unanswered = new(Math.Min(options.WritesInFlightMax, 1024));
    private long _bytes;

    public async ValueTask EvaluateAsync(string script, RedisKey key, ReadOnlyMemory<byte> value, RedisValue argument, long? validUntil = null)
    {
        while (_unanswered.Count >= options.WritesInFlightMax || (_unanswered.Count > 0 && _bytes + value.Length > options.WriteBytesInFlightMax))
        {
            await CompleteOldestAsync().ConfigureAwait(false);
        }

        RedisValue[] arguments = (argument.IsNull, validUntil) switch
        {
            (true, null) => [_fieldName, value],
            (true, { } until) => [_fieldName, value, until],
            (false, null) => [_fieldName, value, argument],
            (false, { } until) => [_fieldName, value, argument, until],
        };
        _unanswered.Enqueue((database.ScriptEvaluateAsync(script, [key], arguments), value.Length));
        _bytes += value.Length;
    }

    /// <summary>Waits for what is unanswered.</summary>
    public async Task CompleteAsync()
    {
        while (_unanswered.Count > 0)
        {
            await CompleteOldestAsync().ConfigureAwait(false);
        }
    }

    private async Task CompleteOldestAsync()
    {
        var (task, bytes) = _unanswered.Dequeue();
        _bytes -= bytes;
        var answer = (int)await task.ConfigureAwait(false);
        RedisScripts.ThrowIfExpired(answer, field);
        if (answer == RedisScripts.NotThisLayout)
        {
            throw new FeatureException(
                FeatureError.CorruptData,
                $"The online store holds bytes in field '{field.Name}' that are not of view '{field.View.Name}' in format 1; they are left as they are. "
                + "Delete the entity's hash, or the store, and materialize again.");
        }
    }
}

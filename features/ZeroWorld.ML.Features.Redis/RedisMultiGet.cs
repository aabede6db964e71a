using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>The reads of one call: sent as one pipeline, each answered on its own, none touched after the call has ended.</summary>
internal sealed class RedisMultiGet(IDatabase database, bool isCluster)
{
    private readonly Lock _lock = new();
    private bool _isClosed;

    /// <summary>Sends one read; its task never fails.</summary>
    public async Task ReadAsync(OnlineRead read, RedisReadPlan plan)
    {
        try
        {
            // Both commands are written before either is awaited.
            var rows = plan.RowFields.Length == 0 ? null : GetAsync(RedisKeys.Rows(read.Entity), plan.RowFields);
            var windows = plan.WindowFields.Length == 0 ? null : GetAsync(RedisKeys.Windows(read.Entity), plan.WindowFields);
            if (rows is not null && windows is not null)
            {
                await Task.WhenAll(rows, windows).ConfigureAwait(false);
            }

            var payloads = plan.Assemble(
                rows is null ? [] : await rows.ConfigureAwait(false),
                windows is null ? [] : await windows.ConfigureAwait(false));
            lock (_lock)
            {
                if (!_isClosed)
                {
                    read.Answer(payloads);
                }
            }
        }
        catch (Exception exception) when (RedisFailure.IsUnavailable(exception))
        {
            lock (_lock)
            {
                if (!_isClosed)
                {
                    read.Fail();
                }
            }
        }
    }

    /// <summary>After this no read is touched by an answer that comes late.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
        }
    }

    private Task<RedisValue[]> GetAsync(RedisKey key, RedisValue[] fields)
    {
        // For a shard that is down the client asks another one and follows its redirection to the dead one, where the command waits for the
        // next attempt to connect. So redirections are followed here.
        var values = database.HashGetAsync(key, fields, CommandFlags.NoRedirect);
        return isCluster ? FollowAsync(values, key, fields) : values;
    }

    private async Task<RedisValue[]> FollowAsync(Task<RedisValue[]> values, RedisKey key, RedisValue[] fields)
    {
        try
        {
            return await values.ConfigureAwait(false);
        }
        catch (RedisServerException exception) when (exception.Message.Contains("MOVED", StringComparison.Ordinal))
        {
            // The client has learned where the slot lies now. If that server is not there, this fails as the first time.
            return await database.HashGetAsync(key, fields, CommandFlags.NoRedirect).ConfigureAwait(false);
        }
        catch (RedisConnectionException exception) when (exception.Message.StartsWith("Endpoint is not reachable", StringComparison.Ordinal))
        {
            // What the client makes of ASK, the redirection while a slot is moving between two servers that are there.
            return await database.HashGetAsync(key, fields).ConfigureAwait(false);
        }
    }
}

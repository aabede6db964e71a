using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>The reads of one call: sent as one pipeline, each answered on its own, none touched after the call has ended.</summary>
internal sealed class RedisMultiGet(IDatabase database)
{
    private readonly Lock _lock = new();
    private bool _isClosed;

    /// <summary>Sends one read; its task never fails.</summary>
    public async Task ReadAsync(OnlineRead read, RedisReadPlan plan)
    {
        try
        {
            // Both commands are written before either is awaited.
            var rows = plan.RowFields.Length == 0 ? null : database.HashGetAsync(RedisKeys.Rows(read.Entity), plan.RowFields);
            var windows = plan.WindowFields.Length == 0 ? null : database.HashGetAsync(RedisKeys.Windows(read.Entity), plan.WindowFields);
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
}

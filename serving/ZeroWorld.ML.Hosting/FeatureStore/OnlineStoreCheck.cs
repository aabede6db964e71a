using Microsoft.Extensions.Hosting;
using ZeroWorld.ML.Features.Redis;

namespace ZeroWorld.ML.Hosting;

/// <summary>Looks once, beside the start, for settings of the Redis servers that make the online store slow or large; each is a warning in the log.</summary>
internal sealed class OnlineStoreCheck(RedisOnlineStore store) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A server that is absent now is no reason to wait with the start: nothing is checked then.
        if (await store.ConnectAsync(stoppingToken).ConfigureAwait(false))
        {
            await store.CheckServerAsync(stoppingToken).ConfigureAwait(false);
        }
    }
}

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Starts the embedded store with the application, unless it is to start when it is first used. It stops when the services are disposed, after all who read from it.</summary>
internal sealed class GarnetHostService(GarnetHost garnet, IOptions<GarnetHostOptions> options, RedisOnlineStore store) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.StartsOnUse)
        {
            return;
        }

        await garnet.StartAsync(cancellationToken).ConfigureAwait(false);
        await store.ConnectAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

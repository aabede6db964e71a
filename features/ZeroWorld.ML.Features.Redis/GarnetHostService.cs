using Microsoft.Extensions.Hosting;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Starts the embedded store with the application. It stops when the services are disposed, after all who read from it.</summary>
internal sealed class GarnetHostService(GarnetHost garnet, RedisOnlineStore store) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await garnet.StartAsync(cancellationToken).ConfigureAwait(false);
        await store.ConnectAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

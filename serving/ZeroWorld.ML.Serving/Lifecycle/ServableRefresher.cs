using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads the catalog again and again while the server runs.</summary>
internal sealed partial class ServableRefresher(
    ServableManager servables, ServableManagerOptions options, TimeProvider time, ILogger<ServableRefresher> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.PollInterval, time);
        var hasFailed = false;
        do
        {
            try
            {
                await servables.PollAsync(ignoresRetryDelay: false, stoppingToken).ConfigureAwait(false);
                if (hasFailed)
                {
                    LogCatalogIsBack(logger);
                    hasFailed = false;
                }
            }
#pragma warning disable CA1031 // The edge of a loop that must live: what is loaded goes on answering while the catalog is away.
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                // Once, not every second.
                if (!hasFailed)
                {
                    // What a registry says is a whole sentence; where it was said helps nobody.
                    LogCatalogFailed(logger, exception is RegistryException ? null : exception, exception.Message);
                    hasFailed = true;
                }
            }
        }
        while (await WaitAsync(timer, stoppingToken).ConfigureAwait(false));
    }

    private static async ValueTask<bool> WaitAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(1014, LogLevel.Error, "The model catalog cannot be read; the loaded models go on answering. {Reason}")]
    private static partial void LogCatalogFailed(ILogger logger, Exception? exception, string reason);

    [LoggerMessage(1015, LogLevel.Information, "The model catalog can be read again")]
    private static partial void LogCatalogIsBack(ILogger logger);
}

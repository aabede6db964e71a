using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads the coverage of the views in use again and again while the server runs.</summary>
internal sealed partial class CoverageRefresher(
    CoverageCache coverage, PredictionOptions options, TimeProvider time, ILogger<CoverageRefresher> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.CoverageInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                try
                {
                    await coverage.RefreshAsync(stoppingToken).ConfigureAwait(false);
                }
#pragma warning disable CA1031 // The edge of a loop that must live: a store that breaks its promise once is asked again.
                catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
                {
                    LogRefreshFailed(logger, exception);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    [LoggerMessage(1022, LogLevel.Error, "Reading the coverage of the online store failed unexpectedly")]
    private static partial void LogRefreshFailed(ILogger logger, Exception exception);
}

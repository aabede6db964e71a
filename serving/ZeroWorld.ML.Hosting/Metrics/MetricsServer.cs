using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace ZeroWorld.ML.Hosting;

/// <summary><c>/metrics</c> of a process that is no server otherwise: the instruments of ZeroWorld.ML and of the runtime, as Prometheus reads them.</summary>
public sealed class MetricsServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private MetricsServer(WebApplication app) => _app = app;

    /// <summary>Where it answers.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <param name="address">Interface to listen on.</param>
    /// <param name="port">0 for a free one.</param>
    /// <exception cref="HostingException">The port is taken or may not be used.</exception>
    public static async Task<MetricsServer> StartAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = typeof(MetricsServer).Assembly.GetName().Name });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 100;
            kestrel.Listen(address, port, static listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddOpenTelemetry().WithMetrics(static metrics => metrics.ConfigureResource(Tracing.Name).AddMeter("ZeroWorld.ML.*", "System.Runtime").AddPrometheusExporter());
        var app = builder.Build();
        app.UseOpenTelemetryPrometheusScrapingEndpoint("/metrics");
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new HostingException($"Metrics cannot be shown on {address}, port {port}: {exception.Message} Choose another port, or 0 for a free one.", exception);
        }

        return new MetricsServer(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Hosting;

/// <summary>The server: everything of ZeroWorld.ML in this process, behind three ports.</summary>
/// <remarks>
/// <see cref="StartAsync"/>, then <see cref="StopAsync"/> or <see cref="RunAsync"/>, once each; disposing stops it too. Other members from any thread.
/// </remarks>
public sealed class ZeroWorldServer : IAsyncDisposable
{
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(1);

    // A consumer leaves within ten seconds by itself; then its connection is closed.
    private static readonly TimeSpan StreamsPatience = TimeSpan.FromSeconds(15);

    private readonly WebApplication _app;
    private readonly ServerOptions _options;
    private ServerAddresses? _addresses;
    private int _isStopped;

    private ZeroWorldServer(WebApplication app, ServerOptions options)
    {
        _app = app;
        _options = options;
    }

    /// <summary>Where it answers, once it is started.</summary>
    public ServerAddresses Addresses => _addresses ?? throw new InvalidOperationException("The server is not started.");

    /// <summary>The services of this process: stores, registry, engine.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Composes a server; nothing listens yet. Takes the data directory as its writer.</summary>
    /// <param name="configuration">Settings.</param>
    /// <param name="configureLogging">Where logs go; <see langword="null"/>: one line each to the standard error stream in <see cref="ServerOptions.LogFormat"/>, warnings and above of other libraries.</param>
    /// <param name="configureServices">Adds or replaces services.</param>
    /// <exception cref="HostingException">The data directory cannot be used.</exception>
    public static ZeroWorldServer Create(
        ZeroWorldConfiguration configuration, Action<ILoggingBuilder>? configureLogging = null, Action<IServiceCollection>? configureServices = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var options = configuration.Get<ServerOptions>();

        // An empty builder: no settings but ours, from appsettings files, ASPNETCORE_ variables or anywhere else.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = typeof(ZeroWorldServer).Assembly.GetName().Name });
        if (configureLogging is not null)
        {
            configureLogging(builder.Logging);
        }
        else
        {
            DefaultLogging.Configure(builder.Logging, options.LogFormat);
        }

        var certificate = string.IsNullOrEmpty(options.CertificateFile) ? null : new ServerCertificate(options, TimeProvider.System);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, options, certificate));
        if (certificate is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }

        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        builder.Services.AddZeroWorld(configuration).AddServerEndpoints();
        configureServices?.Invoke(builder.Services);
        var app = builder.Build();

        // Before anything else looks into it.
        app.Services.GetRequiredService<DataDirectory>();
        ServerEndpoints.Map(app);
        certificate?.Logger = app.Services.GetRequiredService<ILogger<ZeroWorldServer>>();
        return new ZeroWorldServer(app, options);
    }

    /// <summary>Starts the stores, listens, and returns when the registered models are loaded.</summary>
    /// <exception cref="HostingException">A port is taken or may not be used; a store cannot be used.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _app.StartAsync(cancellationToken).ConfigureAwait(false);

            // Whoever started it may use it now: what the registry holds is loaded, or has failed to.
            await _app.Services.GetRequiredService<ServableManager>().RefreshAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or SocketException && FindRefusedPort() is { } sentence)
        {
            throw new HostingException(sentence, exception);
        }
        catch (Exception exception) when (exception is FeatureException or RegistryException or ServingException or ObjectStoreException)
        {
            throw new HostingException(exception.Message, exception);
        }

        var listening = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(static address => new Uri(address)).ToArray();
        _addresses = new ServerAddresses(listening[0], listening[1], listening[2]);
        var directory = _app.Services.GetRequiredService<DataDirectory>();
        directory.Announce(Reachable(_addresses.Grpc));
        HostingLog.Listening(
            _app.Services.GetRequiredService<ILogger<ZeroWorldServer>>(),
            ServerAddresses.Show(_addresses.Http), ServerAddresses.Show(_addresses.Grpc), ServerAddresses.Show(_addresses.Metrics), directory.Root);
    }

    /// <summary>Whether the online store answers, asked within its connect timeout. A server runs without one; a job that fills it does not.</summary>
    public Task<bool> ReachesOnlineStoreAsync(CancellationToken cancellationToken) => _app.Services.GetRequiredService<RedisOnlineStore>().ConnectAsync(cancellationToken);

    /// <summary>Waits until the process is asked to end (Ctrl+C, SIGTERM) or the token is cancelled, says that it is not ready for as long as the settings want, then stops.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Not WaitForShutdownAsync: that closes the ports before anybody could be told that the server is not ready.
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (_app.Lifetime.ApplicationStopping.Register(() => asked.TrySetResult()))
        using (cancellationToken.Register(() => asked.TrySetResult()))
        {
            await asked.Task.ConfigureAwait(false);
        }

        _app.Services.GetRequiredService<ServerReadiness>().BeginStop();
        await Task.Delay(_options.StopDelay, CancellationToken.None).ConfigureAwait(false);
        await StopAsync().ConfigureAwait(false);
    }

    /// <summary>Says that it is not ready, takes no new requests, answers those it has accepted, then closes its ports, writes the prediction log and gives the data directory back.</summary>
    /// <remarks>A second call does nothing.</remarks>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _isStopped, 1) != 0)
        {
            return;
        }

        _app.Services.GetRequiredService<ServerReadiness>().BeginStop();

        // Streams of requests end by this; the ports close only behind the drain.
        _app.Lifetime.StopApplication();

        // Beside the drain, and in a time of their own: what streams of events have in hand is archived, whatever becomes of the requests.
        using var leaving = new CancellationTokenSource(StreamsPatience);
        var streams = _addresses is null ? Task.CompletedTask : _app.Services.GetRequiredService<StreamHost>().StopAsync(leaving.Token);
        var left = await _app.Services.GetRequiredService<RequestDrain>().DrainAsync(_options.ShutdownTimeout).ConfigureAwait(false);
        if (left > 0)
        {
            HostingLog.RequestsLeft(_app.Services.GetRequiredService<ILogger<ZeroWorldServer>>(), left, _options.ShutdownTimeout.TotalSeconds);
        }

        await streams.ConfigureAwait(false);

        // What was not answered in time gets no second time: its connections are cut.
        using var patience = new CancellationTokenSource(left > 0 ? LastPatience : Timeout.InfiniteTimeSpan);
        await _app.StopAsync(patience.Token).ConfigureAwait(false);
        HostingLog.Stopped(_app.Services.GetRequiredService<ILogger<ZeroWorldServer>>());
        await _app.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Stops it, when that has not been done.</summary>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private static void Listen(KestrelServerOptions kestrel, ServerOptions options, ServerCertificate? certificate)
    {
        kestrel.AddServerHeader = false;

        // A little above what the protocols refuse by themselves, with sentences of their own.
        kestrel.Limits.MaxRequestBodySize = options.MessageBytesMax + (64L << 10);
        kestrel.Limits.MaxConcurrentConnections = options.ConnectionsMax;
        kestrel.Limits.Http2.MaxStreamsPerConnection = options.StreamsPerConnectionMax;

        // Tensors are larger than HTTP/2's default windows: a window per stream of 1 MiB, per connection of 8 MiB, saves their round trips.
        kestrel.Limits.Http2.InitialStreamWindowSize = 1 << 20;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 8 << 20;
        kestrel.Listen(options.Address, options.HttpPort, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            Secure(listen, certificate, SslApplicationProtocol.Http11);
            listen.Tag(Listener.Http);
        });
        kestrel.Listen(options.Address, options.GrpcPort, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            Secure(listen, certificate, SslApplicationProtocol.Http2);
            listen.Tag(Listener.Grpc);
        });
        kestrel.Listen(options.Address, options.MetricsPort, static listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Tag(Listener.Metrics);
        });
    }

    private static void Secure(ListenOptions listen, ServerCertificate? certificate, SslApplicationProtocol protocol)
    {
        if (certificate is not null)
        {
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(certificate.ToOptions(protocol)) });
        }
    }

    /// <summary>Which port the system refuses, by trying each: the server's own exception does not say it in a way that can be read.</summary>
    private string? FindRefusedPort()
    {
        (string Setting, int Port)[] ports =
        [
            (nameof(ServerOptions.HttpPort), _options.HttpPort),
            (nameof(ServerOptions.GrpcPort), _options.GrpcPort),
            (nameof(ServerOptions.MetricsPort), _options.MetricsPort),
        ];
        foreach (var (setting, port) in ports)
        {
            using var listener = new TcpListener(_options.Address, port);
            try
            {
                listener.Start();
            }
            catch (SocketException exception)
            {
                var reason = exception.SocketErrorCode switch
                {
                    SocketError.AddressAlreadyInUse => $"Port {port} is taken on {_options.Host}",
                    SocketError.AccessDenied => $"Port {port} may not be used by this user on {_options.Host}",
                    SocketError.AddressNotAvailable => $"{_options.Host} is no address of this machine (setting Server:Host); port {port} was not opened",
                    _ => $"Port {port} cannot be used on {_options.Host} ({exception.Message})",
                };
                return $"{reason}: set {ServerOptions.Section}:{setting} to another, or to 0 for a free one.";
            }
        }

        return null;
    }

    /// <summary>An address that listens everywhere is reached on this machine by loopback.</summary>
    private static string Reachable(Uri address) => IPAddress.TryParse(address.Host.Trim('[', ']'), out var host) && (host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any))
        ? $"{address.Scheme}://127.0.0.1:{address.Port}"
        : ServerAddresses.Show(address);
}

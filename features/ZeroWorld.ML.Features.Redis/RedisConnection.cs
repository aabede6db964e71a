using System.Net;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>The one multiplexer of a store: made on first use, never waited for by a read, and from then on reconnecting by itself.</summary>
internal sealed partial class RedisConnection : IAsyncDisposable
{
    private readonly ConfigurationOptions _options;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private Task<ConnectionMultiplexer>? _connecting;
    private volatile Connected? _connected;
    private bool _isDisposed;

    public RedisConnection(ConfigurationOptions options, ILogger logger)
    {
        _options = options;
        _logger = logger;
        Addresses = string.Join(',', options.EndPoints.Select(Format));
    }

    /// <summary>Addresses as configured, for messages.</summary>
    public string Addresses { get; }

    /// <summary>Whether more than one server is known: then keys are spread over them.</summary>
    public bool IsCluster => _connected is { } connected && connected.Multiplexer.GetEndPoints().Length > 1;

    /// <summary>The database when some server is connected; else <see langword="null"/>, and a connection is on its way.</summary>
    public IDatabase? TryGetDatabase()
    {
        if (_connected is { } connected)
        {
            return connected.Multiplexer.IsConnected ? connected.Database : null;
        }

        _ = ConnectOnce();
        return null;
    }

    /// <summary>Waits until the first attempt to connect has ended, well or not.</summary>
    public async Task<IDatabase> GetDatabaseAsync(CancellationToken cancellationToken)
    {
        await ConnectOnce().WaitAsync(cancellationToken).ConfigureAwait(false);
        return _connected!.Database;
    }

    /// <summary>Waits like <see cref="GetDatabaseAsync"/>.</summary>
    public async Task<ConnectionMultiplexer> GetMultiplexerAsync(CancellationToken cancellationToken) =>
        await ConnectOnce().WaitAsync(cancellationToken).ConfigureAwait(false);

    public async ValueTask DisposeAsync()
    {
        Task<ConnectionMultiplexer>? connecting;
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            connecting = _connecting;
        }

        if (connecting is not null)
        {
            await ((Task)connecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (connecting.IsCompletedSuccessfully)
            {
                await (await connecting.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private Task<ConnectionMultiplexer> ConnectOnce()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(RedisOnlineStore));

            // The client gives a multiplexer also when no server answers; a failed task is a fault of another kind (name resolution) and tried again.
            if (_connecting is null or { IsFaulted: true } or { IsCanceled: true })
            {
                _connecting = ConnectAsync();
            }

            return _connecting;
        }
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(_options).ConfigureAwait(false);
        multiplexer.ConnectionFailed += (_, failure) =>
            LogConnectionFailed(_logger, failure.EndPoint is null ? Addresses : Format(failure.EndPoint), failure.FailureType.ToString());
        multiplexer.ConnectionRestored += (_, restored) => LogConnectionRestored(_logger, restored.EndPoint is null ? Addresses : Format(restored.EndPoint));
        _connected = new Connected(multiplexer, multiplexer.GetDatabase());
        if (!multiplexer.IsConnected)
        {
            LogNotConnected(_logger, Addresses);
        }

        return multiplexer;
    }

    /// <summary>An endpoint's text without its address family ("Unspecified/localhost:6379").</summary>
    public static string Format(EndPoint endPoint)
    {
        var text = endPoint.ToString()!;
        return text[(text.IndexOf('/', StringComparison.Ordinal) + 1)..];
    }

    [LoggerMessage(2101, LogLevel.Warning, "No online store answers at {Addresses} yet; features are unavailable until one does")]
    private static partial void LogNotConnected(ILogger logger, string addresses);

    [LoggerMessage(2102, LogLevel.Warning, "The connection to the online store at {Address} is lost: {Reason}; reconnecting")]
    private static partial void LogConnectionFailed(ILogger logger, string address, string reason);

    [LoggerMessage(2103, LogLevel.Information, "The connection to the online store at {Address} is back")]
    private static partial void LogConnectionRestored(ILogger logger, string address);

    private sealed record Connected(ConnectionMultiplexer Multiplexer, IDatabase Database);
}

using System.Net;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>The one multiplexer of a store: made on first use, never waited for by a read, and from then on reconnecting by itself.</summary>
internal sealed partial class RedisConnection : IAsyncDisposable
{
    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(500);

    private readonly ConfigurationOptions _options;
    private readonly TimeSpan _retryInterval;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<Task>? _startServer;
    private readonly Lock _lock = new();
    private long _lastAttempt;
    private volatile string? _fault;
    private volatile Loss? _loss;
    private volatile bool _hasAnswered;
    private Task<ConnectionMultiplexer>? _connecting;
    private volatile Connected? _connected;
    private bool _isDisposed;
    private int _isLooking;

    /// <param name="options">Settings of the client.</param>
    /// <param name="retryInterval">Pause before the next attempt after one that made no multiplexer at all.</param>
    /// <param name="startServer">Awaited before each attempt that makes a multiplexer, where the server is not there before it is used.</param>
    public RedisConnection(ConfigurationOptions options, TimeSpan retryInterval, TimeProvider time, ILogger logger, Func<Task>? startServer = null)
    {
        _options = options;
        _retryInterval = retryInterval;
        _time = time;
        _logger = logger;
        _startServer = startServer;
        Addresses = string.Join(',', options.EndPoints.Select(Format));
    }

    /// <summary>Addresses as configured, for messages.</summary>
    public string Addresses { get; }

    /// <summary>Whether more than one server may answer: then keys are spread over them. Of Sentinel's servers only the primary is asked.</summary>
    public bool IsCluster => _options.ServiceName is null && _connected is { } connected && connected.Multiplexer.GetEndPoints().Length > 1;

    /// <summary>Why there is no connection, as the end of a sentence; <see langword="null"/> while there is one.</summary>
    public string? Fault => _connected is { } connected && connected.Multiplexer.IsConnected
        ? null
        : _hasAnswered
            ? RedisFailure.DescribeLoss(_loss ?? new Loss(Addresses, _time.GetUtcNow()), _fault)
            : _fault;

    /// <summary>The servers of a cluster that hold slots and are not connected, as a sentence that says what to do; <see langword="null"/> while there is none.</summary>
    public string? FindSilentShards()
    {
        if (!IsCluster || _connected is not { } connected)
        {
            return null;
        }

        var servers = connected.Multiplexer.GetServers();
        var answering = servers.Where(static server => server.IsConnected).ToList();
        var nodes = answering.Select(static server => server.ClusterConfiguration).FirstOrDefault(static configuration => configuration is not null)?.Nodes;
        string[] silent = nodes is null
            ? [.. servers.Where(static server => !server.IsConnected).Select(static server => Format(server.EndPoint))]
            : [.. nodes.Where(node => !node.IsReplica && node.Slots.Count > 0 && node.EndPoint is { } place && answering.All(server => !server.EndPoint.Equals(place)))
                .Select(static node => $"{Format(node.EndPoint!)} (slots {string.Join(", ", node.Slots)})"),
                .. RedisClusterSlots.FindGaps(nodes).Select(static gap => $"the server of slots {gap}")];
        return silent.Length == 0
            ? null
            : $"Of the cluster {string.Join(" and ", silent)} {(silent.Length == 1 ? "does" : "do")} not answer: nothing can be read or written there, and what is elsewhere stays. "
                + "Start it again, or have a replica take its place, and repeat this";
    }

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

    /// <summary>
    /// Asks the servers of a cluster what they are by now and where the slots lie, and waits for nothing: a server that stands still keeps its connection, and the client itself finds
    /// the replica that took its place many seconds later.
    /// </summary>
    public void LookForMovedSlots()
    {
        if (IsCluster && _connected is { } connected && Interlocked.Exchange(ref _isLooking, 1) == 0)
        {
            _ = LookForMovedSlotsAsync(connected.Multiplexer);
        }
    }

    private async Task LookForMovedSlotsAsync(ConnectionMultiplexer multiplexer)
    {
        try
        {
            // What each server says is taken over when it comes; it ends when the one that stands still has had its time.
            await multiplexer.ConfigureAsync().ConfigureAwait(false);
            await Task.Delay(LookPause, _time).ConfigureAwait(false);
        }
        catch (Exception exception) when (RedisFailure.IsUnavailable(exception))
        {
            // The next read that is not answered in time looks again.
        }
        finally
        {
            Volatile.Write(ref _isLooking, 0);
        }
    }

    private Task<ConnectionMultiplexer> ConnectOnce()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(RedisOnlineStore));

            // The client gives a multiplexer also when no server answers; a failed task is a fault of another kind (name resolution, no Sentinel that
            // knows the service) and tried again, but not by every read anew.
            if (_connecting is null || (_connecting.IsCompleted && !_connecting.IsCompletedSuccessfully && _time.GetElapsedTime(_lastAttempt) >= _retryInterval))
            {
                _connecting = ConnectAsync();
            }

            return _connecting;
        }
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        // Elsewhere: a part of the client's first attempt blocks, and who asks may be a read.
        await Task.Yield();
        try
        {
            if (_startServer is not null)
            {
                await _startServer().ConfigureAwait(false);
            }

            var multiplexer = await ConnectionMultiplexer.ConnectAsync(_options).ConfigureAwait(false);
            multiplexer.ConnectionFailed += (_, failure) =>
            {
                var address = failure.EndPoint is null ? Addresses : Format(failure.EndPoint);
                _fault = RedisFailure.DescribeConnection(failure.Exception, failure.FailureType);

                // Attempts to come back fail too: what counts is when it was there last.
                _loss ??= new Loss(address, _time.GetUtcNow());
                LogConnectionFailed(_logger, address, failure.FailureType.ToString());
            };
            multiplexer.ConnectionRestored += (_, restored) =>
            {
                (_loss, _hasAnswered) = (null, true);
                LogConnectionRestored(_logger, restored.EndPoint is null ? Addresses : Format(restored.EndPoint));
            };
            if (await RedisDiagnosis.FindForeignUserAsync(multiplexer, _options.User).ConfigureAwait(false) is { } foreign)
            {
                await multiplexer.DisposeAsync().ConfigureAwait(false);
                throw new RedisException(foreign);
            }

            _hasAnswered = multiplexer.IsConnected;
            _connected = new Connected(multiplexer, multiplexer.GetDatabase());
            if (!multiplexer.IsConnected)
            {
                var fault = _fault = await DiagnoseAsync().ConfigureAwait(false);
                LogNotConnected(_logger, Addresses, fault);
            }

            return multiplexer;
        }
        catch (Exception exception) when (RedisFailure.IsUnavailable(exception))
        {
            var fault = _fault = RedisFailure.DescribeConnection(exception, ConnectionFailureType.UnableToConnect);
            LogNotConnected(_logger, Addresses, fault);
            throw;
        }
        finally
        {
            _lastAttempt = _time.GetTimestamp();
        }
    }

    /// <summary>Tries once more in the way that fails with a reason: a multiplexer that goes on trying tells none.</summary>
    private async Task<string> DiagnoseAsync()
    {
        var options = _options.Clone();
        options.AbortOnConnectFail = true;
        options.ConnectRetry = 1;
        try
        {
            var second = await ConnectionMultiplexer.ConnectAsync(options).ConfigureAwait(false);
            await second.DisposeAsync().ConfigureAwait(false);
            return "no connection at first; a server answers now";
        }
        catch (RedisConnectionException exception)
        {
            return await RedisDiagnosis.FindWrongTlsAsync(_options).ConfigureAwait(false) ?? RedisFailure.DescribeConnection(exception, exception.FailureType);
        }
    }

    /// <summary>An endpoint's text without its address family ("Unspecified/localhost:6379").</summary>
    public static string Format(EndPoint endPoint)
    {
        var text = endPoint.ToString()!;
        return text[(text.IndexOf('/', StringComparison.Ordinal) + 1)..];
    }

    [LoggerMessage(2201, LogLevel.Warning, "No online store answers at {Addresses} yet; features are unavailable until one does: {Fault}")]
    private static partial void LogNotConnected(ILogger logger, string addresses, string fault);

    [LoggerMessage(2202, LogLevel.Warning, "The connection to the online store at {Address} is lost: {Reason}; reconnecting")]
    private static partial void LogConnectionFailed(ILogger logger, string address, string reason);

    [LoggerMessage(2203, LogLevel.Information, "The connection to the online store at {Address} is back")]
    private static partial void LogConnectionRestored(ILogger logger, string address);

    /// <param name="Address">Of the server.</param>
    /// <param name="Since">When it was there last.</param>
    internal sealed record Loss(string Address, DateTimeOffset Since);

    private sealed record Connected(ConnectionMultiplexer Multiplexer, IDatabase Database);
}

using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Garnet;
using Garnet.common;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tsavorite.core;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>The embedded online store: a Garnet server in this process, on a loopback port, behind a password that only this process knows.</summary>
/// <remarks>Thread safety: <see cref="StartAsync"/> and <see cref="DisposeAsync"/> once each, not at the same time; the rest from any thread.</remarks>
public sealed partial class GarnetHost : IAsyncDisposable
{
    private const long FullDiskBytes = 1 << 20;

    private static readonly TimeSpan CommitPoll = TimeSpan.FromMilliseconds(100);

    // The longest that nothing of the log is written on a disk that is full before it is given up.
    private static readonly TimeSpan FullDiskPatience = TimeSpan.FromSeconds(2);

    private readonly GarnetHostOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<GarnetHost> _logger;
    private readonly string _password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    // Holds the port from the moment it is told to others until the server takes it.
    private Socket? _reservation;
    private GarnetServer? _server;
    private Task? _startedOnUse;

    /// <summary>Chooses the port; nothing runs yet.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: the port is taken.</exception>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    public GarnetHost(GarnetHostOptions options, TimeProvider time, ILogger<GarnetHost> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logger);
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        _options = options;
        _time = time;
        _logger = logger;
        (_reservation, Port) = Reserve(options.Port);
    }

    public int Port { get; }

    /// <summary>What <see cref="RedisOnlineStoreOptions.Configuration"/> needs. It holds the password: never log it.</summary>
    public string Configuration => $"127.0.0.1:{Port},password={_password}";

    /// <summary>Starts the server, recovers what its folder holds, and returns when it answers.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: it did not start, or did not recover its folder in <see cref="GarnetHostOptions.StartTimeout"/>.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_server is not null)
        {
            throw new InvalidOperationException("The embedded online store is already started.");
        }

        _reservation?.Dispose();
        _reservation = null;
        var started = _time.GetTimestamp();

        // The start reads the log and blocks for as long as that takes.
        var launching = Task.Run(Launch, CancellationToken.None);
        try
        {
            _server = await launching.WaitAsync(_options.StartTimeout, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            // It cannot be interrupted: should it come up after all, it is not wanted any more.
            _ = StopLateAsync(launching);
            cancellationToken.ThrowIfCancellationRequested();
            throw new FeatureException(
                FeatureError.StoreUnavailable,
                $"The embedded online store did not start within {_options.StartTimeout} ({GarnetHostOptions.Section}:{nameof(GarnetHostOptions.StartTimeout)}): {Place()} may be on a disk that is full or does not answer, or hold a log that takes longer to read.",
                exception);
        }

        using var timeout = new CancellationTokenSource(_options.StartTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            while (!await AnswersAsync(either.Token).ConfigureAwait(false))
            {
                // The server has no event for it; it is asked until it answers.
                await Task.Delay(TimeSpan.FromMilliseconds(10), _time, either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            throw new FeatureException(
                FeatureError.StoreUnavailable, $"The embedded online store did not answer on 127.0.0.1:{Port} within {_options.StartTimeout}.");
        }

        LogStarted(_logger, Port, _time.GetElapsedTime(started).TotalMilliseconds, _options.Folder is null ? "nothing" : "its folder");
    }

    /// <summary>As <see cref="StartAsync"/>, for whoever uses it first; the same start for all others, also where it failed: one that came too late may still hold the folder. Not at the same time.</summary>
    internal Task StartOnceAsync() => _startedOnUse ??= StartAsync(CancellationToken.None);

    /// <summary>Writes the log to disk and stops the server.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: the log cannot be written, as on a full disk; the server is stopped all the same.</exception>
    public async ValueTask DisposeAsync()
    {
        _reservation?.Dispose();
        if (Interlocked.Exchange(ref _server, null) is not { } server)
        {
            return;
        }

        try
        {
            if (_options.Folder is not null)
            {
                await CommitAsync(server).ConfigureAwait(false);
            }
        }
        finally
        {
            await StopAsync(server).ConfigureAwait(false);
        }
    }

    private async Task CommitAsync(GarnetServer server)
    {
        // The server writes on its own as it goes, and does not end a commit of nothing on a disk that is full.
        if (ReadLog(server) is var (committed, tail) && committed == tail)
        {
            return;
        }

        var committing = server.Store.CommitAOFAsync(CancellationToken.None).AsTask();
        try
        {
            await WaitForCommitAsync(server, committing).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is CommitFailureException or TimeoutException)
        {
            var reason = exception is TimeoutException ? exception.Message : (exception.InnerException ?? exception).Message;
            throw new FeatureException(
                FeatureError.StoreUnavailable,
                $"The embedded online store could not write its log in {Place()}: {reason}. What was written last is gone when it starts again: make room, then materialize once more.",
                exception);
        }
    }

    /// <summary>After some failures of its disk the server waits for a write that nobody will end: where the disk is full and nothing moves any more, neither does this.</summary>
    private async Task WaitForCommitAsync(GarnetServer server, Task committing)
    {
        var (started, moved, last) = (_time.GetTimestamp(), _time.GetTimestamp(), ReadLog(server));
        while (await Task.WhenAny(committing, Task.Delay(CommitPoll, _time)).ConfigureAwait(false) != committing)
        {
            if (ReadLog(server) is var log && log != last)
            {
                (moved, last) = (_time.GetTimestamp(), log);
            }

            if (_time.GetElapsedTime(started) >= _options.StopTimeout)
            {
                throw new TimeoutException($"it was not done after {_options.StopTimeout}");
            }

            if (_time.GetElapsedTime(moved) >= FullDiskPatience && FreeBytes() < FullDiskBytes)
            {
                throw new TimeoutException($"the disk has {FreeBytes() >> 10} KiB left, and nothing was written for {FullDiskPatience.TotalSeconds:0} s");
            }
        }

        await committing.ConfigureAwait(false);
    }

    /// <summary>Until where the log is on the disk, and where it ends.</summary>
    private static (string Committed, string Tail) ReadLog(GarnetServer server)
    {
        var items = server.Metrics.GetInfoMetrics(InfoMetricsType.PERSISTENCE, 0);
        return (Find("CommittedUntilAddress"), Find("TailAddress"));

        string Find(string name) => items.First(item => item.Name == name).Value;
    }

    /// <summary>Why nothing should be written now, as a whole sentence; <see langword="null"/>: there is room for it.</summary>
    /// <remarks>A server whose log meets a full disk has taken writes that are gone at its next start; so they are refused before.</remarks>
    public string? FindRefusal()
    {
        if (_options.Folder is null || _options.ReserveMebibytes == 0)
        {
            return null;
        }

        var free = FreeBytes() >> 20;
        return free >= _options.ReserveMebibytes
            ? null
            : $"The embedded online store takes no writes: the disk of {Place()} has {free} MiB left, and {_options.ReserveMebibytes} MiB stay free for its log "
                + $"({GarnetHostOptions.Section}:{nameof(GarnetHostOptions.ReserveMebibytes)}). Nothing was written: make room, and repeat it.";
    }

    // Before the first start its folder is not there: it will be on the disk of what holds it.
    private long FreeBytes()
    {
        var folder = new DirectoryInfo(Path.GetFullPath(_options.Folder!));
        while (!folder.Exists && folder.Parent is { } parent)
        {
            folder = parent;
        }

        return new DriveInfo(folder.FullName).AvailableFreeSpace;
    }

    private string Place() => _options.Folder is null ? "its memory" : $"'{Path.GetFullPath(_options.Folder)}'";

    private async Task StopLateAsync(Task<GarnetServer> launching)
    {
        await ((Task)launching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (launching.IsCompletedSuccessfully)
        {
            await StopAsync(await launching.ConfigureAwait(false)).ConfigureAwait(false);
        }
    }

    private async Task StopAsync(GarnetServer server)
    {
        try
        {
            await Task.Run(server.Dispose).WaitAsync(_options.StopTimeout, _time).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            // Its threads end with the process.
            LogNoStop(_logger, _options.StopTimeout, exception);
        }
        catch (ObjectDisposedException exception)
        {
            // Garnet's own threads may meet what its shutdown has already disposed; the server is down all the same.
            LogUntidyStop(_logger, exception);
        }
    }

    private static (Socket Socket, int Port) Reserve(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return (socket, ((IPEndPoint)socket.LocalEndPoint!).Port);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new FeatureException(
                FeatureError.StoreUnavailable, $"Port {port} of the embedded online store is taken on 127.0.0.1; choose another or 0 for a free one.", exception);
        }
    }

    private GarnetServer Launch()
    {
        List<string> arguments =
        [
            "-q", "--bind", "127.0.0.1", "--port", $"{Port}", "--auth", "Password", "--password", _password, "--lua", "--no-pubsub",
            "--memory", $"{_options.MemoryMebibytes}m", "--page", "4m", "--index", "16m", "--max-databases", "1",
            "--disable-console-logger", "--fail-on-recovery-error",
        ];
        if (_options.Folder is { } folder)
        {
            // The default device is native and aborts the process where the working directory is not the folder of the program.
            var path = Path.GetFullPath(folder);
            Directory.CreateDirectory(path);
            arguments.AddRange(
            [
                "--aof", "--aof-size-limit", $"{_options.LogMebibytes}m", "--aof-segment-size", $"{_options.LogMebibytes / 2}m",
                "--device-type", "RandomAccess", "--checkpointdir", path, "--recover",
            ]);
        }

        try
        {
            var server = new GarnetServer([.. arguments], NullLoggerFactory.Instance);
            server.Start();
            return server;
        }
        catch (SocketException exception)
        {
            throw new FeatureException(FeatureError.StoreUnavailable, $"The embedded online store could not listen on 127.0.0.1:{Port}: {exception.Message}", exception);
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, Port, cancellationToken).ConfigureAwait(false);
            var stream = client.GetStream();
            await stream.WriteAsync("*1\r\n$4\r\nPING\r\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);

            // Any answer will do: without the password it is a refusal.
            return await stream.ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false) == 1;
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false;
        }
    }

    [LoggerMessage(2111, LogLevel.Information, "The embedded online store answers on 127.0.0.1:{Port} after {ElapsedMs} ms; it keeps {Kept}")]
    private static partial void LogStarted(ILogger logger, int port, double elapsedMs, string kept);

    [LoggerMessage(2112, LogLevel.Debug, "The embedded online store stopped untidily")]
    private static partial void LogUntidyStop(ILogger logger, Exception exception);

    [LoggerMessage(2113, LogLevel.Warning, "The embedded online store did not stop within {Timeout}; it ends with the process")]
    private static partial void LogNoStop(ILogger logger, TimeSpan timeout, Exception exception);
}

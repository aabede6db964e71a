using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Testing;

/// <summary>A real <c>redis-server</c> on a free loopback port, with a folder of its own and no persistence.</summary>
/// <remarks>It ends with this process at the latest. Not thread safe.</remarks>
public sealed class RedisServerProcess : IAsyncDisposable
{
    private const string Program = "redis-server";
    private const int SignalTerminate = 15;
    private const int SignalStop = 19;
    private const int SignalContinue = 18;
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(20);

    private readonly TempFolder _folder = new();
    private readonly IReadOnlyList<string> _arguments;
    private readonly string? _sentinelSettings;
    private Process? _process;

    private RedisServerProcess(IReadOnlyList<string> arguments, string? sentinelSettings = null)
    {
        _arguments = arguments;
        _sentinelSettings = sentinelSettings;
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    public static bool IsInstalled => SystemPackage.IsInstalled(Program);

    public int Port { get; private set; }

    /// <summary><c>127.0.0.1:PORT</c>.</summary>
    public string Address => $"127.0.0.1:{Port}";

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Skips the running test with the reason when <c>redis-server</c> is not installed.</summary>
    public static void SkipIfMissing() => SystemPackage.SkipIfMissing(Program, "redis-server");

    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="arguments">Further settings, for example <c>--cluster-enabled yes</c> as two items.</param>
    public static Task<RedisServerProcess> StartAsync(CancellationToken cancellationToken, params IReadOnlyList<string> arguments) =>
        StartAsync(new RedisServerProcess(arguments), cancellationToken);

    /// <summary>Starts a Sentinel that watches one primary.</summary>
    internal static Task<RedisServerProcess> StartSentinelAsync(string serviceName, int primaryPort, CancellationToken cancellationToken) => StartAsync(
        new RedisServerProcess(
            [],
            $"""
            sentinel monitor {serviceName} 127.0.0.1 {primaryPort} 1
            sentinel down-after-milliseconds {serviceName} 500
            sentinel failover-timeout {serviceName} 2000

            """),
        cancellationToken);

    private static async Task<RedisServerProcess> StartAsync(RedisServerProcess server, CancellationToken cancellationToken)
    {
        try
        {
            const int AttemptsMax = 5;
            for (var attempt = 1; ; attempt++)
            {
                // A cluster node also takes the port 10,000 above for its bus.
                server.Port = LoopbackPort.FindFree(pairedOffset: 10_000);
                if (await server.TryLaunchAsync(cancellationToken))
                {
                    return server;
                }

                if (attempt == AttemptsMax)
                {
                    throw new InvalidOperationException($"{Program} ended at once on {AttemptsMax} free ports; its log: {server.ReadLog()}");
                }
            }
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the server in good order; its data is gone.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Signal(SignalTerminate);
        return WaitForExitAsync(cancellationToken);
    }

    /// <summary>Ends the server at once, as a power failure would.</summary>
    public Task KillAsync(CancellationToken cancellationToken)
    {
        Running.Kill();
        return WaitForExitAsync(cancellationToken);
    }

    /// <summary>Starts a stopped server again on the same port, with what it was told to save, else empty.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        if (IsRunning)
        {
            throw new InvalidOperationException("The server still runs; stop it first.");
        }

        if (!await TryLaunchAsync(cancellationToken))
        {
            throw new InvalidOperationException($"{Program} did not start again on port {Port}; its log: {ReadLog()}");
        }
    }

    /// <summary>Freezes the process: connections stay open, nothing is answered.</summary>
    public void Pause() => Signal(SignalStop);

    /// <summary>Ends <see cref="Pause"/>.</summary>
    public void Continue() => Signal(SignalContinue);

    /// <summary>Sends one inline command, for example <c>CONFIG SET hash-max-listpack-value 128</c>.</summary>
    public async Task<string> SendAsync(string command, CancellationToken cancellationToken)
    {
        using var connection = await RespConnection.OpenAsync(Port, cancellationToken);
        return await connection.SendAsync(command, cancellationToken);
    }

    /// <summary>Waits until a replica holds as many keys as this server: <c>WAIT</c> asks only for the writes of its own connection.</summary>
    public async Task WaitForReplicaAsync(RedisServerProcess replica, CancellationToken cancellationToken)
    {
        while (await SendAsync("DBSIZE", cancellationToken) is var all && await replica.SendAsync("DBSIZE", cancellationToken) != all)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        if (_process is { HasExited: false } process)
        {
            // SIGKILL also ends a paused process.
            process.Kill();
            await process.WaitForExitAsync();
        }

        _process?.Dispose();
        _folder.Dispose();
    }

    private Process Running => _process is { HasExited: false } process ? process : throw new InvalidOperationException("The server does not run.");

    /// <returns><see langword="false"/> when the process ended before it answered (the port was taken).</returns>
    private async Task<bool> TryLaunchAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Program) { RedirectStandardOutput = false, WorkingDirectory = _folder.Path };
        string[] settings = _sentinelSettings is not null ? WriteSentinelFile(_sentinelSettings) :
        [
            "--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder.Path,
            "--logfile", _folder.Combine("redis.log"), "--hash-max-listpack-value", "128", .. _arguments,
        ];
        foreach (var setting in settings)
        {
            start.ArgumentList.Add(setting);
        }

        _process?.Dispose();
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{Program} could not be started.");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StartTimeout);
        while (!_process.HasExited)
        {
            if (await AnswersAsync(timeout.Token))
            {
                // Another process may hold the port and answer in our place; ours then ends at once.
                return !_process.HasExited;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), timeout.Token);
        }

        return false;
    }

    /// <summary>A Sentinel keeps its state in its own settings file, so it has one.</summary>
    private string[] WriteSentinelFile(string settings)
    {
        var file = _folder.Combine("sentinel.conf");
        File.WriteAllText(file, $"port {Port}\nbind 127.0.0.1\ndir {_folder.Path}\nlogfile {_folder.Combine("redis.log")}\n{settings}");
        return [file, "--sentinel"];
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync("PING", cancellationToken) == "PONG";
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false;
        }
        catch (InvalidOperationException exception) when (exception.Message.Contains("-LOADING ", StringComparison.Ordinal))
        {
            // It reads what it saved.
            return false;
        }
    }

    private async Task WaitForExitAsync(CancellationToken cancellationToken) => await _process!.WaitForExitAsync(cancellationToken);

    private string ReadLog() => File.Exists(_folder.Combine("redis.log")) ? File.ReadAllText(_folder.Combine("redis.log")) : "(none)";

    private void Signal(int signal)
    {
        if (SendSignal(Running.Id, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} could not be sent: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    private void OnProcessExit(object? sender, EventArgs e)
    {
        if (_process is { HasExited: false } process)
        {
            process.Kill();
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int SendSignal(int processId, int signal);
}

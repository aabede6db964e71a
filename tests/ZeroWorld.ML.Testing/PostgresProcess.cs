using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Testing;

/// <summary>A PostgreSQL cluster of its own on a free loopback port, made anew and gone afterwards. It runs as user <c>postgres</c> where the tests run as root.</summary>
/// <remarks>It ends with this process at the latest. Not thread safe.</remarks>
public sealed class PostgresProcess : IAsyncDisposable
{
    public const string User = "zeroworld";
    public const string Password = "test-password";
    private const int SignalQuit = 3;
    private const string Folder = "/usr/lib/postgresql";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();
    private Process? _process;

    private PostgresProcess() => AppDomain.CurrentDomain.ProcessExit += OnProcessExit;

    public static bool IsInstalled => FindPrograms() is not null;

    public int Port { get; private set; }

    /// <summary>As Npgsql writes it, with the password.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Database=postgres;Username={User};Password={Password}";

    /// <summary>Skips the running test with the reason when PostgreSQL is not installed.</summary>
    public static void SkipIfMissing() => SystemPackage.SkipIfMissing(IsInstalled, "initdb", "postgresql");

    public static async Task<PostgresProcess> StartAsync(CancellationToken cancellationToken)
    {
        var postgres = new PostgresProcess();
        try
        {
            await postgres.LaunchAsync(cancellationToken);
            return postgres;
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs SQL as the owner of the cluster.</summary>
    public async Task RunAsync(string sql, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Path.Combine(FindPrograms()!, "psql")) { Environment = { ["PGPASSWORD"] = Password } };
        await RunAsync(start, ["-h", "127.0.0.1", "-p", $"{Port}", "-U", User, "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-q", "-c", sql], cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        if (_process is { HasExited: false } process)
        {
            _ = SendSignal(process.Id, SignalQuit);
            await process.WaitForExitAsync();
        }

        _process?.Dispose();
        _folder.Dispose();
    }

    private async Task LaunchAsync(CancellationToken cancellationToken)
    {
        var programs = FindPrograms() ?? throw new InvalidOperationException("PostgreSQL is not installed.");
        var data = _folder.Combine("data");
        File.WriteAllText(_folder.Combine("password"), Password);
        if (IsRoot)
        {
            await RunAsync(new ProcessStartInfo("chown"), ["-R", "postgres", _folder.Path], cancellationToken);
        }

        await RunAsync(
            AsOwner(Path.Combine(programs, "initdb")),
            ["-D", data, "-U", User, "-A", "scram-sha-256", "--pwfile", _folder.Combine("password"), "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"],
            cancellationToken);
        Port = LoopbackPort.FindFree();
        var start = AsOwner(Path.Combine(programs, "postgres"));
        foreach (var argument in (string[])
            ["-D", data, "-p", $"{Port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=60", "-c", "logging_collector=off"])
        {
            start.ArgumentList.Add(argument);
        }

        start.RedirectStandardError = true;
        _process = Process.Start(start) ?? throw new InvalidOperationException("postgres could not be started.");
        _process.BeginErrorReadLine();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StartTimeout);
        while (!await IsReadyAsync(programs, timeout.Token))
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"postgres ended with {_process.ExitCode} on port {Port}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), timeout.Token);
        }
    }

    private async Task<bool> IsReadyAsync(string programs, CancellationToken cancellationToken)
    {
        using var check = Process.Start(new ProcessStartInfo(Path.Combine(programs, "pg_isready"), ["-q", "-h", "127.0.0.1", "-p", $"{Port}"]))!;
        await check.WaitForExitAsync(cancellationToken);
        return check.ExitCode == 0;
    }

    /// <summary>The server refuses to run as root.</summary>
    private static ProcessStartInfo AsOwner(string program) => IsRoot
        ? new ProcessStartInfo("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", program]) { WorkingDirectory = "/" }
        : new ProcessStartInfo(program);

    private static bool IsRoot => Environment.UserName == "root";

    private static async Task RunAsync(ProcessStartInfo start, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} could not be started.");
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = await process.StandardError.ReadToEndAsync(cancellationToken);
        await output;
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{start.FileName} ended with {process.ExitCode}: {error}");
        }
    }

    /// <summary>Debian keeps them out of the search path, by version.</summary>
    private static string? FindPrograms() => !Directory.Exists(Folder)
        ? null
        : Directory.GetDirectories(Folder)
            .Select(static version => Path.Combine(version, "bin"))
            .Where(static folder => File.Exists(Path.Combine(folder, "initdb")))
            .OrderByDescending(static folder => int.TryParse(Path.GetFileName(Path.GetDirectoryName(folder)), out var number) ? number : 0)
            .FirstOrDefault();

    private void OnProcessExit(object? sender, EventArgs e)
    {
        if (_process is { HasExited: false } process)
        {
            _ = SendSignal(process.Id, SignalQuit);
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int SendSignal(int processId, int signal);
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace ZeroWorld.ML.Testing;

/// <summary>Python's moto as a server of S3 on a free loopback port, where it is installed; no system package brings it.</summary>
/// <remarks>It ends with this process at the latest. Not thread safe.</remarks>
public sealed class MotoProcess : IAsyncDisposable
{
    private const string Program = "moto_server";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private Process? _process;

    private MotoProcess() => AppDomain.CurrentDomain.ProcessExit += OnProcessExit;

    public string Address { get; private set; } = "";

    /// <summary>Skips the running test with the reason when it is not installed.</summary>
    public static void SkipIfMissing()
    {
        if (!SystemPackage.IsInstalled(Program))
        {
            Assert.Skip($"'{Program}' (Python's moto) is not installed; the same tests run against the project's own S3 test server.");
        }
    }

    public static async Task<MotoProcess> StartAsync(CancellationToken cancellationToken)
    {
        var moto = new MotoProcess();
        try
        {
            var port = LoopbackPort.FindFree();
            moto._process = Process.Start(new ProcessStartInfo(Program, ["-H", "127.0.0.1", "-p", $"{port}"]) { RedirectStandardOutput = true, RedirectStandardError = true })
                ?? throw new InvalidOperationException($"{Program} could not be started.");
            moto._process.BeginOutputReadLine();
            moto._process.BeginErrorReadLine();
            moto.Address = $"http://127.0.0.1:{port}";
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(StartTimeout);
            while (!await AnswersAsync(port, timeout.Token))
            {
                if (moto._process.HasExited)
                {
                    throw new InvalidOperationException($"{Program} ended with {moto._process.ExitCode}.");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100), timeout.Token);
            }

            return moto;
        }
        catch
        {
            await moto.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        if (_process is { HasExited: false } process)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        _process?.Dispose();
    }

    private static async Task<bool> AnswersAsync(int port, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void OnProcessExit(object? sender, EventArgs e)
    {
        if (_process is { HasExited: false } process)
        {
            process.Kill(entireProcessTree: true);
        }
    }
}

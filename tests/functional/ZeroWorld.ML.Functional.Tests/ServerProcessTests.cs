using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>The executable as its user meets it: arguments, what it prints, exit codes, signals.</summary>
public sealed class ServerProcessTests : IDisposable
{
    private const int SignalTerminate = 15;
    private static readonly string Executable = Path.Combine(AppContext.BaseDirectory, "ZeroWorld.ML.Serving.Server.dll");
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Main_Terminated_AnswersUntilThenAndExitsWithZero()
    {
        using var process = Start();
        var writer = DataDirectory.FindWriter(_folder.Combine("data"));
        while (writer?.GrpcAddress is null)
        {
            Assert.False(process.HasExited);
            await Task.Delay(TimeSpan.FromMilliseconds(50), Cancellation);
            writer = DataDirectory.FindWriter(_folder.Combine("data"));
        }

        using var client = new ZeroWorldClient(writer.GrpcAddress);
        Assert.True(await client.IsReadyAsync(Cancellation));
        Assert.Equal(process.Id, writer.ProcessId);

        Assert.Equal(0, SendSignal(process.Id, SignalTerminate));
        await process.WaitForExitAsync(Cancellation);

        Assert.Equal(0, process.ExitCode);
        Assert.Null(DataDirectory.FindWriter(_folder.Combine("data")));
        Assert.Contains("Stopped", await process.StandardError.ReadToEndAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Main_TerminatedWithADelay_IsLiveAndNotReadyAndAnswers()
    {
        using var process = Start("--Server:StopDelay=5m");
        try
        {
            string? address;
            while ((address = DataDirectory.FindWriter(_folder.Combine("data"))?.GrpcAddress) is null)
            {
                Assert.False(process.HasExited);
                await Task.Delay(TimeSpan.FromMilliseconds(50), Cancellation);
            }

            Assert.Equal(0, SendSignal(process.Id, SignalTerminate));

            // Each time a connection of its own, as a balancer has it.
            bool isReady, isLive;
            do
            {
                using var client = new ZeroWorldClient(address);
                isReady = (await client.Inference.ServerReadyAsync(new Inference.ServerReadyRequest(), cancellationToken: Cancellation)).Ready;
                isLive = (await client.Inference.ServerLiveAsync(new Inference.ServerLiveRequest(), cancellationToken: Cancellation)).Live;
                await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
            }
            while (isReady);

            Assert.True(isLive);
            Assert.False(process.HasExited);
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public async Task Main_CannotStart_SaysWhyInOneSentence()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        await AssertRefusedAsync("flag: Server:GrpcPort is 'x'; expected a whole number.", "--Server:GrpcPort=x");
        await AssertRefusedAsync("'serve' is no setting; expected --Section:Name=value", "serve");
        await AssertRefusedAsync($"Port {port} is taken on 127.0.0.1: set Server:GrpcPort to another, or to 0 for a free one.", $"--Server:GrpcPort={port}");
    }

    private async Task AssertRefusedAsync(string sentence, string argument)
    {
        using var process = Start(argument);
        await process.WaitForExitAsync(Cancellation);
        var lines = (await process.StandardError.ReadToEndAsync(Cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(1, process.ExitCode);
        Assert.Contains(sentence, lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain(lines, line => line.TrimStart().StartsWith("at ", StringComparison.Ordinal) || line.Contains("Exception", StringComparison.Ordinal));
    }

    private Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, WorkingDirectory = _folder.Path };
        string[] ports = [.. new[] { "HttpPort", "GrpcPort", "MetricsPort" }.Where(port => !arguments.Any(argument => argument.Contains(port, StringComparison.Ordinal))).Select(port => $"--Server:{port}=0")];
        foreach (var argument in (string[])["exec", Executable, $"--DataDirectory={_folder.Combine("data")}", .. ports, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int SendSignal(int processId, int signal);
}

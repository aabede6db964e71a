using System.Diagnostics;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

public sealed class ServeCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Serve_TerminatedWithAStopThatTakesLong_IsNotCutOff()
    {
        // Longer than the 2 s after which the library that reads the command line would end the process.
        File.WriteAllText(_folder.Combine("zeroworld.yaml"), "server: { http_port: 0, grpc_port: 0, metrics_port: 0, stop_delay: 4s }");
        using var process = ZwmlProcess.Start(_folder.Path, "serve", "--data", "data");
        while (DataDirectory.FindWriter(_folder.Combine("data"))?.GrpcAddress is null)
        {
            Assert.False(process.HasExited);
            await Task.Delay(TimeSpan.FromMilliseconds(50), Cancellation);
        }

        using (var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
        {
            await kill.WaitForExitAsync(Cancellation);
        }

        await process.WaitForExitAsync(Cancellation);

        Assert.Equal(0, process.ExitCode);
    }
}

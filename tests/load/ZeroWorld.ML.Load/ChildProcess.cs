using System.Diagnostics;
using System.Text.Json;

namespace ZeroWorld.ML.Load;

/// <summary>The child process with the server; ends when disposed.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ChildProcess(Process process, ServerChild.Ready ready)
    {
        _process = process;
        Ready = ready;
    }

    public ServerChild.Ready Ready { get; }

    public Uri Grpc => new(Ready.Grpc);

    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static async Task<ChildProcess> StartAsync(string folder, string redis)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };

        // Run as 'dotnet X.dll', this program is an argument of its process.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        }

        foreach (var argument in (ReadOnlySpan<string>)[ServerChild.Argument, folder, redis])
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("The server's process could not be started.");
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server ended before it was ready.");
        return new ChildProcess(process, JsonSerializer.Deserialize<ServerChild.Ready>(line)!);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace ZeroWorld.ML.Load;

/// <summary>A child process with a server, which is this program with other arguments; ends when disposed.</summary>
/// <remarks>A child says on its standard output when it is ready, answers lines on its standard input there too, and ends with its input.</remarks>
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

    /// <summary>How often its threads, those that run now, went to sleep until somebody wakes them (proc(5), voluntary_ctxt_switches); 0 where the system does not tell.</summary>
    public long Switches => OperatingSystem.IsLinux() ? Directory.GetDirectories($"/proc/{_process.Id}/task").Sum(static thread => CountSwitches(Path.Combine(thread, "status"))) : 0;

    /// <param name="variables">Variables of its environment.</param>
    /// <param name="arguments">Its arguments.</param>
    public static async Task<ChildProcess> StartAsync(IEnumerable<KeyValuePair<string, string>> variables, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };

        // Run as 'dotnet X.dll', this program is an argument of its process.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("The server's process could not be started.");
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server ended before it was ready.");
        return new ChildProcess(process, JsonSerializer.Deserialize<ServerChild.Ready>(line)!);
    }

    /// <summary>Asks it something; see <see cref="ChildMemory"/>.</summary>
    public async Task<ChildMemory.Figures> AskAsync(string question)
    {
        await _process.StandardInput.WriteLineAsync(question);
        await _process.StandardInput.FlushAsync();
        var line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server ended early.");
        return JsonSerializer.Deserialize<ChildMemory.Figures>(line)!;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static long CountSwitches(string path)
    {
        const string Field = "voluntary_ctxt_switches:";
        try
        {
            var line = File.ReadLines(path).First(static line => line.StartsWith(Field, StringComparison.Ordinal));
            return long.Parse(line.AsSpan(Field.Length).Trim(), CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // The thread has ended meanwhile.
            return 0;
        }
    }
}

using System.Diagnostics;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>Runs the built command line as its user does: a process of its own.</summary>
internal static class ZwmlProcess
{
    // The program's own output folder, beside the one of the tests: what a user runs.
    private static readonly string Program = Path.Combine(
        AppContext.BaseDirectory, "..", "..", "ZeroWorld.ML.Cli", Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)), "zwml.dll");

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>Starts a command that runs until it is ended; nobody reads what it says.</summary>
    public static Process Start(string workingDirectory, params string[] arguments) => Start(workingDirectory, null, arguments);

    /// <param name="workingDirectory">Its folder.</param>
    /// <param name="error">Takes the lines that it writes to standard error, not at once; all of them once it was waited for.</param>
    /// <param name="arguments">The command.</param>
    public static Process Start(string workingDirectory, Action<string>? error, params string[] arguments)
    {
        var process = Process.Start(StartInfoOf(workingDirectory, arguments))!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { } text)
            {
                error?.Invoke(text);
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    public static Task<(int ExitCode, string Output, string Error)> RunAsync(string workingDirectory, params string[] arguments) =>
        RunAsync(StartInfoOf(workingDirectory, arguments));

    /// <summary>As the other one, with files of so many kibibytes at most.</summary>
    public static Task<(int ExitCode, string Output, string Error)> RunWithFileLimitAsync(string workingDirectory, int kibibytes, params string[] arguments)
    {
        var start = StartInfoOf(workingDirectory, ["-c", $"ulimit -f {kibibytes}; exec dotnet \"$0\" \"$@\"", Path.GetFullPath(Program), .. arguments]);
        start.ArgumentList.RemoveAt(0);
        start.FileName = "bash";

        // Else the runtime begins with a file of 2 GiB in memory, which counts as one.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        return RunAsync(start);
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static ProcessStartInfo StartInfoOf(string workingDirectory, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        // Most of what a short command takes is compiling; methods that are compiled to be counted first are a tenth of it.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.ArgumentList.Add(Path.GetFullPath(Program));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }
}

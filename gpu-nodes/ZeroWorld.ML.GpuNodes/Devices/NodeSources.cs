using System.ComponentModel;
using System.Diagnostics;

namespace ZeroWorld.ML.GpuNodes;

/// <summary>Where a <see cref="DeviceInventory"/> reads from: files under /proc and /sys, one program and the environment.</summary>
public sealed record NodeSources
{
    private static readonly TimeSpan NvidiaSmiTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Path to text; <see langword="null"/> where there is no such file or it may not be read.</summary>
    public required Func<string, string?> ReadFile { get; init; }

    /// <summary>Path to the full paths of the folders in it, in ordinal order; empty where there is no such folder.</summary>
    public required Func<string, IReadOnlyList<string>> ListFolders { get; init; }

    /// <summary>Arguments of nvidia-smi to its standard output; <see langword="null"/> where there is none or it fails.</summary>
    public required Func<string, string?> RunNvidiaSmi { get; init; }

    /// <summary>Name to value; <see langword="null"/> where the variable is not set.</summary>
    public required Func<string, string?> ReadVariable { get; init; }

    /// <summary>The machine this process runs on.</summary>
    public static NodeSources System { get; } = new()
    {
        ReadFile = ReadSystemFile,
        ListFolders = ListSystemFolders,
        RunNvidiaSmi = RunSystemNvidiaSmi,
        ReadVariable = Environment.GetEnvironmentVariable,
    };

    private static string? ReadSystemFile(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path) : null;
        }
        // Files under /proc and /sys may vanish or be closed to this user: both mean that the source has nothing to say.
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string[] ListSystemFolders(string path)
    {
        try
        {
            return Directory.Exists(path) ? [.. Directory.EnumerateDirectories(path).Order(StringComparer.Ordinal)] : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? RunSystemNvidiaSmi(string arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("nvidia-smi", arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            });
            if (process is null)
            {
                return null;
            }

            // Both streams are drained while waiting, so that neither can fill up and stall the program.
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(NvidiaSmiTimeout))
            {
                process.Kill(entireProcessTree: true);
                return null;
            }

            _ = errors.GetAwaiter().GetResult();
            return process.ExitCode == 0 ? output.GetAwaiter().GetResult() : null;
        }
        // No such program: a machine without the NVIDIA driver.
        catch (Win32Exception)
        {
            return null;
        }
    }
}

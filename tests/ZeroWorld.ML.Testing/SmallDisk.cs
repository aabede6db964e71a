using System.Diagnostics;
using Xunit;

namespace ZeroWorld.ML.Testing;

/// <summary>A file system of a few megabytes, for what happens when a disk is full. The test is skipped where nothing may be mounted.</summary>
public sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    /// <param name="size">As mount(8) takes it for tmpfs: <c>4m</c>.</param>
    public static SmallDisk Mount(string path, string size)
    {
        Directory.CreateDirectory(path);
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Run("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", path) == 0,
            "This process has no right to mount a small file system.");
        return new SmallDisk(path);
    }

    /// <summary>Makes room, or takes it away.</summary>
    /// <param name="size">As for <see cref="Mount"/>; at least what is in use.</param>
    public void Resize(string size) => Assert.Equal(0, Run("mount", "-o", $"remount,size={size}", Path));

    /// <summary>Takes all the room that is left, to the last byte.</summary>
    /// <returns>The file that has it; deleted, there is room again.</returns>
    public string Fill()
    {
        var path = System.IO.Path.Combine(Path, "fill");
        using var file = File.Create(path, bufferSize: 1);
        Assert.ThrowsAny<IOException>((Action)WriteOn);
        return path;

        void WriteOn()
        {
            while (true)
            {
                file.Write(new byte[4096]);
            }
        }
    }

    // Lazily: a server in this process may hold a file of it for a moment longer.
    public void Dispose() => Assert.Equal(0, Run("umount", "-l", Path));

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}

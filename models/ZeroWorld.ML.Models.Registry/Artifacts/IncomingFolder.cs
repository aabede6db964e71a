namespace ZeroWorld.ML.Models.Registry;

/// <summary>Where files and folders lie until they are whole. What a killed process left is removed after a day.</summary>
internal sealed class IncomingFolder(string folder)
{
    internal static readonly TimeSpan Age = TimeSpan.FromDays(1);

    private int _isClean;

    /// <summary>A path that nobody else has, in a folder that exists.</summary>
    internal string NewPath()
    {
        Directory.CreateDirectory(folder);
        if (Interlocked.Exchange(ref _isClean, 1) == 0)
        {
            RemoveLeftovers();
        }

        return Path.Combine(folder, Guid.NewGuid().ToString("N"));
    }

    private void RemoveLeftovers()
    {
        // By the clock of the file system alone: another machine may share it, and a wrong clock here must not take files that are being written there.
        var probe = new FileInfo(Path.Combine(folder, Guid.NewGuid().ToString("N")));
        probe.Create().Dispose();
        var oldest = probe.LastWriteTimeUtc - Age;
        probe.Delete();
        foreach (var leftover in new DirectoryInfo(folder).EnumerateFileSystemInfos().Where(entry => entry.LastWriteTimeUtc < oldest))
        {
            Delete(leftover);
        }
    }

    private static void Delete(FileSystemInfo entry)
    {
        try
        {
            if (entry is DirectoryInfo directory)
            {
                directory.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }
        catch (IOException)
        {
            // Another process removes it too.
        }
    }
}

namespace ZeroWorld.ML.Models.Registry;

/// <summary>Where files and folders lie until they are whole. What a killed process left is removed after a day.</summary>
internal sealed class IncomingFolder(string folder, TimeProvider timeProvider)
{
    internal static readonly TimeSpan Age = TimeSpan.FromDays(1);

    internal string NewPath()
    {
        Directory.CreateDirectory(folder);
        var oldest = timeProvider.GetUtcNow().UtcDateTime - Age;
        foreach (var left in new DirectoryInfo(folder).EnumerateFileSystemInfos().Where(entry => entry.LastWriteTimeUtc < oldest))
        {
            Delete(left);
        }

        return Path.Combine(folder, Guid.NewGuid().ToString("N"));
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

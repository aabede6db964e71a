namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A folder that one engine spills into; it goes with the engine, and with the next one where a process was killed.</summary>
/// <remarks>A lock in it, which ends with its process whatever ends that, tells a folder in use from one that was left behind.</remarks>
internal sealed class SpillFolder : IDisposable
{
    private const string Prefix = "duckdb-";
    private const string LockFile = "in-use.lock";

    /// <summary>Between making a folder and its lock it looks as if it were left behind; one without a lock is, after so long.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromHours(1);

    private readonly FileStream _lock;

    private SpillFolder(string path, FileStream taken)
    {
        Path = path;
        _lock = taken;
    }

    /// <summary>Full path.</summary>
    public string Path { get; }

    public static SpillFolder Create(string parent)
    {
        var path = System.IO.Path.GetFullPath(System.IO.Path.Combine(parent, $"{Prefix}{Guid.NewGuid():N}"));
        Directory.CreateDirectory(path);
        return new SpillFolder(path, new FileStream(System.IO.Path.Combine(path, LockFile), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None));
    }

    /// <summary>Deletes the folders whose processes were killed.</summary>
    /// <returns>How many.</returns>
    public static int Sweep(string parent, DateTimeOffset now)
    {
        if (!Directory.Exists(parent))
        {
            return 0;
        }

        var swept = 0;
        foreach (var path in Directory.EnumerateDirectories(parent, $"{Prefix}*"))
        {
            try
            {
                if (IsLeftBehind(path, now))
                {
                    Directory.Delete(path, recursive: true);
                    swept++;
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // In use, or another process sweeps it at this moment: either way it is not ours to delete.
            }
        }

        return swept;
    }

    public void Dispose()
    {
        _lock.Dispose();
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // A store that started in this moment swept it: without its lock it looks as if it were left behind.
        }
    }

    private static bool IsLeftBehind(string path, DateTimeOffset now)
    {
        var file = System.IO.Path.Combine(path, LockFile);
        if (!File.Exists(file))
        {
            return Directory.GetLastWriteTimeUtc(path) < now.UtcDateTime - Grace;
        }

        using var taken = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        return true;
    }
}

using System.Globalization;

namespace ZeroWorld.ML.Hosting;

/// <summary>The folder where a process keeps its state, held by at most one writer.</summary>
/// <remarks>Disposing releases the writer's lock. Thread safe.</remarks>
public sealed class DataDirectory : IDisposable
{
    /// <summary>The layout that this build writes and reads.</summary>
    public const int Format = 1;

    private const string FormatFile = "format";
    private const string LockFile = "writer.lock";

    // Beside the lock, since nobody else can read a locked file.
    private const string WriterFile = "writer";

    private readonly FileStream? _lock;

    private DataDirectory(string root, FileStream? writerLock)
    {
        Root = root;
        _lock = writerLock;
    }

    /// <summary>Absolute path.</summary>
    public string Root { get; }

    /// <summary>Whether this process may write here.</summary>
    public bool IsWriter => _lock is not null;

    public string RegistryDatabase => Path.Combine(Root, "registry", "registry.db");

    public string Artifacts => Path.Combine(Root, "registry", "artifacts");

    /// <summary>Packages that were unpacked for serving, one folder per digest.</summary>
    public string Packages => Path.Combine(Root, "packages");

    /// <summary>Tables of the offline store: <c>PROJECT/TABLE/*.parquet</c>.</summary>
    public string Offline => Path.Combine(Root, "offline");

    public string TrainingSets => Path.Combine(Root, "training-sets");

    /// <summary>Checkpoints of the embedded online store.</summary>
    public string Online => Path.Combine(Root, "online");

    /// <summary>What <c>zwml apply</c> registered: <c>PROJECT.json</c>.</summary>
    public string Definitions => Path.Combine(Root, "definitions");

    /// <summary>Files of a bucket that are kept here for a while.</summary>
    public string Cache => Path.Combine(Root, "cache");

    /// <summary>Files on their way into a bucket.</summary>
    public string Staging => Path.Combine(Root, "staging");

    /// <summary>Files of models that came with calls for a load.</summary>
    public string ModelOverrides => Path.Combine(Root, "model-overrides");

    public string PredictionLog => Path.Combine(Root, "prediction-log");

    /// <summary>Whether the folder is a data directory of this build's format.</summary>
    /// <exception cref="HostingException">The format is another build's.</exception>
    public static bool Exists(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return CheckFormat(Path.GetFullPath(path));
    }

    /// <summary>Opens the folder as its only writer, making it when it is not there.</summary>
    /// <exception cref="HostingException">Another process writes here, the format is another build's, or the folder holds something else.</exception>
    public static DataDirectory OpenForWriting(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var root = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(root);
            if (!CheckFormat(root) && Directory.EnumerateFileSystemEntries(root).Any(static entry => Path.GetFileName(entry) is not (LockFile or WriterFile)))
            {
                throw new HostingException($"'{root}' holds files but no '{FormatFile}': it is no data directory. Name an empty folder, or another, with DataDirectory.");
            }

            var writerLock = TakeLock(root);
            try
            {
                // Looked at again under the lock: another process may have made it, or changed it, meanwhile.
                if (!CheckFormat(root))
                {
                    WriteFormat(root);
                }

                return new DataDirectory(root, writerLock);
            }
            catch
            {
                writerLock.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HostingException($"The data directory '{root}' cannot be used: {exception.Message}", exception);
        }
    }

    /// <summary>Opens the folder to read; a writer may be at work in it.</summary>
    /// <exception cref="HostingException">There is no data directory, or its format is another build's.</exception>
    public static DataDirectory OpenForReading(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var root = Path.GetFullPath(path);
        return Directory.Exists(root) && CheckFormat(root)
            ? new DataDirectory(root, null)
            : throw new HostingException($"'{root}' is no data directory. Name one with DataDirectory, or make one with 'zwml demo'.");
    }

    /// <summary>Says beside the lock where this process answers, so that commands find it, unless the disk is full. Only for the writer.</summary>
    /// <param name="grpcAddress"><c>http://127.0.0.1:8001</c>.</param>
    public void Announce(string grpcAddress)
    {
        if (_lock is null)
        {
            throw new InvalidOperationException("Only the writer of a data directory announces an address.");
        }

        TryWriteWriter(Root, grpcAddress);
    }

    /// <summary>Who writes in a data directory now.</summary>
    /// <returns><see langword="null"/> when nobody does.</returns>
    public static DataDirectoryWriter? FindWriter(string path)
    {
        var root = Path.GetFullPath(path);
        try
        {
            using var taken = new FileStream(Path.Combine(root, LockFile), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return null;
        }
        catch (IOException exception) when (exception is not (FileNotFoundException or DirectoryNotFoundException))
        {
            return ReadWriter(root);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        if (_lock is not null)
        {
            File.Delete(Path.Combine(Root, WriterFile));
            _lock.Dispose();
        }
    }

    /// <returns><see langword="false"/> when there is no format file.</returns>
    private static bool CheckFormat(string root)
    {
        var file = Path.Combine(root, FormatFile);
        if (!File.Exists(file))
        {
            return false;
        }

        var text = File.ReadAllText(file).Trim();
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var format) || format < 1)
        {
            throw new HostingException($"'{file}' says '{(text.Length > 40 ? text[..40] : text)}'; expected the number of the directory's format, {Format}.");
        }

        return format == Format
            ? true
            : throw new HostingException($"The data directory '{root}' has format {format}; this build reads and writes format {Format}. Use the build that wrote it, or another directory.");
    }

    private static void WriteFormat(string root)
    {
        var temporary = Path.Combine(root, $"{FormatFile}.new");
        File.WriteAllText(temporary, $"{Format}\n");
        File.Move(temporary, Path.Combine(root, FormatFile), overwrite: true);
    }

    private static FileStream TakeLock(string root)
    {
        var file = Path.Combine(root, LockFile);
        try
        {
            var stream = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            TryWriteWriter(root, "");
            return stream;
        }
        catch (IOException exception) when (File.Exists(file))
        {
            var writer = ReadWriter(root);
            throw new HostingException(
                $"The data directory '{root}' is in use by {(writer.ProcessId > 0 ? $"process {writer.ProcessId}" : "another process")}. Stop it, or name another directory with DataDirectory.",
                exception);
        }
    }

    /// <summary>On a full disk nobody is told who writes here; what only reads goes on, and what writes meets the disk by itself.</summary>
    private static void TryWriteWriter(string root, string grpcAddress)
    {
        try
        {
            WriteWriter(root, grpcAddress);
        }
        catch (IOException)
        {
            // Not the one before this one either.
            File.Delete(Path.Combine(root, $"{WriterFile}.new"));
            File.Delete(Path.Combine(root, WriterFile));
        }
    }

    private static void WriteWriter(string root, string grpcAddress)
    {
        var temporary = Path.Combine(root, $"{WriterFile}.new");
        File.WriteAllText(temporary, $"{Environment.ProcessId}\n{grpcAddress}\n");
        File.Move(temporary, Path.Combine(root, WriterFile), overwrite: true);
    }

    private static DataDirectoryWriter ReadWriter(string root)
    {
        try
        {
            string[] lines = File.ReadAllLines(Path.Combine(root, WriterFile));
            _ = int.TryParse(lines.ElementAtOrDefault(0), NumberStyles.None, CultureInfo.InvariantCulture, out var processId);
            return new DataDirectoryWriter(processId, lines.ElementAtOrDefault(1) is { Length: > 0 } address ? address : null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Between its lock and its first line: somebody writes, who is not known yet.
            return new DataDirectoryWriter(0, null);
        }
    }
}

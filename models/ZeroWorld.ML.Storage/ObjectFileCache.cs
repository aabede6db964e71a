using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Storage;

/// <summary>Objects as local files, bounded: each version is brought once, and the least recently used go first.</summary>
/// <remarks>
/// A file is handed out as a further link to it, so that making room never takes it from who reads it. Of an object one version stays: an older one may hold what was erased from it.
/// Thread safe; several processes may share the folder.
/// </remarks>
public sealed partial class ObjectFileCache : IDisposable
{
    private readonly ObjectStore _store;
    private readonly string _folder;
    private readonly long _bytesMax;
    private readonly TimeProvider _time;

    // Callers of one object wait for each other, those of different ones seldom do.
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 16).Select(static _ => new SemaphoreSlim(1))];
    private readonly Lock _trimming = new();

    /// <param name="store">Where the objects are; not disposed here.</param>
    /// <param name="folder">Holds the files; made when the first comes.</param>
    /// <param name="bytesMax">Bytes that stay there.</param>
    public ObjectFileCache(ObjectStore store, string folder, long bytesMax, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _store = store;
        _folder = Path.GetFullPath(folder);
        _bytesMax = bytesMax;
        _time = time;
    }

    /// <summary>Puts the bytes of an object at a path of the caller's, on the same file system; the caller deletes it.</summary>
    /// <exception cref="ObjectStoreException">Of any kind; <see cref="ObjectStoreError.Changed"/>: the object is no longer that version.</exception>
    public async Task LinkAsync(StoredObject version, string path, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(version);
        var name = NameOf(version);
        var file = Path.Combine(_folder, name);
        var gate = GateOf(name);
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (TryLink(file, path))
            {
                return;
            }

            Directory.CreateDirectory(_folder);
            await _store.GetFileAsync(version.Key, version.ETag, file, cancellationToken).ConfigureAwait(false);
            DeleteOthers(version.Key, name);
            if (!TryLink(file, path))
            {
                // Another process made room at this very moment.
                await _store.GetFileAsync(version.Key, version.ETag, path, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            gate.Release();
        }

        Trim();
    }

    /// <summary>Deletes the copy of a version that must not stay on this machine; links that were handed out stay.</summary>
    public async Task ForgetAsync(StoredObject version, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(version);
        var name = NameOf(version);
        var gate = GateOf(name);
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Directory.Exists(_folder))
            {
                File.Delete(Path.Combine(_folder, name));
            }
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose()
    {
        foreach (var gate in _gates)
        {
            gate.Dispose();
        }
    }

    /// <summary>What the names of all versions of an object begin with.</summary>
    private static string PrefixOf(string key) => $"{DigestOf(key)}-";

    private static string NameOf(StoredObject version) => PrefixOf(version.Key) + DigestOf($"{version.ETag}\n{version.Bytes}");

    private static string DigestOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));

    private void DeleteOthers(string key, string kept)
    {
        foreach (var path in Directory.EnumerateFiles(_folder, $"{PrefixOf(key)}*"))
        {
            if (Path.GetFileName(path) != kept && !path.EndsWith(".tmp", StringComparison.Ordinal))
            {
                File.Delete(path);
            }
        }
    }

    private SemaphoreSlim GateOf(string name) => _gates[Convert.ToInt32(name[..1], 16)];

    private bool TryLink(string file, string path)
    {
        if (!File.Exists(file))
        {
            return false;
        }

        if (OperatingSystem.IsWindows() || Link(file, path) != 0)
        {
            try
            {
                Copy(file, path);
            }
            catch (FileNotFoundException)
            {
                return false;
            }
        }

        Touch(file);
        return true;
    }

    // Windows deletes no file that is open, unless all who have it open allow that.
    private static void Copy(string file, string path)
    {
        using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var target = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
        source.CopyTo(target);
    }

    private void Touch(string file)
    {
        try
        {
            File.SetLastWriteTimeUtc(file, _time.GetUtcNow().UtcDateTime);
        }
        catch (IOException)
        {
            // Made room for already; the link stays.
        }
    }

    private void Trim()
    {
        lock (_trimming)
        {
            var files = new DirectoryInfo(_folder).GetFiles().Where(static file => !file.Name.EndsWith(".tmp", StringComparison.Ordinal)).ToList();
            var bytes = files.Sum(static file => file.Length);
            foreach (var file in files.OrderBy(static file => file.LastWriteTimeUtc))
            {
                if (bytes <= _bytesMax)
                {
                    return;
                }

                bytes -= file.Length;
                file.Delete();
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Link(string existing, string path);
}

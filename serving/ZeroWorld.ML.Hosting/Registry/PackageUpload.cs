using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Hosting;

/// <summary>The files of a package as they arrive, in a folder of their own that goes when this is disposed.</summary>
/// <remarks>Not thread safe. Nothing that is sent decides where on the disk it lands, beyond the folder.</remarks>
internal sealed class PackageUpload : IAsyncDisposable
{
    private const int FilesMax = 256;

    private readonly string[] _files;
    private readonly long _bytesMax;
    private FileStream? _current;
    private int _next;
    private long _bytes;

    /// <param name="folder">Where temporary folders are made.</param>
    /// <param name="files">Relative paths in the order in which their bytes follow.</param>
    /// <param name="bytesMax">Bytes of all files together.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: no manifest, too many files, a name twice or outside the package.</exception>
    public PackageUpload(string folder, IReadOnlyList<string> files, long bytesMax)
    {
        _files = [.. files];
        _bytesMax = bytesMax;
        if (_files.Length is 0 or > FilesMax || !_files.Contains(ModelPackage.ManifestFile, StringComparer.Ordinal))
        {
            throw Invalid($"The header names {_files.Length} files; expected 1 to {FilesMax}, '{ModelPackage.ManifestFile}' among them.");
        }

        foreach (var file in _files)
        {
            if (!PackagePath.IsValid(file))
            {
                throw Invalid($"'{file}' is no path of a file in a package; expected names of letters, digits, '.', '_' and '-' joined with '/', without '..'.");
            }
        }

        if (_files.Distinct(StringComparer.OrdinalIgnoreCase).Count() != _files.Length)
        {
            throw Invalid("The header names a file twice.");
        }

        Directory.CreateDirectory(folder);
        Folder = Path.Combine(folder, $"upload-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Folder);
    }

    /// <summary>Where the files are.</summary>
    public string Folder { get; }

    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: not the file whose turn it is, or too many bytes.</exception>
    public async Task AddAsync(string file, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        _bytes += data.Length;
        if (_bytes > _bytesMax)
        {
            throw Invalid($"The package is larger than {_bytesMax} bytes (Server:PackageBytesMax).");
        }

        while (_next == 0 || _files[_next - 1] != file)
        {
            // A file without a chunk is an empty one.
            await OpenNextAsync(file, cancellationToken).ConfigureAwait(false);
        }

        await _current!.WriteAsync(data, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the last file; the package is whole.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        while (_next < _files.Length)
        {
            await OpenNextAsync(_files[_next], cancellationToken).ConfigureAwait(false);
        }

        await CloseAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_current is not null)
        {
            await _current.DisposeAsync().ConfigureAwait(false);
        }

        Directory.Delete(Folder, recursive: true);
    }

    private async Task OpenNextAsync(string wanted, CancellationToken cancellationToken)
    {
        if (!_files.AsSpan(_next).Contains(wanted))
        {
            throw Invalid($"A chunk of '{wanted}' came {(_files.Contains(wanted, StringComparer.Ordinal) ? "after the next file had begun" : "for a file that the header does not name")}.");
        }

        await CloseAsync(cancellationToken).ConfigureAwait(false);
        var path = Path.Combine(Folder, _files[_next++]);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _current = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
    }

    private async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (_current is not null)
        {
            await _current.FlushAsync(cancellationToken).ConfigureAwait(false);
            await _current.DisposeAsync().ConfigureAwait(false);
            _current = null;
        }
    }

    private static RegistryException Invalid(string message) => new(RegistryError.InvalidInput, message);
}

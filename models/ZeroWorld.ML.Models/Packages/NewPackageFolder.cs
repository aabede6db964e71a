namespace ZeroWorld.ML.Models;

/// <summary>The folder that a package is made in. Unless it is kept, what was written goes again, so that a training that fails leaves nothing behind and may write there once more.</summary>
/// <remarks>Not thread safe.</remarks>
public sealed class NewPackageFolder : IDisposable
{
    private readonly string _path;
    private readonly bool _existed;
    private bool _isDone;

    /// <summary>Makes the folder where there is none.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: something lies there already.</exception>
    public NewPackageFolder(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!IsFree(path))
        {
            throw new RegistryException(RegistryError.InvalidInput, $"The folder '{path}' is not empty; expected a new or an empty one.");
        }

        (_path, _existed) = (path, Directory.Exists(path));
        Directory.CreateDirectory(path);
    }

    /// <summary>Whether a package may be written there: nothing is there, or an empty folder.</summary>
    public static bool IsFree(string path) => !File.Exists(path) && (!Directory.Exists(path) || !Directory.EnumerateFileSystemEntries(path).Any());

    /// <summary>The package is whole.</summary>
    public void Keep() => _isDone = true;

    /// <summary>Removes what was written, unless it is kept; a folder that was there before stays, empty.</summary>
    public void Dispose()
    {
        if (_isDone)
        {
            return;
        }

        _isDone = true;
        try
        {
            if (_existed)
            {
                Empty();
            }
            else
            {
                Directory.Delete(_path, recursive: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What made the package fail is told, not that its remains cannot be removed: without a manifest they are no package.
        }
    }

    // It keeps its owner and rights, and may be a link or a mounted volume.
    private void Empty()
    {
        foreach (var entry in new DirectoryInfo(_path).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo { LinkTarget: null } folder)
            {
                folder.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }
    }
}

using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Models.Registry;

/// <summary>Artifacts as files <c>sha256/ab/HEX</c> under one folder, where ab are the first two characters of HEX.</summary>
/// <remarks>Thread safe; several processes may share the folder: a file appears under its name only when it is whole and on the disk.</remarks>
public sealed class FolderArtifactStore : IArtifactStore
{
    private readonly string _folder;
    private readonly IncomingFolder _incoming;

    public FolderArtifactStore(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _folder = Path.GetFullPath(folder);
        _incoming = new IncomingFolder(Path.Combine(_folder, "incoming"));
    }

    /// <inheritdoc/>
    /// <remarks>A stored file that was damaged since is replaced: storing again repairs.</remarks>
    public Task<string> PutAsync(string path, CancellationToken cancellationToken) => TranslateAsync(async () =>
    {
        var digest = await ArtifactDigest.OfFileAsync(path, cancellationToken).ConfigureAwait(false);
        var target = ToPath(digest);
        if (File.Exists(target) && await ArtifactDigest.OfFileAsync(target, cancellationToken).ConfigureAwait(false) == digest)
        {
            return digest;
        }

        var temporary = _incoming.NewPath();
        try
        {
            // The database that will name these bytes must not be on the disk before them.
            var copied = await ArtifactFile.CopyAsync(path, temporary, toDisk: true, cancellationToken).ConfigureAwait(false);
            if (copied != digest)
            {
                throw new RegistryException(RegistryError.CorruptArtifact, $"The file '{path}' changed while it was stored.");
            }

            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }

        return digest;
    });

    /// <inheritdoc/>
    public Task GetAsync(string digest, string path, CancellationToken cancellationToken) => TranslateAsync(async () =>
    {
        var source = ToPath(digest);
        if (!File.Exists(source))
        {
            throw new RegistryException(RegistryError.NotFound, $"There is no artifact {digest} in '{_folder}'.");
        }

        await ArtifactFile.FetchAsync(digest, path, temporary => ArtifactFile.CopyAsync(source, temporary, toDisk: true, cancellationToken)).ConfigureAwait(false);
        return digest;
    });

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(string digest, CancellationToken cancellationToken) => Task.FromResult(File.Exists(ToPath(digest)));

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredArtifact> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var hex in await TranslateAsync(() => Task.FromResult(ListNames())).ConfigureAwait(false))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var file = new FileInfo(ToPath(ArtifactDigest.OfHex(hex)));
            if (file.Exists)
            {
                yield return new StoredArtifact(ArtifactDigest.OfHex(hex), file.Length, new DateTimeOffset(file.LastWriteTimeUtc));
            }
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string digest, CancellationToken cancellationToken) => TranslateAsync(() =>
    {
        var path = ToPath(digest);
        if (File.Exists(path))
        {
            File.Delete(path);
        }

        return Task.FromResult(digest);
    });

    // Other files may lie there, a file system's own for example.
    private string[] ListNames()
    {
        var folder = new DirectoryInfo(Path.Combine(_folder, "sha256"));
        return folder.Exists
            ? [.. folder.EnumerateFiles("*", SearchOption.AllDirectories).Select(static file => file.Name).Where(static name => ArtifactDigest.IsValid(ArtifactDigest.OfHex(name)))]
            : [];
    }

    internal string ToPath(string digest)
    {
        var hex = ArtifactDigest.ToHex(digest);
        return Path.Combine(_folder, "sha256", hex[..2], hex);
    }

    private async Task<T> TranslateAsync<T>(Func<Task<T>> operation)
    {
        try
        {
            return await operation().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(RegistryError.StoreUnavailable, $"The artifact store '{_folder}' cannot be used: {exception.Message}", exception);
        }
    }
}

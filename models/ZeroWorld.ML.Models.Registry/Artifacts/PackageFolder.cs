namespace ZeroWorld.ML.Models.Registry;

/// <summary>Packages on the local disk, one folder per digest, brought from the artifact store when they are first opened.</summary>
/// <remarks>Thread safe; several processes may share the folder. Every opening checks every file.</remarks>
internal sealed class PackageFolder(string folder, IArtifactStore artifacts) : IDisposable
{
    private readonly IncomingFolder _incoming = new(Path.Combine(folder, "incoming"));

    // Callers of one digest wait for each other, those of different ones seldom do.
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 16).Select(static _ => new SemaphoreSlim(1))];

    /// <param name="onReplaced">Called when a local folder was found damaged and is brought again.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>, <see cref="RegistryError.CorruptArtifact"/>: the artifact store's own copy.</exception>
    internal async Task<ModelPackage> OpenAsync(string digest, Action<string> onReplaced, CancellationToken cancellationToken)
    {
        var hex = ArtifactDigest.ToHex(digest);
        var target = Path.GetFullPath(Path.Combine(folder, hex));
        var gate = _gates[Convert.ToInt32(hex[..1], 16)];
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Directory.Exists(target))
            {
                try
                {
                    return await OpenLocalAsync(target, digest, cancellationToken).ConfigureAwait(false);
                }
                catch (RegistryException exception) when (exception.Error is RegistryError.CorruptArtifact or RegistryError.InvalidInput)
                {
                    onReplaced(exception.Message);
                    var damaged = _incoming.NewPath();
                    Directory.Move(target, damaged);
                    Directory.Delete(damaged, recursive: true);
                }
            }

            return await BringAsync(target, digest, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(RegistryError.StoreUnavailable, $"The package folder '{folder}' cannot be used: {exception.Message}", exception);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Removes the local copy of a package, if there is one.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.StoreUnavailable"/>.</exception>
    internal async Task RemoveAsync(string digest, CancellationToken cancellationToken)
    {
        var hex = ArtifactDigest.ToHex(digest);
        var target = Path.GetFullPath(Path.Combine(folder, hex));
        var gate = _gates[Convert.ToInt32(hex[..1], 16)];
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Directory.Exists(target))
            {
                // Under another name first: nobody finds half of it.
                var removed = _incoming.NewPath();
                Directory.Move(target, removed);
                Directory.Delete(removed, recursive: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(
                RegistryError.StoreUnavailable, $"The version is deleted, and its files in '{target}' could not be removed: {exception.Message} Remove the folder by hand.", exception);
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

    private static async Task<ModelPackage> OpenLocalAsync(string target, string digest, CancellationToken cancellationToken)
    {
        var package = await ModelPackageReader.OpenAsync(target, cancellationToken).ConfigureAwait(false);
        return package.Digest == digest
            ? package
            : throw new RegistryException(RegistryError.CorruptArtifact, $"The folder '{target}' holds the package {package.Digest}.");
    }

    private async Task<ModelPackage> BringAsync(string target, string digest, CancellationToken cancellationToken)
    {
        var incoming = _incoming.NewPath();
        Directory.CreateDirectory(incoming);
        try
        {
            // The digest of a package is that of its manifest, which is stored as the other files are.
            var manifestPath = Path.Combine(incoming, ModelPackage.ManifestFile);
            await artifacts.GetAsync(digest, manifestPath, cancellationToken).ConfigureAwait(false);
            var manifest = ModelPackageReader.ReadManifest(await File.ReadAllBytesAsync(manifestPath, cancellationToken).ConfigureAwait(false));
            foreach (var (path, file) in manifest.Files)
            {
                var filePath = Path.Combine(incoming, path.Replace('/', Path.DirectorySeparatorChar));
                Directory.CreateDirectory(Path.GetDirectoryName(filePath)!);
                await artifacts.GetAsync(file.Digest, filePath, cancellationToken).ConfigureAwait(false);
            }

            if (TryMove(incoming, target))
            {
                return new ModelPackage(target, manifest, digest);
            }
        }
        finally
        {
            if (Directory.Exists(incoming))
            {
                Directory.Delete(incoming, recursive: true);
            }
        }

        return await OpenLocalAsync(target, digest, cancellationToken).ConfigureAwait(false);
    }

    // False when another process was faster: its folder is as good.
    private static bool TryMove(string incoming, string target)
    {
        try
        {
            Directory.Move(incoming, target);
            return true;
        }
        catch (IOException) when (Directory.Exists(target))
        {
            return false;
        }
    }
}

using System.Text.Json;

namespace ZeroWorld.ML.Models;

/// <summary>Opens packages, also ones from outside: everything is checked before anybody uses it.</summary>
public static class ModelPackageReader
{
    internal const long ManifestBytesMax = 4L << 20;

    /// <summary>Reads the manifest and checks size and digest of every file it names. Files that it does not name are not part of the package.</summary>
    /// <exception cref="RegistryException">
    /// <see cref="RegistryError.InvalidInput"/>: no manifest, one that is not valid (all reasons in one message) or of a format this build does not read;
    /// <see cref="RegistryError.CorruptArtifact"/>: a file is missing or is not what its digest says; the message names it;
    /// <see cref="RegistryError.StoreUnavailable"/>: the disk does not let it be read.
    /// </exception>
    public static async Task<ModelPackage> OpenAsync(string folder, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        try
        {
            return await OpenFolderAsync(folder, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(RegistryError.StoreUnavailable, $"The package '{folder}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Reads and validates the bytes of a manifest.json alone.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>; the message lists everything that is wrong.</exception>
    public static ModelManifest ReadManifest(ReadOnlySpan<byte> bytes)
    {
        // The format decides what the other properties mean, so it is read before them.
        CheckFormat(bytes);
        var manifest = PackageJson.Read(bytes, PackageJsonContext.Default.ModelManifest, ModelPackage.ManifestFile);
        ManifestValidation.Check(manifest);
        return manifest;
    }

    private static async Task<ModelPackage> OpenFolderAsync(string folder, CancellationToken cancellationToken)
    {
        if (!File.Exists(Path.Combine(folder, ModelPackage.ManifestFile)))
        {
            throw new RegistryException(RegistryError.InvalidInput, $"The folder '{folder}' is no model package: it has no {ModelPackage.ManifestFile}.");
        }

        var bytes = await PackageJson.ReadFileAsync(folder, ModelPackage.ManifestFile, ManifestBytesMax, cancellationToken).ConfigureAwait(false);
        var manifest = ReadManifest(bytes);
        foreach (var (path, file) in manifest.Files)
        {
            await CheckAsync(folder, path, file, cancellationToken).ConfigureAwait(false);
        }

        return new ModelPackage(Path.GetFullPath(folder), manifest, ArtifactDigest.OfBytes(bytes));
    }

    private static void CheckFormat(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes);
        int? format = null;
        try
        {
            while (reader.Read() && format is null)
            {
                var isFormat = reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("format"u8);
                if (isFormat && reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var value))
                {
                    format = value;
                }
            }
        }
        catch (JsonException exception)
        {
            throw new RegistryException(RegistryError.InvalidInput, $"{ModelPackage.ManifestFile} is not valid: {JsonFault.Of(exception)}.", exception);
        }

        var oldest = Math.Max(1, ModelManifest.CurrentFormat - 1);
        if (format is null || format < oldest || format > ModelManifest.CurrentFormat)
        {
            var found = format is null ? "has no whole number as format" : $"has format {format}";
            var expected = oldest == ModelManifest.CurrentFormat ? $"{oldest}" : $"{oldest} or {ModelManifest.CurrentFormat}";
            throw new RegistryException(RegistryError.InvalidInput, $"{ModelPackage.ManifestFile} {found}; this build reads format {expected}.");
        }
    }

    private static async Task CheckAsync(string folder, string path, PackageFile file, CancellationToken cancellationToken)
    {
        if (PackagePath.FindProblem(folder, path) is { } problem)
        {
            throw Corrupt($"The file '{path}' of the package {problem}.");
        }

        var fullPath = PackagePath.Combine(folder, path);
        var length = new FileInfo(fullPath).Length;
        if (length != file.Bytes)
        {
            throw Corrupt($"The file '{path}' has {length} bytes; the manifest says {file.Bytes}.");
        }

        var digest = await ArtifactDigest.OfFileAsync(fullPath, cancellationToken).ConfigureAwait(false);
        if (digest != file.Digest)
        {
            throw Corrupt($"The file '{path}' has the digest {digest}; the manifest says {file.Digest}.");
        }
    }

    private static RegistryException Corrupt(string message) => new(RegistryError.CorruptArtifact, message);
}

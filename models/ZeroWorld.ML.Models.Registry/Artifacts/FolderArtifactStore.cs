using System.Buffers;
using System.Security.Cryptography;

namespace ZeroWorld.ML.Models.Registry;

/// <summary>Artifacts as files <c>sha256/ab/HEX</c> under one folder, where ab are the first two characters of HEX.</summary>
/// <remarks>Thread safe; several processes may share the folder: a file appears under its name only when it is whole and on the disk.</remarks>
public sealed class FolderArtifactStore : IArtifactStore
{
    private const int BufferBytes = 1 << 17;

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
            var copied = await CopyAsync(path, temporary, cancellationToken).ConfigureAwait(false);
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

        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            var copied = await CopyAsync(source, temporary, cancellationToken).ConfigureAwait(false);
            if (copied != digest)
            {
                throw new RegistryException(RegistryError.CorruptArtifact, $"The artifact {digest} is damaged: its bytes have the digest {copied}.");
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }

        return digest;
    });

    internal string ToPath(string digest)
    {
        var hex = ArtifactDigest.ToHex(digest);
        return Path.Combine(_folder, "sha256", hex[..2], hex);
    }

    private static async Task<string> CopyAsync(string source, string target, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        var reader = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        var writer = new FileStream(target, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous);
        await using (reader.ConfigureAwait(false))
        await using (writer.ConfigureAwait(false))
        {
            int count;
            while ((count = await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                hash.AppendData(buffer, 0, count);
                await writer.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            }

            // The database that will name these bytes must not be on the disk before them.
            writer.Flush(flushToDisk: true);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private async Task<string> TranslateAsync(Func<Task<string>> operation)
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

using System.Buffers;
using System.Security.Cryptography;
using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Models.Registry;

/// <summary>Artifacts as objects <c>artifacts/sha256/ab/HEX</c> in a bucket of S3.</summary>
/// <remarks>Thread safe; several processes may share the bucket: an object appears only when it is whole.</remarks>
public sealed class S3ArtifactStore : IArtifactStore
{
    private const int BufferBytes = 1 << 17;

    private readonly ObjectStore _objects;
    private readonly IncomingFolder _incoming;

    /// <param name="objects">The bucket; it is not disposed here.</param>
    /// <param name="stagingFolder">A local folder for files on their way.</param>
    public S3ArtifactStore(ObjectStore objects, string stagingFolder)
    {
        ArgumentNullException.ThrowIfNull(objects);
        ArgumentException.ThrowIfNullOrEmpty(stagingFolder);
        _objects = objects;
        _incoming = new IncomingFolder(Path.GetFullPath(stagingFolder));
    }

    /// <inheritdoc/>
    /// <remarks>An object whose own note of its digest is another is replaced: storing again repairs.</remarks>
    public Task<string> PutAsync(string path, CancellationToken cancellationToken) => TranslateAsync(async () =>
    {
        var staged = _incoming.NewPath();
        try
        {
            // What is sent is the copy that was digested: the file may change meanwhile.
            var digest = await CopyAsync(path, staged, cancellationToken).ConfigureAwait(false);
            var key = ToKey(digest);
            if (await _objects.ReadTagAsync(key, cancellationToken).ConfigureAwait(false) != digest)
            {
                await _objects.PutFileAsync(key, staged, digest, cancellationToken).ConfigureAwait(false);
            }

            return digest;
        }
        finally
        {
            File.Delete(staged);
        }
    });

    /// <inheritdoc/>
    public Task GetAsync(string digest, string path, CancellationToken cancellationToken) => TranslateAsync(async () =>
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            await _objects.GetFileAsync(ToKey(digest), eTag: null, temporary, cancellationToken).ConfigureAwait(false);
            var found = await ArtifactDigest.OfFileAsync(temporary, cancellationToken).ConfigureAwait(false);
            if (found != digest)
            {
                throw new RegistryException(RegistryError.CorruptArtifact, $"The artifact {digest} is damaged: its bytes have the digest {found}.");
            }

            File.Move(temporary, path, overwrite: true);
            return digest;
        }
        finally
        {
            File.Delete(temporary);
        }
    });

    internal static string ToKey(string digest)
    {
        var hex = ArtifactDigest.ToHex(digest);
        return $"artifacts/sha256/{hex[..2]}/{hex}";
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
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static async Task<string> TranslateAsync(Func<Task<string>> operation)
    {
        try
        {
            return await operation().ConfigureAwait(false);
        }
        catch (ObjectStoreException exception)
        {
            throw new RegistryException(
                exception.Error == ObjectStoreError.NotFound ? RegistryError.NotFound : RegistryError.StoreUnavailable, exception.Message, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(RegistryError.StoreUnavailable, $"A file of the artifact store cannot be used: {exception.Message}", exception);
        }
    }
}

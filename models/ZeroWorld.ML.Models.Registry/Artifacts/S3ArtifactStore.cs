using System.Runtime.CompilerServices;
using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Models.Registry;

/// <summary>Artifacts as objects <c>artifacts/sha256/ab/HEX</c> in a bucket of S3.</summary>
/// <remarks>Thread safe; several processes may share the bucket: an object appears only when it is whole.</remarks>
public sealed class S3ArtifactStore : IArtifactStore
{
    private const string Folder = "artifacts/sha256/";

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
            var digest = await ArtifactFile.CopyAsync(path, staged, toDisk: false, cancellationToken).ConfigureAwait(false);
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
        await ArtifactFile.FetchAsync(digest, path, async temporary =>
        {
            await _objects.GetFileAsync(ToKey(digest), eTag: null, temporary, cancellationToken).ConfigureAwait(false);
            return await ArtifactDigest.OfFileAsync(temporary, cancellationToken).ConfigureAwait(false);
        }).ConfigureAwait(false);
        return digest;
    });

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(string digest, CancellationToken cancellationToken) =>
        TranslateAsync(async () => await _objects.ReadTagAsync(ToKey(digest), cancellationToken).ConfigureAwait(false) is not null);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredArtifact> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var objects = _objects.ListAsync(Folder, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (objects.ConfigureAwait(false))
        {
            while (await TranslateAsync(() => objects.MoveNextAsync().AsTask()).ConfigureAwait(false))
            {
                var digest = ArtifactDigest.OfHex(objects.Current.Key[(objects.Current.Key.LastIndexOf('/') + 1)..]);

                // What somebody else put there is not ours.
                if (ArtifactDigest.IsValid(digest) && objects.Current.Key == ToKey(digest))
                {
                    yield return new StoredArtifact(digest, objects.Current.Bytes, objects.Current.Modified ?? DateTimeOffset.MaxValue);
                }
            }
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string digest, CancellationToken cancellationToken) => TranslateAsync(async () =>
    {
        await _objects.DeleteAsync(ToKey(digest), cancellationToken).ConfigureAwait(false);
        return digest;
    });

    internal static string ToKey(string digest)
    {
        var hex = ArtifactDigest.ToHex(digest);
        return $"{Folder}{hex[..2]}/{hex}";
    }

    private static async Task<T> TranslateAsync<T>(Func<Task<T>> operation)
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

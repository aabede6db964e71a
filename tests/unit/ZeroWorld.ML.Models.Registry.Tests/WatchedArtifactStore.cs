using System.Collections.Concurrent;

namespace ZeroWorld.ML.Models.Registry.Tests;

/// <summary>Counts what is asked of a store, and fails after a number of stored files when told to.</summary>
internal sealed class WatchedArtifactStore(IArtifactStore inner) : IArtifactStore
{
    private int _puts;

    internal int FailAfterPuts { get; set; } = int.MaxValue;

    internal ConcurrentDictionary<string, int> Gets { get; } = new();

    public Task<string> PutAsync(string path, CancellationToken cancellationToken) => Interlocked.Increment(ref _puts) > FailAfterPuts
        ? Task.FromException<string>(new RegistryException(RegistryError.StoreUnavailable, "the store went away"))
        : inner.PutAsync(path, cancellationToken);

    public Task GetAsync(string digest, string path, CancellationToken cancellationToken)
    {
        Gets.AddOrUpdate(digest, 1, static (_, count) => count + 1);
        return inner.GetAsync(digest, path, cancellationToken);
    }

    public Task<bool> ExistsAsync(string digest, CancellationToken cancellationToken) => inner.ExistsAsync(digest, cancellationToken);

    public IAsyncEnumerable<StoredArtifact> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);

    public Task DeleteAsync(string digest, CancellationToken cancellationToken) => inner.DeleteAsync(digest, cancellationToken);
}

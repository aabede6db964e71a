namespace ZeroWorld.ML.Models.Registry.Tests;

/// <summary>A store with something that happens each time a file was stored.</summary>
internal sealed class HookedArtifactStore(IArtifactStore inner) : IArtifactStore
{
    internal IArtifactStore Inner => inner;

    /// <summary>Takes the path of the file.</summary>
    internal Func<string, Task>? AfterPut { get; set; }

    public async Task<string> PutAsync(string path, CancellationToken cancellationToken)
    {
        var digest = await inner.PutAsync(path, cancellationToken);
        await (AfterPut?.Invoke(path) ?? Task.CompletedTask);
        return digest;
    }

    public Task GetAsync(string digest, string path, CancellationToken cancellationToken) => inner.GetAsync(digest, path, cancellationToken);

    public Task<bool> ExistsAsync(string digest, CancellationToken cancellationToken) => inner.ExistsAsync(digest, cancellationToken);

    public IAsyncEnumerable<StoredArtifact> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);

    public Task DeleteAsync(string digest, CancellationToken cancellationToken) => inner.DeleteAsync(digest, cancellationToken);
}

namespace ZeroWorld.ML.Models;

/// <summary>Content-addressed files: a digest names bytes, for ever.</summary>
/// <remarks>Thread safe; several processes may share one store.</remarks>
public interface IArtifactStore
{
    /// <summary>Stores the file and returns its digest; storing equal bytes twice stores them once.</summary>
    /// <returns><c>sha256:</c> and 64 characters of lower-case hex.</returns>
    Task<string> PutAsync(string path, CancellationToken cancellationToken);

    /// <summary>Writes the bytes of a digest to a local file, checking them on the way.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>, or <see cref="RegistryError.CorruptArtifact"/> when the bytes do not match.</exception>
    Task GetAsync(string digest, string path, CancellationToken cancellationToken);

    /// <summary>Whether the store holds the digest; its bytes are not looked at.</summary>
    Task<bool> ExistsAsync(string digest, CancellationToken cancellationToken);

    /// <summary>Everything that is stored, in no order. What is stored or removed meanwhile may be among it or not.</summary>
    IAsyncEnumerable<StoredArtifact> ListAsync(CancellationToken cancellationToken);

    /// <summary>Removes the bytes of a digest; none there are no error. Whether something names them is the caller's to know.</summary>
    Task DeleteAsync(string digest, CancellationToken cancellationToken);
}

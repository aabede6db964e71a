using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Keeps the servables of this server in step with the model catalog.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class ServableManager : IAsyncDisposable
{
    /// <summary>Whether the catalog was read and every version that loads by itself was tried once.</summary>
    public bool IsReady => throw new NotImplementedException();

    /// <summary>Holds the servable that a selector names, loading it first when it is one that loads on request.</summary>
    /// <exception cref="ServingException">
    /// <see cref="ServingError.ModelNotFound"/>, <see cref="ServingError.ModelNotReady"/>, <see cref="ServingError.ModelRefused"/>,
    /// <see cref="ServingError.CorruptPackage"/>, <see cref="ServingError.Overloaded"/> (no memory for it).
    /// </exception>
    public ValueTask<ServableLease> AcquireAsync(ModelName model, VersionSelector selector, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Every registered version as this server sees it now, by model and version.</summary>
    public IReadOnlyList<ServableStatus> List() => throw new NotImplementedException();

    /// <summary>Whether the version that the selector names is ready now. Loads nothing.</summary>
    public bool IsModelReady(ModelName model, VersionSelector selector) => throw new NotImplementedException();

    /// <summary>Reads the catalog now and waits until what it asks for is loaded or has failed.</summary>
    public Task RefreshAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

namespace ZeroWorld.ML.Models;

/// <summary>What a server needs of a registry: which versions there are, and their packages on a local disk.</summary>
/// <remarks>Thread safe.</remarks>
public interface IModelCatalog
{
    /// <summary>All registered versions with their aliases, one consistent snapshot; models whose versions are all retired, too.</summary>
    Task<IReadOnlyList<CatalogModel>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Brings the package of a version to a local folder (once) and opens it.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>, <see cref="RegistryError.CorruptArtifact"/>.</exception>
    Task<ModelPackage> OpenAsync(ModelName model, long version, CancellationToken cancellationToken);

    /// <summary>The same by digest, for replays.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>, <see cref="RegistryError.CorruptArtifact"/>.</exception>
    Task<ModelPackage> OpenAsync(string digest, CancellationToken cancellationToken);
}

/// <param name="Model">Name.</param>
/// <param name="Versions">Those in use, ascending.</param>
/// <param name="Aliases">Alias to version.</param>
public sealed record CatalogModel(ModelName Model, IReadOnlyList<CatalogVersion> Versions, IReadOnlyDictionary<string, long> Aliases)
{
    /// <value>
    /// The versions that a server offers, no others; <see langword="null"/> where its aliases decide, and other versions answer when they are named.
    /// </value>
    public IReadOnlyList<long>? Offered { get; init; }

    /// <value>Registered versions that are out of use: no server loads them; ascending.</value>
    public IReadOnlyList<CatalogVersion> Retired { get; init; } = [];

    /// <value>Why none of its versions can be served, in a sentence; <see langword="null"/> for a model that can be loaded.</value>
    public string? Problem { get; init; }
}

/// <param name="Version">1 or more.</param>
/// <param name="Digest">Digest of the package.</param>
/// <param name="CreatedTime">When it was registered.</param>
public sealed record CatalogVersion(long Version, string Digest, DateTimeOffset CreatedTime);

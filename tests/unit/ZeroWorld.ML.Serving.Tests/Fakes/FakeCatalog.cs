using System.Collections.Concurrent;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>A registry in memory.</summary>
internal sealed class FakeCatalog : IModelCatalog
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ModelName, SortedDictionary<long, ModelPackage>> _versions = [];
    private readonly Dictionary<ModelName, Dictionary<string, long>> _aliases = [];

    public ConcurrentQueue<long> OpenedVersions { get; } = [];

    /// <summary>Thrown by <see cref="ListAsync"/> while it is set.</summary>
    public RegistryException? Failure { get; set; }

    /// <summary>Awaited by <see cref="OpenAsync(ModelName, long, CancellationToken)"/>.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public void Add(ModelName model, long version, ModelPackage package)
    {
        lock (_lock)
        {
            if (!_versions.TryGetValue(model, out var versions))
            {
                _versions[model] = versions = [];
                _aliases[model] = [];
            }

            versions[version] = package;
        }
    }

    public void SetAlias(ModelName model, string alias, long version)
    {
        lock (_lock)
        {
            _aliases[model][alias] = version;
        }
    }

    public void Remove(ModelName model)
    {
        lock (_lock)
        {
            _versions.Remove(model);
            _aliases.Remove(model);
        }
    }

    public Task<IReadOnlyList<CatalogModel>> ListAsync(CancellationToken cancellationToken)
    {
        if (Failure is { } failure)
        {
            return Task.FromException<IReadOnlyList<CatalogModel>>(failure);
        }

        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<CatalogModel>>(
            [
                .. _versions.Select(item => new CatalogModel(
                    item.Key,
                    [.. item.Value.Select(version => new CatalogVersion(version.Key, version.Value.Digest, DateTimeOffset.UnixEpoch))],
                    new Dictionary<string, long>(_aliases[item.Key]))),
            ]);
        }
    }

    public async Task<ModelPackage> OpenAsync(ModelName model, long version, CancellationToken cancellationToken)
    {
        OpenedVersions.Enqueue(version);
        await Gate.WaitAsync(cancellationToken);
        lock (_lock)
        {
            return _versions[model][version];
        }
    }

    public Task<ModelPackage> OpenAsync(string digest, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _versions.Values.SelectMany(versions => versions.Values).FirstOrDefault(package => package.Digest == digest) is { } found
                ? Task.FromResult(found)
                : Task.FromException<ModelPackage>(new RegistryException(RegistryError.NotFound, $"There is no package {digest}."));
        }
    }
}

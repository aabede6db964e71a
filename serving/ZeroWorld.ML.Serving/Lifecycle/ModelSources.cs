using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Where models come from: the registry, and a folder where there is one. A name belongs to one of the two.</summary>
/// <remarks>Thread safe, except that <see cref="ListAsync"/> is called by one caller at a time.</remarks>
internal sealed partial class ModelSources(IModelCatalog registry, ModelFolder? folder, ILogger<ModelSources> logger)
{
    private readonly Dictionary<ModelName, bool> _isInFolder = [];
    private volatile IReadOnlyList<RepositoryEntry> _conflicts = [];

    /// <summary>Models that are not served, since another source had their name first.</summary>
    public IReadOnlyList<RepositoryEntry> Conflicts => _conflicts;

    public ModelControl Control => folder?.Control ?? ModelControl.None;

    /// <summary>All models of both sources.</summary>
    /// <param name="isForced">Whether a folder that is polled is read now, even when its time has not come.</param>
    /// <param name="cancellationToken">Ends the reading of the registry.</param>
    /// <exception cref="RegistryException">The registry or folder cannot be read, or, at the first reading, both have models of one name.</exception>
    public async Task<IReadOnlyList<CatalogModel>> ListAsync(bool isForced, CancellationToken cancellationToken)
    {
        var registered = await registry.ListAsync(cancellationToken).ConfigureAwait(false);

        // Of what is out of use altogether nothing is served, and its name is free.
        registered = [.. registered.Where(static model => model.Versions.Count > 0 || model.Retired.Count == 0)];
        return folder is null ? registered : Join(registered, folder.List(isForced));
    }

    /// <exception cref="RegistryException">It is not there, or not what it should be.</exception>
    public Task<ModelPackage> OpenAsync(ModelName model, long version, CancellationToken cancellationToken) =>
        folder is not null && folder.Has(model) && IsOfFolder(model)
            ? Task.FromResult(folder.Open(model, version))
            : registry.OpenAsync(model, version, cancellationToken);

    /// <summary>Whether it is the folder that the model comes from.</summary>
    public bool IsOfFolder(ModelName model)
    {
        lock (_isInFolder)
        {
            return _isInFolder.GetValueOrDefault(model);
        }
    }

    /// <summary>Reads one model of the folder again, where it comes from there or from nowhere yet.</summary>
    /// <param name="given">What to read instead of what lies there.</param>
    /// <exception cref="ServingException">The files that are given cannot be taken.</exception>
    public void Reread(ModelName model, ModelOverride? given) => folder?.Reread(model, given);

    /// <summary>Forgets a configuration that came with a call for a load: the next one takes what lies in the folder.</summary>
    public void ForgetConfiguration(ModelName model) => folder?.ForgetConfiguration(model);

    /// <summary>Forgets what came with a call for a load.</summary>
    public void DropOverride(ModelName model) => folder?.DropOverride(model);

    /// <summary>Looks for models that were put into the folder since it was read; those that were known stay as they are.</summary>
    public void FindNew() => folder?.FindNew();

    /// <summary>The models of an ensemble's steps, as they were read last; none for any other model.</summary>
    public IReadOnlyList<ModelName> FindSteps(ModelName model) =>
        folder is null || IsRegistered(model) ? [] : [.. folder.FindSteps(model).Distinct()];

    /// <summary>How many ensembles are within one another: 0 for a model that is none, 1 for an ensemble of such models.</summary>
    public int CountLevels(ModelName model) => folder is null || IsRegistered(model) ? 0 : folder.CountLevels(model);

    /// <summary>Whether callers asked for it at the start.</summary>
    public bool IsLoadedAtStart(ModelName model) => folder is null || folder.IsLoadedAtStart(model);

    /// <summary>Whether the registry has the name; one that was put into the folder just now is not known yet.</summary>
    private bool IsRegistered(ModelName model)
    {
        lock (_isInFolder)
        {
            return _isInFolder.TryGetValue(model, out var isInFolder) && !isInFolder;
        }
    }

    private List<CatalogModel> Join(IReadOnlyList<CatalogModel> registered, IReadOnlyList<CatalogModel> own)
    {
        lock (_isInFolder)
        {
            var isFirst = _isInFolder.Count == 0;
            var twice = registered.Select(static model => model.Model).Intersect(own.Select(static model => model.Model)).ToHashSet();
            if (isFirst && twice.Count > 0)
            {
                var name = twice.MinBy(static model => model.Name, StringComparer.Ordinal);
                throw new RegistryException(
                    RegistryError.InvalidInput, $"The model name '{name.Name}' is taken twice: in the registry and in the folder '{folder!.Path}'. Rename one of the two, or serve only one of the sources.");
            }

            var joined = new List<CatalogModel>(registered.Count + own.Count);
            var conflicts = new List<RepositoryEntry>();
            Add(registered, isInFolder: false);
            Add(own, isInFolder: true);
            var names = joined.Select(static model => model.Model).ToHashSet();
            foreach (var gone in _isInFolder.Keys.Where(name => !names.Contains(name)).ToList())
            {
                _isInFolder.Remove(gone);
            }

            _conflicts = conflicts;
            return joined;

            void Add(IReadOnlyList<CatalogModel> models, bool isInFolder)
            {
                foreach (var model in models)
                {
                    // Who had the name first keeps it while it is there: an operator's mistake must not stop a model that serves.
                    if (!twice.Contains(model.Model) || !_isInFolder.TryGetValue(model.Model, out var owner) || owner == isInFolder)
                    {
                        if (_isInFolder.TryAdd(model.Model, isInFolder) || _isInFolder[model.Model] == isInFolder)
                        {
                            joined.Add(model);
                            continue;
                        }

                        // The other source has let go of it.
                        _isInFolder[model.Model] = isInFolder;
                        joined.Add(model);
                        continue;
                    }

                    var reason = $"The name '{model.Model.Name}' is taken by the model of the {(owner ? "folder" : "registry")}, which goes on; the one of the {(isInFolder ? "folder" : "registry")} is not served. Rename one of the two.";
                    conflicts.Add(new RepositoryEntry(model.Model, null, RepositoryState.Unavailable, reason));
                    if (!_conflicts.Any(known => known.Model == model.Model))
                    {
                        LogConflict(logger, reason);
                    }
                }
            }
        }
    }

    [LoggerMessage(1016, LogLevel.Error, "{Reason}")]
    private static partial void LogConflict(ILogger logger, string reason);
}

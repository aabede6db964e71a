using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>What is served and what it has done: ModelConfig and ModelStatistics.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class ServedModels
{
    private readonly ServableManager _servables;
    private readonly BatchSchedulerOptions _batching;

    internal ServedModels(ServableManager servables, BatchSchedulerOptions batching)
    {
        _servables = servables;
        _batching = batching;
    }

    /// <summary>Loads the version when it loads on request.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.ModelNotFound"/>, <see cref="ServingError.ModelNotReady"/>, <see cref="ServingError.ModelRefused"/>.</exception>
    public async ValueTask<ServedModelConfiguration> GetConfigurationAsync(string modelName, string modelVersion, CancellationToken cancellationToken)
    {
        var model = InferencePath.ToName(modelName);
        using var lease = await _servables.AcquireAsync(model, VersionSelector.Parse(modelVersion), cancellationToken).ConfigureAwait(false);
        var servable = lease.Servable;
        return new ServedModelConfiguration
        {
            Model = model,
            Version = servable.Version,
            Runtime = servable.Manifest.Runtime,
            Platform = servable.Platform,
            ModelFile = servable.Manifest.ModelFile,
            Signature = servable.Signature,
            RowsMax = servable.Signature.IsBatchable ? servable.RowsMax : 0,
            QueueRowsMax = _batching.QueueRowsMax,
            Device = servable.Device,
            Settings = servable.Package.Settings,
            LoadedVersions = [.. Loaded(_servables.GetModel(model)).Select(static loaded => loaded.Version)],
        };
    }

    /// <summary>Statistics of loaded versions, by model and version. Loads nothing.</summary>
    /// <param name="modelName">Empty: all models.</param>
    /// <param name="modelVersion">Empty: all versions of the model. Else a number or an alias.</param>
    /// <exception cref="ServingException"><see cref="ServingError.ModelNotFound"/>; <see cref="ServingError.ModelNotReady"/>: the version is not loaded.</exception>
    public IReadOnlyList<ServedVersionStatistics> GetStatistics(string modelName, string modelVersion)
    {
        if (string.IsNullOrEmpty(modelName))
        {
            return
            [
                .. _servables.GetModels().OrderBy(static model => model.Model.Project, StringComparer.Ordinal).ThenBy(static model => model.Model.Name, StringComparer.Ordinal)
                    .SelectMany(Loaded).Select(Describe),
            ];
        }

        var snapshot = _servables.GetModel(InferencePath.ToName(modelName));
        if (string.IsNullOrEmpty(modelVersion))
        {
            return [.. Loaded(snapshot).Select(Describe)];
        }

        var version = snapshot.Resolve(VersionSelector.Parse(modelVersion));
        return version.Servable is { } servable
            ? [Describe(servable)]
            : throw new ServingException(ServingError.ModelNotReady, $"Model '{snapshot.Model.Name}' version {version.Version} is not loaded, so it has no statistics.");
    }

    private static IEnumerable<Servable> Loaded(ModelSnapshot model) =>
        model.Order.Select(version => model.Versions[version].Servable).OfType<Servable>();

    private static ServedVersionStatistics Describe(Servable servable) =>
        new(servable.Model, servable.Version, servable.Device, servable.MemoryBytes, servable.Statistics.Read())
        {
            QueuedRequests = servable.QueuedRequests,
            LoadDuration = servable.LoadDuration,
        };
}

using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Runs logged predictions again and compares bit for bit.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class PredictionReplay
{
    private readonly PredictionLog _log;
    private readonly IPredictionLogReader _reader;
    private readonly IModelCatalog _catalog;
    private readonly PackageLoader _packages;
    private readonly IPackageReplay[] _others;

    internal PredictionReplay(PredictionLog log, IPredictionLogReader reader, IModelCatalog catalog, PackageLoader packages, IEnumerable<IPackageReplay> others)
    {
        _log = log;
        _reader = reader;
        _catalog = catalog;
        _packages = packages;
        _others = [.. others];
    }

    /// <param name="project">Empty means <c>default</c>.</param>
    /// <param name="predictionId">The id that the answer carried.</param>
    /// <exception cref="ServingException">
    /// <see cref="ServingError.PredictionNotFound"/>, <see cref="ServingError.PredictionErased"/>, <see cref="ServingError.InvalidInput"/> (no prediction id),
    /// <see cref="ServingError.ModelNotFound"/> (its package is gone), <see cref="ServingError.ModelRefused"/>, <see cref="ServingError.BackendFailed"/>.
    /// </exception>
    public async Task<ReplayReport> ReplayAsync(string project, string predictionId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(project);
        var rows = await FindAsync(project.Length == 0 ? ModelName.DefaultProject : project, predictionId, cancellationToken).ConfigureAwait(false);
        var package = await OpenPackageAsync(rows[0], cancellationToken).ConfigureAwait(false);

        if (Array.Find(_others, other => other.IsOf(package, rows[0])) is { } other)
        {
            var report = await other.ReplayAsync(package, rows[0], cancellationToken).ConfigureAwait(false);
            return report.Version > 0 ? report : report with { Version = await VersionOfAsync(report.Model, package.Digest, cancellationToken).ConfigureAwait(false) };
        }

        using var memory = _packages.Reserve(package);
        var loaded = await _packages.LoadAsync(package, memory, cancellationToken).ConfigureAwait(false);
        using var instance = loaded.Instance;
        var plan = loaded.Plan is { } service
            ? new PredictionPlan(package.Manifest, instance.Signature, service, [], loaded.Tokenizer)
            : throw new ServingException(ServingError.ModelRefused, $"The package {package.Digest} names no feature service; its predictions cannot have been logged.");
        return await Task.Run(() => ReplayRun.Run(loaded, plan, rows), cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<LoggedPrediction>> FindAsync(string project, string predictionId, CancellationToken cancellationToken)
    {
        if (!PredictionId.TryGetTime(predictionId, out var received))
        {
            throw new ServingException(
                ServingError.InvalidInput, $"'{predictionId}' is no prediction id; expected {PredictionId.Length} characters of lower-case hex, as answers carry it.");
        }

        if (!ModelName.IsValid(project))
        {
            throw new ServingException(ServingError.InvalidInput, $"The project '{project}' is not valid.");
        }

        // The prediction may be too young to be in a file.
        await _log.FlushAsync(cancellationToken).ConfigureAwait(false);
        var rows = await _reader.FindAsync(project, predictionId, DateOnly.FromDateTime(received.UtcDateTime), cancellationToken).ConfigureAwait(false);
        if (rows.Count == 0)
        {
            throw new ServingException(
                ServingError.PredictionNotFound, $"The prediction log of project '{project}' holds no prediction '{predictionId}' on {received.UtcDateTime:yyyy-MM-dd}.");
        }

        return rows.Any(static row => row.Error == LoggedPrediction.Erased)
            ? throw new ServingException(ServingError.PredictionErased, $"{LoggedPrediction.Erased}: prediction '{predictionId}' was of an entity that has been erased.")
            : rows;
    }

    // A process that is no server logs what a package in a folder answers, and knows its digest only; it is registered by now.
    private async Task<long> VersionOfAsync(ModelName model, string digest, CancellationToken cancellationToken)
    {
        var models = await _catalog.ListAsync(cancellationToken).ConfigureAwait(false);
        return models.Where(one => one.Model == model).SelectMany(static one => one.Versions.Concat(one.Retired)).FirstOrDefault(version => version.Digest == digest)?.Version ?? 0;
    }

    private async Task<ModelPackage> OpenPackageAsync(LoggedPrediction row, CancellationToken cancellationToken)
    {
        try
        {
            return await _catalog.OpenAsync(row.PackageDigest, cancellationToken).ConfigureAwait(false);
        }
        catch (RegistryException exception)
        {
            throw new ServingException(
                exception.Error switch
                {
                    RegistryError.NotFound => ServingError.ModelNotFound,
                    RegistryError.CorruptArtifact => ServingError.CorruptPackage,
                    _ => ServingError.ModelNotReady,
                },
                $"The package of prediction '{row.PredictionId}' cannot be opened: {exception.Message}",
                exception);
        }
    }
}

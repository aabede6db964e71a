using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Makes a servable of a registered version: fetch, place, load, check, warm up.</summary>
/// <remarks>Thread safe. At most <see cref="LoadsMax"/> loads run at once: a load takes memory and processors that requests need too.</remarks>
internal sealed partial class ServableLoader(
    IModelCatalog catalog, PackageLoader packages, FeaturePreparation features, BatchSchedulerOptions batching, ServingMetrics metrics, TimeProvider time, ILogger<ServableLoader> logger)
    : IDisposable
{
    private const int LoadsMax = 2;
    private readonly SemaphoreSlim _loads = new(LoadsMax, LoadsMax);

    /// <returns>A servable that answers; its caller unloads it.</returns>
    /// <exception cref="ServingException">Why it cannot be served.</exception>
    public async Task<Servable> LoadAsync(ModelName model, long version, CancellationToken cancellationToken)
    {
        await _loads.WaitAsync(cancellationToken).ConfigureAwait(false);
        var started = Stopwatch.GetTimestamp();
        var tags = new ModelTags(model, version);
        var succeeded = false;
        try
        {
            var servable = await LoadOpenAsync(model, version, tags, cancellationToken).ConfigureAwait(false);
            succeeded = true;
            LogLoaded(logger, model, version, servable.Device, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            return servable;
        }
        catch (RegistryException exception)
        {
            throw Fail(ToError(exception.Error), exception);
        }
        catch (FeatureException exception)
        {
            throw Fail(exception.Error == FeatureError.StoreUnavailable ? ServingError.ModelNotReady : ServingError.ModelRefused, exception);
        }
        catch (ServingException exception)
        {
            LogLoadFailed(logger, exception, model, version);
            throw;
        }
#pragma warning disable CA1031 // The edge of the manager's loop: whatever goes wrong with one version must leave the others alone.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            throw Fail(ServingError.ModelNotReady, exception);
        }
        finally
        {
            metrics.RecordLoad(tags, Stopwatch.GetElapsedTime(started), succeeded);
            _loads.Release();
        }

        ServingException Fail(ServingError error, Exception exception)
        {
            LogLoadFailed(logger, exception, model, version);
            return new ServingException(error, $"Model '{model.Name}' version {version} could not be loaded: {exception.Message}", exception);
        }
    }

    public void Dispose() => _loads.Dispose();

    /// <summary>Frees a servable once no request holds it.</summary>
    public async Task UnloadAsync(Servable servable)
    {
        await servable.UnloadAsync().ConfigureAwait(false);
        features.Return(servable.Prediction);
        LogUnloaded(logger, servable.Model, servable.Version);
    }

    private async Task<Servable> LoadOpenAsync(ModelName model, long version, ModelTags tags, CancellationToken cancellationToken)
    {
        var package = await catalog.OpenAsync(model, version, cancellationToken).ConfigureAwait(false);
        var memory = packages.Reserve(package);
        LoadedModel? loaded = null;
        PredictionPlan? prediction = null;
        try
        {
            loaded = await packages.LoadAsync(package, memory.Device.ToString(), cancellationToken).ConfigureAwait(false);
            await Task.Run(() => GoldenCheck.Run(loaded), cancellationToken).ConfigureAwait(false);
            if (loaded.Plan is { } plan)
            {
                prediction = await features.PrepareAsync(package.Manifest, loaded.Instance.Signature, plan, cancellationToken).ConfigureAwait(false);
            }

            return new Servable(model, version, loaded, prediction, new BatchScheduler(loaded.Instance, batching, metrics, tags, new ServableStatistics(time), logger), tags, memory);
        }
        catch
        {
            features.Return(prediction);
            loaded?.Instance.Dispose();
            memory.Dispose();
            throw;
        }
    }

    private static ServingError ToError(RegistryError error) => error switch
    {
        RegistryError.NotFound => ServingError.ModelNotFound,
        RegistryError.CorruptArtifact => ServingError.CorruptPackage,
        RegistryError.InvalidInput or RegistryError.Refused => ServingError.ModelRefused,
        _ => ServingError.ModelNotReady,
    };

    [LoggerMessage(1011, LogLevel.Information, "Model {Model} version {Version} is ready on {Device} after {Milliseconds:0} ms")]
    private static partial void LogLoaded(ILogger logger, ModelName model, long version, string device, double milliseconds);

    [LoggerMessage(1012, LogLevel.Error, "Model {Model} version {Version} could not be loaded; what answered before goes on")]
    private static partial void LogLoadFailed(ILogger logger, Exception exception, ModelName model, long version);

    [LoggerMessage(1013, LogLevel.Information, "Model {Model} version {Version} is unloaded")]
    private static partial void LogUnloaded(ILogger logger, ModelName model, long version);
}

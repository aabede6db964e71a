using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.GpuNodes;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Makes a servable of a registered version: fetch, place, load, check, warm up.</summary>
/// <remarks>Thread safe. Memory is measured for one load at a time; loads that overlap are counted with what happens beside them, never with less than their files.</remarks>
internal sealed partial class ServableLoader(
    ModelSources sources, PackageLoader packages, FeaturePreparation features, ResponseCache? cache, BatchSchedulerOptions batching, ServingMetrics metrics, TimeProvider time, ILogger<ServableLoader> logger,
    Func<ServableManager> servables)
    : IDisposable
{
    private const int MeasuredMax = 100_000;
    private readonly SemaphoreSlim _measuring = new(1, 1);

    // What a content took when it was loaded last: what its next load reserves.
    private readonly ConcurrentDictionary<string, long> _measured = new(StringComparer.Ordinal);

    /// <param name="model">The model.</param>
    /// <param name="version">Its version.</param>
    /// <param name="makeRoom">Frees the memory of another servable; <see langword="false"/> when there is none to free.</param>
    /// <param name="cancellationToken">Ends the load.</param>
    /// <returns>A servable that answers; its caller unloads it.</returns>
    /// <exception cref="ServingException">Why it cannot be served.</exception>
    public async Task<Servable> LoadAsync(ModelName model, long version, Func<Task<bool>> makeRoom, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var tags = new ModelTags(model, version);
        var succeeded = false;
        try
        {
            var servable = await LoadOpenAsync(model, version, tags, makeRoom, cancellationToken).ConfigureAwait(false);
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
            // A sentence that says what is wrong with a model needs no stack.
            LogRefused(logger, model, version, exception.Message);
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
        }

        ServingException Fail(ServingError error, Exception exception)
        {
            LogLoadFailed(logger, exception, model, version);
            return new ServingException(error, $"Model '{model.Name}' version {version} could not be loaded: {exception.Message}", exception);
        }
    }

    public void Dispose() => _measuring.Dispose();

    /// <summary>Frees a servable once no request holds it.</summary>
    public async Task UnloadAsync(Servable servable)
    {
        await servable.UnloadAsync().ConfigureAwait(false);
        features.Return(servable.Prediction);
        metrics.AddModelMemory(servable.Tags, -servable.MemoryBytes);
        NativeMemory.Trim();
        LogUnloaded(logger, servable.Model, servable.Version);
    }

    private async Task<Servable> LoadOpenAsync(ModelName model, long version, ModelTags tags, Func<Task<bool>> makeRoom, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var package = await sources.OpenAsync(model, version, cancellationToken).ConfigureAwait(false);
        var settings = batching.For(package.Settings);
        var memory = await ReserveAsync(package, makeRoom).ConfigureAwait(false);
        LoadedModel? loaded = null;
        PredictionPlan? prediction = null;
        try
        {
            loaded = await LoadMeasuredAsync(package, memory, settings, makeRoom, cancellationToken).ConfigureAwait(false);
            if (loaded.Plan is { } plan)
            {
                prediction = await features.PrepareAsync(package.Manifest, loaded.Instance.Signature, plan, loaded.Tokenizer, cancellationToken).ConfigureAwait(false);
            }

            if (package.Settings.Steps is { Count: > 0 } steps && servables().FindProblem(model, loaded.Instance.Signature, steps, settings.BatchRowsMax) is { } problem)
            {
                throw new ServingException(ServingError.ModelRefused, problem);
            }

            var statistics = new ServableStatistics(time);
            IRequestRunner runner = package.Settings.Steps.Count > 0
                ? new EnsembleRunner(model, package.Settings, loaded.Instance.Signature, settings.BatchRowsMax, servables, statistics)
                : WithSequences(model, loaded, new BatchScheduler([loaded.Instance, .. loaded.Others], settings, metrics, tags, statistics, time, logger, loaded.Padding), tags);
            var servable = new Servable(model, version, loaded, prediction, runner, tags, memory)
            {
                LoadDuration = Stopwatch.GetElapsedTime(started),
                Cache = cache is not null && package.Settings is { KeepsResponses: true, Sequences: null } ? new VersionCache(cache, statistics) : null,
            };
            metrics.AddModelMemory(tags, servable.MemoryBytes);
            return servable;
        }
        catch
        {
            features.Return(prediction);
            loaded?.Free();
            memory.Dispose();
            NativeMemory.Trim();
            throw;
        }
    }

    private IRequestRunner WithSequences(ModelName model, LoadedModel loaded, BatchScheduler scheduler, in ModelTags tags)
    {
        if (loaded.Sequences is null)
        {
            return scheduler;
        }

        var settings = loaded.Package.Settings;
        var perInstance = settings.Sequences!.CandidatesMax ?? (loaded.Instance.Signature.IsBatchable ? scheduler.RowsMax : 1);
        return new SequenceRunner(model, loaded.Sequences, settings.Sequences, perInstance * (settings.Instances ?? 1), scheduler, metrics, tags, time);
    }

    private async Task<MemoryReservation> ReserveAsync(ModelPackage package, Func<Task<bool>> makeRoom)
    {
        while (true)
        {
            if (packages.TryReserve(package, _measured.GetValueOrDefault(package.Digest), out var memory, out var refusal))
            {
                return memory;
            }

            if (!await makeRoom().ConfigureAwait(false))
            {
                throw new ServingException(ServingError.Overloaded, refusal);
            }
        }
    }

    /// <summary>Loads and warms up, and makes the reservation as large as what that took.</summary>
    private async Task<LoadedModel> LoadMeasuredAsync(
        ModelPackage package, MemoryReservation memory, BatchSchedulerOptions settings, Func<Task<bool>> makeRoom, CancellationToken cancellationToken)
    {
        LoadedModel loaded;
        long taken;
        await _measuring.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var meter = packages.StartMeter(memory);
            loaded = await packages.LoadAsync(package, memory, cancellationToken).ConfigureAwait(false);
            try
            {
                await Task.Run(() => ModelWarmup.Run(loaded, settings.BatchRowsMax), cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                loaded.Free();
                throw;
            }

            taken = meter.ReadTaken(loaded);
        }
        finally
        {
            _measuring.Release();
        }

        try
        {
            await ResizeAsync(package, memory, Math.Max(taken, PackageLoader.CountBytes(package)), makeRoom).ConfigureAwait(false);
        }
        catch
        {
            loaded.Free();
            throw;
        }

        return loaded;
    }

    private async Task ResizeAsync(ModelPackage package, MemoryReservation memory, long bytes, Func<Task<bool>> makeRoom)
    {
        if (_measured.Count < MeasuredMax)
        {
            _measured[package.Digest] = bytes;
        }

        while (!memory.TryResize(bytes, out var refusal))
        {
            if (!await makeRoom().ConfigureAwait(false))
            {
                throw new ServingException(ServingError.Overloaded, refusal);
            }
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

    [LoggerMessage(1012, LogLevel.Error, "Model {Model} version {Version} could not be loaded; versions of it that are ready go on")]
    private static partial void LogLoadFailed(ILogger logger, Exception exception, ModelName model, long version);

    [LoggerMessage(1019, LogLevel.Error, "Model {Model} version {Version} could not be loaded; versions of it that are ready go on: {Reason}")]
    private static partial void LogRefused(ILogger logger, ModelName model, long version, string reason);

    [LoggerMessage(1013, LogLevel.Information, "Model {Model} version {Version} is unloaded")]
    private static partial void LogUnloaded(ILogger logger, ModelName model, long version);
}

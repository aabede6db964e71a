using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Keeps the servables of this server in step with the model catalog.</summary>
/// <remarks>
/// Targets of aliases, and the newest versions above them, are loaded as soon as the catalog has them; other versions on their first request, once for all who wait.
/// A version is published when it is loaded and warmed up. An alias whose new target is not ready, or cannot be loaded, goes on leading to the version before it.
/// A version that is no longer offered is freed when the last request that holds it has ended.
/// <para>Thread safety: all members may be called from any thread. Requests read one immutable snapshot and take no lock.</para>
/// </remarks>
public sealed class ServableManager : IAsyncDisposable
{
    private readonly IModelCatalog _catalog;
    private readonly ServableLoader _loader;
    private readonly ServableManagerOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _listGate = new(1, 1);

    // Guards the table and the fields below it.
    private readonly Lock _lock = new();
    private readonly ServableTable _table;
    private readonly HashSet<Task> _background = [];
    private bool _isStopping;

    private volatile bool _isListed;
    private volatile bool _isReady;

    internal ServableManager(IModelCatalog catalog, ServableLoader loader, ServableManagerOptions options, TimeProvider time)
    {
        _catalog = catalog;
        _loader = loader;
        _options = options;
        _time = time;
        _table = new ServableTable(options);
    }

    /// <summary>Whether the catalog was read and every version that loads by itself was tried once.</summary>
    public bool IsReady => _isReady;

    /// <summary>Holds the servable that a selector names, loading it first when it is one that loads on request.</summary>
    /// <exception cref="ServingException">
    /// <see cref="ServingError.ModelNotFound"/>, <see cref="ServingError.ModelNotReady"/>, <see cref="ServingError.ModelRefused"/>,
    /// <see cref="ServingError.CorruptPackage"/>, <see cref="ServingError.Overloaded"/> (no memory for it).
    /// </exception>
    public ValueTask<ServableLease> AcquireAsync(ModelName model, VersionSelector selector, CancellationToken cancellationToken)
    {
        var version = GetModel(model).Resolve(selector);
        if (version.Servable is { } servable && servable.TryAcquire() is { } lease)
        {
            servable.LastUsedTimestamp = _time.GetTimestamp();
            return ValueTask.FromResult(lease);
        }

        return new ValueTask<ServableLease>(LoadAndAcquireAsync(model, selector, cancellationToken));
    }

    /// <summary>Every registered version as this server sees it now, by model and version.</summary>
    public IReadOnlyList<ServableStatus> List()
    {
        lock (_lock)
        {
            return _table.List();
        }
    }

    /// <summary>Whether the version that the selector names is ready now; <see langword="false"/> also when there is none. Loads nothing.</summary>
    public bool IsModelReady(ModelName model, VersionSelector selector) =>
        _table.Snapshot.TryGetValue(model, out var known) && known.TryResolve(selector, out _) is { Servable: not null };

    /// <summary>Reads the catalog now and waits until what it asks for is loaded or has failed. A load that failed before is tried again.</summary>
    /// <exception cref="RegistryException">The catalog cannot be read; what is loaded stays.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var loads = await PollAsync(ignoresRetryDelay: true, cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(loads).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Frees every servable once no request holds it.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] background;
        lock (_lock)
        {
            if (_isStopping)
            {
                return;
            }

            _isStopping = true;
            _isReady = false;
            _table.Clear();
            Free_NeedsLock();
            background = [.. _background];
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        while (background.Length > 0)
        {
            // A load that was in progress leaves a servable to be freed, which is a task of its own.
            await Task.WhenAll(background).ConfigureAwait(false);
            lock (_lock)
            {
                background = [.. _background.Where(static task => !task.IsCompleted)];
            }
        }

        _stopping.Dispose();
        _listGate.Dispose();
    }

    internal ModelSnapshot GetModel(ModelName model) => _table.Snapshot.TryGetValue(model, out var known)
        ? known
        : throw (_isListed
            ? new ServingException(ServingError.ModelNotFound, $"Request for unknown model: '{model.Name}' of project '{model.Project}' is not found.")
            : new ServingException(ServingError.ModelNotReady, "The server has not read its model catalog yet. Try again."));

    /// <summary>Every model that there is.</summary>
    internal IReadOnlyCollection<ModelSnapshot> GetModels() => _table.Snapshot.Values;

    /// <summary>A lease on any loaded servable of a package.</summary>
    internal ServableLease? TryAcquire(string digest)
    {
        foreach (var model in _table.Snapshot.Values)
        {
            foreach (var version in model.Versions.Values)
            {
                if (version.Digest == digest && version.Servable?.TryAcquire() is { } lease)
                {
                    return lease;
                }
            }
        }

        return null;
    }

    /// <summary>Reads the catalog and starts the loads it asks for.</summary>
    /// <returns>The loads; none of them fails.</returns>
    internal async Task<IReadOnlyList<Task>> PollAsync(bool ignoresRetryDelay, CancellationToken cancellationToken)
    {
        // One at a time, so that an older list never replaces a newer one.
        await _listGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var models = await _catalog.ListAsync(cancellationToken).ConfigureAwait(false);
            var loads = new List<Task>();
            lock (_lock)
            {
                if (_isStopping)
                {
                    return [];
                }

                foreach (var slot in _table.Adopt(models))
                {
                    if (slot.Servable is null && (slot.Failure is null || ignoresRetryDelay || _time.GetTimestamp() >= slot.RetryTimestamp))
                    {
                        loads.Add(StartLoad_NeedsLock(slot));
                    }
                }

                Publish_NeedsLock();
                if (!_isReady)
                {
                    Track_NeedsLock(MarkReadyAsync(loads));
                }
            }

            _isListed = true;
            return loads;
        }
        finally
        {
            _listGate.Release();
        }
    }

    private async Task MarkReadyAsync(List<Task> loads)
    {
        await Task.WhenAll(loads).ConfigureAwait(false);
        _isReady = !_stopping.IsCancellationRequested;
    }

    private Task StartLoad_NeedsLock(VersionSlot slot)
    {
        if (slot.Load is null)
        {
            slot.Load = LoadAsync(slot);
            Track_NeedsLock(slot.Load);
        }

        return slot.Load;
    }

    private async Task LoadAsync(VersionSlot slot)
    {
        // Whoever starts a load holds the lock.
        await Task.Yield();
        Servable? servable = null;
        ServingException? failure = null;
        try
        {
            servable = await _loader.LoadAsync(slot.Model, slot.Version, _stopping.Token).ConfigureAwait(false);
            servable.LastUsedTimestamp = _time.GetTimestamp();
        }
        catch (ServingException exception)
        {
            failure = exception;
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            failure = new ServingException(ServingError.ModelNotReady, "The server is stopping.");
        }

        lock (_lock)
        {
            slot.Load = null;
            slot.Failure = failure;
            slot.RetryDelay = failure is null ? TimeSpan.Zero : NextDelay(slot.RetryDelay);
            slot.RetryTimestamp = _time.GetTimestamp() + (long)(slot.RetryDelay.TotalSeconds * _time.TimestampFrequency);
            if (servable is not null)
            {
                _table.Attach(slot, servable);
            }

            Publish_NeedsLock();
        }
    }

    private TimeSpan NextDelay(TimeSpan delay) =>
        delay == TimeSpan.Zero ? _options.RetryDelay : TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, _options.RetryDelayMax.Ticks));

    private async Task<ServableLease> LoadAndAcquireAsync(ModelName model, VersionSelector selector, CancellationToken cancellationToken)
    {
        // Twice: a version may be replaced between the end of its load and the lease.
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var version = GetModel(model).Resolve(selector);
            if (version.Servable?.TryAcquire() is { } lease)
            {
                return lease;
            }

            await LoadOnRequest(model, version.Version).WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        var last = GetModel(model).Resolve(selector);
        return last.Servable?.TryAcquire()
            ?? throw (last.Failure is { } reason
                ? new ServingException(reason.Error, reason.Message, reason)
                : new ServingException(ServingError.ModelNotReady, $"Model '{model.Name}' version {last.Version} is not loaded. Try again."));
    }

    private Task LoadOnRequest(ModelName model, long version)
    {
        lock (_lock)
        {
            if (_isStopping || _table.Find(model, version) is not { } slot || slot.Servable is not null)
            {
                return Task.CompletedTask;
            }

            if (slot.Failure is { } failure && _time.GetTimestamp() < slot.RetryTimestamp)
            {
                throw new ServingException(failure.Error, failure.Message, failure);
            }

            if (slot.IsEager && slot.Load is not null)
            {
                throw new ServingException(ServingError.ModelNotReady, $"Model '{model.Name}' version {version} is being loaded. Try again.");
            }

            var load = StartLoad_NeedsLock(slot);
            Publish_NeedsLock();
            return load;
        }
    }

    private void Publish_NeedsLock()
    {
        if (!_isStopping)
        {
            _table.Publish();
        }

        Free_NeedsLock();
    }

    private void Free_NeedsLock()
    {
        foreach (var (slot, servable) in _table.TakeDetached())
        {
            Track_NeedsLock(UnloadAsync(slot, servable));
        }
    }

    private async Task UnloadAsync(VersionSlot slot, Servable servable)
    {
        await Task.Yield();
        await _loader.UnloadAsync(servable).ConfigureAwait(false);
        lock (_lock)
        {
            slot.Unloading--;
            Publish_NeedsLock();
        }
    }

    private void Track_NeedsLock(Task task)
    {
        _background.Add(task);
        _ = task.ContinueWith(Untrack, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private void Untrack(Task task)
    {
        lock (_lock)
        {
            _background.Remove(task);
        }
    }
}

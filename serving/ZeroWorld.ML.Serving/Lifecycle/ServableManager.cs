using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Keeps the servables of this server in step with the registry and the model folder.</summary>
/// <remarks>
/// Of the registry, targets of aliases, and the newest versions above them, are loaded as soon as it has them; other versions on their first request, once for all who wait.
/// Of the folder, what the version policy of a model chooses. A version is published when it is loaded and warmed up. An alias whose new target is not ready, or cannot be loaded,
/// goes on leading to the version before it; so does a version whose files were replaced. A version that is no longer offered is freed when the last request that holds it has ended.
/// <para>
/// When memory is full, a load that a request, a caller or a new version asks for lets the servable go that was used least recently, unless it is pinned; its next request
/// brings it back and waits for that, with a bound on those who wait.
/// </para>
/// <para>Thread safety: all members may be called from any thread. Requests read one immutable snapshot and take no lock.</para>
/// </remarks>
public sealed partial class ServableManager : IAsyncDisposable
{
    private const int LoadsMax = 2;

    // After this long another one is let go instead of the one whose requests do not end.
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(1);
    private readonly ModelSources _sources;
    private readonly ServableLoader _loader;
    private readonly ServableManagerOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _listGate = new(1, 1);

    // A load takes memory and processors that requests need too.
    private readonly SemaphoreSlim _loadGate = new(LoadsMax, LoadsMax);

    // Guards the table and the fields below it.
    private readonly Lock _lock = new();
    private readonly ServableTable _table;
    private readonly HashSet<Task> _background = [];
    private readonly HashSet<Task> _draining = [];
    private readonly Dictionary<ModelName, bool> _wanted = [];

    // Loads that callers wait for, until they know how theirs ended.
    private readonly HashSet<(ModelName Model, Task Ended)> _loadCalls = [];
    private int _entering;
    private bool _isStopping;

    private volatile bool _isListed;
    private volatile bool _isReady;

    internal ServableManager(ModelSources sources, ServableLoader loader, ServableManagerOptions options, TimeProvider time)
    {
        _sources = sources;
        _loader = loader;
        _options = options;
        _time = time;
        _table = new ServableTable(options);
    }

    /// <summary>Who decides which models of the folder are loaded.</summary>
    public ModelControl Control => _sources.Control;

    /// <summary>Whether the catalog was read and every version that loads by itself was tried once; with <see cref="ServableManagerOptions.StrictReadiness"/>, whether all of them answer now.</summary>
    public bool IsReady => _isReady && (!_options.StrictReadiness || AreAllReady());

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
            Use(servable);
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

    /// <summary>Aliases that this server answers with a version now: those that point at it, and those whose target is not ready and that led to it before. In order of name.</summary>
    public IReadOnlyList<string> ListAliasesOf(ModelName model, long version) => _table.Snapshot.TryGetValue(model, out var known)
        ? [.. known.Aliases.Where(alias => alias.Value == version).Select(static alias => alias.Key).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>
    /// Whether the version that the selector names answers now; <see langword="false"/> also when there is none. Loads nothing: one that was let go for want of memory is ready, since
    /// its next request waits until it is back.
    /// </summary>
    public bool IsModelReady(ModelName model, VersionSelector selector) =>
        TryFindReady(model, selector, out var servable)
        && (servable is null || AreStepsReady(servable, [], 1));

    /// <summary>Every model of registry and folder, by name and version, with what became of it.</summary>
    /// <param name="readyOnly">Whether only those that answer are wanted.</param>
    /// <param name="cancellationToken">Ends the reading of the registry.</param>
    /// <exception cref="RegistryException">The registry cannot be read.</exception>
    public async Task<IReadOnlyList<RepositoryEntry>> GetIndexAsync(bool readyOnly, CancellationToken cancellationToken)
    {
        if (Control == ModelControl.Explicit)
        {
            _sources.FindNew();
            await PollAsync(ignoresRetryDelay: false, cancellationToken).ConfigureAwait(false);
        }

        lock (_lock)
        {
            return [.. _table.GetIndex().Concat(_sources.Conflicts).Where(entry => !readyOnly || entry.State == RepositoryState.Ready)];
        }
    }

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
        _loadGate.Dispose();
    }

    internal ModelSnapshot GetModel(ModelName model) => _table.Snapshot.TryGetValue(model, out var known)
        ? known
        : throw (_isListed
            ? new ServingException(ServingError.ModelNotFound, $"Request for unknown model: '{model.Name}'{(model.Project == ModelName.DefaultProject ? "" : $" of project '{model.Project}'")} is not found.")
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
    /// <param name="ignoresRetryDelay">Whether loads that failed are tried again whatever their delay, and a folder that is polled is read now.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <param name="asked">A model that a caller asked for: what of it failed is tried again, and others may be let go for it.</param>
    /// <returns>The loads; none of them fails.</returns>
    internal async Task<IReadOnlyList<Task>> PollAsync(bool ignoresRetryDelay, CancellationToken cancellationToken, ModelName? asked = null)
    {
        // One at a time, so that an older list never replaces a newer one.
        await _listGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var models = await _sources.ListAsync(ignoresRetryDelay, cancellationToken).ConfigureAwait(false);
            var loads = new List<Task>();
            lock (_lock)
            {
                if (_isStopping)
                {
                    return [];
                }

                // An ensemble behind the models of its steps, with which it has to fit.
                foreach (var slot in _table.Adopt(models, IsWanted_NeedsLock).OrderBy(slot => _sources.CountLevels(slot.Model)).ToList())
                {
                    var before = loads.Count > 0 && _sources.CountLevels(slot.Model) > 0 ? Task.WhenAll(loads) : null;
                    if (TryStartLoad_NeedsLock(slot, isAsked: slot.Model == asked, ignoresRetryDelay, before) is { } load)
                    {
                        loads.Add(load);
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

    /// <param name="servable"><see langword="null"/> for one that is asleep.</param>
    internal bool TryFindReady(ModelName model, VersionSelector selector, out Servable? servable)
    {
        var version = _table.Snapshot.TryGetValue(model, out var known) ? known.TryResolve(selector, out _) : null;
        servable = version?.Servable;
        return version is { Servable: not null } or { IsAsleep: true, Failure: null };
    }

    /// <param name="known">Ensembles that were asked for: whether they are ready, and of those that this one is a step of that they are not.</param>
    private bool AreStepsReady(Servable model, Dictionary<Servable, bool> known, int depth)
    {
        var steps = model.Package.Settings.Steps;
        if (steps.Count == 0)
        {
            return true;
        }

        if (depth > EnsembleCall.DepthMax || !known.TryAdd(model, false))
        {
            return known.GetValueOrDefault(model);
        }

        return known[model] = steps.All(step => TryFindStep(step, out var servable) && (servable is null || AreStepsReady(servable, known, depth + 1)))
            && FindProblem(model.Model, model.Signature, steps, model.RowsMax) is null;
    }

    private bool TryFindStep(EnsembleStep step, out Servable? servable) => TryFindReady(step.Model, VersionSelector.OfStep(step), out servable);

    private bool AreAllReady()
    {
        lock (_lock)
        {
            return _table.IsComplete(IsWanted_NeedsLock) && _table.Snapshot.Values.SelectMany(static model => model.Versions.Values).All(version => version.Servable is not { } servable || AreStepsReady(servable, [], 1));
        }
    }

    private async Task MarkReadyAsync(List<Task> loads)
    {
        await Task.WhenAll(loads).ConfigureAwait(false);
        _isReady = !_stopping.IsCancellationRequested;
    }

    private void Use(Servable servable) => servable.LastUsedTimestamp = _time.GetTimestamp();

    private bool IsWanted_NeedsLock(ModelName model) => _wanted.TryGetValue(model, out var wanted)
        ? wanted
        : Control != ModelControl.Explicit || !_sources.IsOfFolder(model) || _sources.IsLoadedAtStart(model);

    private void SetWanted(ModelName model, bool wanted)
    {
        lock (_lock)
        {
            _wanted[model] = wanted;
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
            slot.Drain = UnloadAsync(slot, servable);
            Track_NeedsLock(slot.Drain);
        }
    }

    private async Task UnloadAsync(VersionSlot slot, Servable servable)
    {
        await Task.Yield();
        await _loader.UnloadAsync(servable).ConfigureAwait(false);
        lock (_lock)
        {
            slot.Unloading--;
            _table.Touch(slot);
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

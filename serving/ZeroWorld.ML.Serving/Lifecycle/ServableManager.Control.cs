using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <content>What callers load and unload, where that is theirs to say.</content>
public sealed partial class ServableManager
{
    /// <inheritdoc cref="LoadModelAsync(ModelName, ModelOverride?, CancellationToken)"/>
    public Task LoadModelAsync(ModelName model, CancellationToken cancellationToken) => LoadModelAsync(model, null, cancellationToken);

    /// <summary>Loads a model, or what has changed of it, and waits until its versions are ready, those of an ensemble's steps, and of theirs, included. Calls at the same time share one load.</summary>
    /// <param name="model">The model.</param>
    /// <param name="given">What to load instead of what lies in the folder; <see langword="null"/>: nothing, or the configuration of the load before, see <see cref="ModelOverride"/>.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ServingException">
    /// <see cref="ServingError.Unsupported"/>: <see cref="Control"/> is not <see cref="ModelControl.Explicit"/>; <see cref="ServingError.ModelNotFound"/>;
    /// <see cref="ServingError.InvalidInput"/>: the configuration is none of this model, or the files are none; <see cref="ServingError.Overloaded"/>: there is no room for the files;
    /// the reason of the load that failed: what answered before goes on.
    /// </exception>
    /// <exception cref="RegistryException">The registry cannot be read.</exception>
    public async Task LoadModelAsync(ModelName model, ModelOverride? given, CancellationToken cancellationToken)
    {
        CheckControl("loaded");
        CheckOverride(model, given);
        HashSet<ModelName> seen = [model];
        try
        {
            await LoadOneAsync(model, given, seen, cancellationToken).ConfigureAwait(false);
        }
        catch when (given is not null)
        {
            _sources.ForgetConfiguration(model);
            throw;
        }

        // Steps that the folder did not tell of before. The others were loaded: what has been unloaded since stays so.
        var ensembles = new Queue<ModelName>([model]);
        while (ensembles.TryDequeue(out var ensemble))
        {
            foreach (var step in FindSteps(ensemble).Where(seen.Add))
            {
                if (!IsModelReady(step, VersionSelector.Any))
                {
                    await LoadOneAsync(step, null, seen, cancellationToken).ConfigureAwait(false);
                }

                ensembles.Enqueue(step);
            }
        }
    }

    /// <param name="seen">Models that are loaded, or on their way, for the same call.</param>
    private async Task LoadOneAsync(ModelName model, ModelOverride? given, HashSet<ModelName> seen, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _loadCalls.Add((model, ended.Task));
        }

        try
        {
            _sources.Reread(model, given);

            // The models of its steps first: an ensemble that does not fit them is refused.
            foreach (var step in _sources.FindSteps(model).Where(seen.Add))
            {
                if (!IsModelReady(step, VersionSelector.Any))
                {
                    await LoadOneAsync(step, null, seen, cancellationToken).ConfigureAwait(false);
                }
            }

            await LoadWantedAsync(model, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _loadCalls.Remove((model, ended.Task));
            }

            ended.SetResult();
        }
    }

    private async Task LoadWantedAsync(ModelName model, CancellationToken cancellationToken)
    {
        SetWanted(model, true);

        // More than once: a load of the content before may have been on its way.
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await PollAsync(ignoresRetryDelay: false, cancellationToken, attempt == 0 ? model : null).ConfigureAwait(false);
            Task[] loads;
            lock (_lock)
            {
                loads = [.. _table.FindSlots(model).Select(static slot => slot.Load).OfType<Task>()];
            }

            if (loads.Length == 0)
            {
                break;
            }

            await Task.WhenAll(loads).WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        lock (_lock)
        {
            if (_table.FindModel(model) is not { } listed)
            {
                _wanted.Remove(model);
                throw new ServingException(ServingError.ModelNotFound, $"failed to load '{model.Name}', failed to poll from model repository: there is no such model in the registry or the model folder.");
            }

            var slots = _table.FindSlots(model).Where(static slot => slot.IsEager).ToList();
            var failure = slots.Select(static slot => slot.Failure).FirstOrDefault(static failure => failure is not null);
            if (listed.Problem is not null || failure is not null)
            {
                throw new ServingException(failure?.Error ?? ServingError.ModelRefused, $"load failed for model '{model.Name}': {listed.Problem ?? failure!.Message}", failure);
            }

            if (!slots.Exists(static slot => slot.Servable is not null))
            {
                throw new ServingException(
                    ServingError.ModelNotReady, $"failed to load '{model.Name}', no version is available: {(listed.Versions.Count == 0 ? "it has no version" : "it was unloaded, or freed to make room, meanwhile")}.");
            }
        }
    }

    /// <summary>A configuration that is wrong is refused before anything is changed, so that what answers goes on.</summary>
    private void CheckOverride(ModelName model, ModelOverride? given)
    {
        if (given is null)
        {
            return;
        }

        if (_table.Snapshot.ContainsKey(model) && !_sources.IsOfFolder(model))
        {
            throw new ServingException(ServingError.Unsupported, $"failed to load '{model.Name}': it comes from the registry, which takes no configuration and no files with a load.");
        }

        try
        {
            FolderModel.ReadOverride(model, given.Configuration);
        }
        catch (ModelConfigException exception)
        {
            throw new ServingException(ServingError.InvalidInput, $"failed to load '{model.Name}': {exception.Message}", exception);
        }
    }

    /// <inheritdoc cref="UnloadModelAsync(ModelName, bool, CancellationToken)"/>
    public Task UnloadModelAsync(ModelName model, CancellationToken cancellationToken) => UnloadModelAsync(model, withSteps: false, cancellationToken);

    /// <summary>
    /// Takes no new requests for a model, once the calls for its load that came before have ended: those callers get what they asked for.
    /// It is freed when the requests that it has are answered, which is not waited for.
    /// </summary>
    /// <param name="model">The model. Where there is none of that name nothing is done: it is not loaded, as the caller wants it.</param>
    /// <param name="withSteps">Whether the models of an ensemble's steps, and of theirs, are unloaded with it.</param>
    /// <param name="cancellationToken">Ends the waiting, and the reading of the registry.</param>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: <see cref="Control"/> is not <see cref="ModelControl.Explicit"/>.</exception>
    /// <exception cref="RegistryException">The registry cannot be read.</exception>
    public async Task UnloadModelAsync(ModelName model, bool withSteps, CancellationToken cancellationToken)
    {
        CheckControl("unloaded");
        await WaitForLoadCallsAsync([model], cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            if (_table.FindModel(model) is null)
            {
                return;
            }
        }

        HashSet<ModelName> unloaded = [model];
        var ensembles = new Queue<ModelName>(withSteps ? unloaded : []);
        while (ensembles.TryDequeue(out var ensemble))
        {
            foreach (var step in FindSteps(ensemble).Where(unloaded.Add))
            {
                ensembles.Enqueue(step);
            }
        }

        await WaitForLoadCallsAsync(unloaded, cancellationToken).ConfigureAwait(false);
        foreach (var one in unloaded)
        {
            SetWanted(one, false);
        }

        _sources.DropOverride(model);
        await PollAsync(ignoresRetryDelay: false, cancellationToken).ConfigureAwait(false);
    }

    private Task WaitForLoadCallsAsync(HashSet<ModelName> models, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.WhenAll(_loadCalls.Where(call => models.Contains(call.Model)).Select(static call => call.Ended)).WaitAsync(cancellationToken);
        }
    }

    /// <summary>The models of an ensemble's steps, as far as the ensemble is loaded; none for any other model.</summary>
    private ModelName[] FindSteps(ModelName model)
    {
        lock (_lock)
        {
            return
            [
                .. _table.FindSlots(model).Select(static slot => slot.Servable).OfType<Servable>().SelectMany(static servable => servable.Package.Settings.Steps)
                    .Select(static step => step.Model).Distinct(),
            ];
        }
    }

    /// <summary>Why an ensemble cannot be served beside what is in memory now: its steps do not fit, or lead back to it.</summary>
    /// <returns><see langword="null"/> where nothing is known against it.</returns>
    internal string? FindProblem(ModelName ensemble, ModelSignature signature, IReadOnlyList<EnsembleStep> steps, int rowsMax)
    {
        Servable? Find(EnsembleStep step) => TryFindStep(step, out var servable) ? servable : null;
        var seen = new HashSet<Servable>();
        var through = steps.FirstOrDefault(step => step.Model == ensemble || (Find(step) is { } servable && LeadsTo(ensemble, servable, seen)));
        return through is null
            ? EnsembleFit.FindProblem(ensemble.Name, signature, steps, rowsMax, Find)
            : $"circular dependency between ensembles: {ensemble.Name} -> ... -> {through.Model.Name} -> {ensemble.Name}";
    }

    private bool LeadsTo(ModelName ensemble, Servable model, HashSet<Servable> seen) => seen.Add(model) && model.Package.Settings.Steps.Any(
        step => step.Model == ensemble || (TryFindStep(step, out var next) && next is not null && LeadsTo(ensemble, next, seen)));

    private void CheckControl(string verb)
    {
        if (Control != ModelControl.Explicit)
        {
            throw new ServingException(
                ServingError.Unsupported,
                $"explicit model load / unload is not allowed: models are {verb} by callers only where {ModelFolderOptions.Section}:{nameof(ModelFolderOptions.Control)} is {ModelControl.Explicit}, and it is {Control}.");
        }
    }
}

using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>The loads: one per version at a time, a few at once, and room made for them.</summary>
public sealed partial class ServableManager
{
    /// <summary>Loads a version that the catalog asks for, unless it is there, waits for a request or for its next attempt.</summary>
    /// <param name="before">Loads that end first.</param>
    private Task? TryStartLoad_NeedsLock(VersionSlot slot, bool isAsked, bool ignoresRetryDelay, Task? before)
    {
        if (!slot.IsMissing)
        {
            return null;
        }

        var isInUse = isAsked || _table.FindSlots(slot.Model).Any(static other => other.Servable is not null);
        if (_options.LoadOnRequest && !isInUse)
        {
            _table.LeaveToRequests(slot);
            return null;
        }

        return (isAsked || !slot.IsAsleep) && (slot.Failure is null || isAsked || ignoresRetryDelay || _time.GetTimestamp() >= slot.RetryTimestamp)
            ? StartLoad_NeedsLock(slot, mayEvict: isInUse, before)
            : null;
    }

    private Task StartLoad_NeedsLock(VersionSlot slot, bool mayEvict, Task? before = null)
    {
        if (slot.Load is null)
        {
            slot.Load = LoadAsync(slot, mayEvict, before);
            _table.Touch(slot);
            Track_NeedsLock(slot.Load);
        }

        return slot.Load;
    }

    private async Task LoadAsync(VersionSlot slot, bool mayEvict, Task? before)
    {
        // Whoever starts a load holds the lock.
        await Task.Yield();
        await (before ?? Task.CompletedTask).ConfigureAwait(false);
        Servable? servable = null;
        ServingException? failure = null;
        try
        {
            await _loadGate.WaitAsync(_stopping.Token).ConfigureAwait(false);
            try
            {
                servable = await LoadIntoRoomAsync(slot, mayEvict).ConfigureAwait(false);
                Use(servable);
            }
            finally
            {
                _loadGate.Release();
            }
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

            // Memory that the models before it have taken is no fault of this one: it comes when it is asked for.
            var isDeferred = !mayEvict && failure is { Error: ServingError.Overloaded };
            slot.Absence = isDeferred ? SlotAbsence.Deferred : slot.Absence;
            slot.Failure = isDeferred ? null : failure;
            slot.RetryDelay = failure is null ? TimeSpan.Zero : NextDelay(slot.RetryDelay);
            // Files that cannot be served cannot be served tomorrow: their next content is tried, or a caller's wish. Of an ensemble the models of its steps may change.
            slot.RetryTimestamp = failure?.Error == ServingError.ModelRefused && _table.FindModel(slot.Model)?.Offered is not null && _sources.CountLevels(slot.Model) == 0
                ? long.MaxValue
                : _time.GetTimestamp() + (long)(slot.RetryDelay.TotalSeconds * _time.TimestampFrequency);
            _table.Touch(slot);
            if (servable is not null)
            {
                // In one step: in between, another load would find room for one more than may be.
                _entering--;
                _table.Attach(slot, servable);
            }

            Publish_NeedsLock();
        }
    }

    /// <returns>A servable that still counts as entering, until it is attached.</returns>
    private async Task<Servable> LoadIntoRoomAsync(VersionSlot slot, bool mayEvict)
    {
        while (!TryEnter())
        {
            if (!await TryMakeRoomAsync(slot.Model, mayEvict).ConfigureAwait(false))
            {
                throw new ServingException(
                    ServingError.Overloaded, $"{_options.LoadedVersionsMax} model versions are in memory, which is as many as may be, and none of them may be freed for '{slot.Model.Name}'.");
            }
        }

        try
        {
            return await _loader.LoadAsync(slot.Model, slot.Version, () => TryMakeRoomAsync(slot.Model, mayEvict), _stopping.Token).ConfigureAwait(false);
        }
        catch
        {
            lock (_lock)
            {
                _entering--;
            }

            throw;
        }
    }

    private bool TryEnter()
    {
        lock (_lock)
        {
            if (_table.LoadedCount + _entering >= _options.LoadedVersionsMax)
            {
                return false;
            }

            _entering++;
            return true;
        }
    }

    /// <summary>Lets the servable go that was used least recently, for a package that is to be verified.</summary>
    /// <returns><see langword="false"/> when none may go.</returns>
    internal Task<bool> MakeRoomAsync(ModelName needy) => TryMakeRoomAsync(needy, mayEvict: true);

    /// <summary>Lets one servable go, or waits for one that is going already.</summary>
    /// <returns><see langword="false"/> when none may go.</returns>
    private async Task<bool> TryMakeRoomAsync(ModelName needy, bool mayEvict)
    {
        if (!mayEvict)
        {
            return false;
        }

        Task drained;
        lock (_lock)
        {
            if (_draining.Count == 0)
            {
                if (_table.ChooseVictim(needy) is not { } victim)
                {
                    return false;
                }

                _table.Evict(victim);
                Publish_NeedsLock();
                _draining.Add(victim.Drain!);
            }

            drained = _draining.First();
        }

        await Task.WhenAny(drained, Task.Delay(DrainPatience, _time, _stopping.Token)).ConfigureAwait(false);
        lock (_lock)
        {
            _draining.Remove(drained);
        }

        _stopping.Token.ThrowIfCancellationRequested();
        return true;
    }

    private TimeSpan NextDelay(TimeSpan delay) =>
        delay == TimeSpan.Zero ? _options.RetryDelay : TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, _options.RetryDelayMax.Ticks));

    /// <summary>Holds the servable that a selector names if it is loaded; its <see cref="Servable.Release"/> lets go of it.</summary>
    internal Servable? TryAcquire(ModelName model, VersionSelector selector)
    {
        if (_table.Snapshot.TryGetValue(model, out var known) && known.TryResolve(selector, out _)?.Servable is { } servable && servable.TryHold())
        {
            Use(servable);
            return servable;
        }

        return null;
    }

    private async Task<ServableLease> LoadAndAcquireAsync(ModelName model, VersionSelector selector, CancellationToken cancellationToken)
    {
        // More than once: a version may be replaced, or freed again, between the end of its load and the lease.
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var version = GetModel(model).Resolve(selector);
            if (version.Servable?.TryAcquire() is { } lease)
            {
                Use(lease.Servable);
                return lease;
            }

            await LoadOnRequestAsync(model, version.Version, cancellationToken).ConfigureAwait(false);
        }

        var last = GetModel(model).Resolve(selector);
        return last.Servable?.TryAcquire()
            ?? throw (last.Failure is { } reason
                ? new ServingException(reason.Error, reason.Message, reason)
                : new ServingException(ServingError.ModelNotReady, $"Model '{model.Name}' version {last.Version} is not loaded. Try again."));
    }

    private async Task LoadOnRequestAsync(ModelName model, long version, CancellationToken cancellationToken)
    {
        VersionSlot? slot;
        Task load;
        lock (_lock)
        {
            slot = _table.Find(model, version);
            if (_isStopping || slot is null || slot.Servable is not null || !slot.IsOffered)
            {
                return;
            }

            if (slot.Failure is { } failure && _time.GetTimestamp() < slot.RetryTimestamp)
            {
                throw new ServingException(failure.Error, failure.Message, failure);
            }

            if (slot.IsEager && slot.Load is not null && !slot.IsAsleep)
            {
                throw new ServingException(ServingError.ModelNotReady, $"Model '{model.Name}' version {version} is being loaded. Try again.");
            }

            if (slot.Waiting >= _options.WaitingRequestsMax)
            {
                throw new ServingException(
                    ServingError.Overloaded, $"{slot.Waiting} requests wait for model '{model.Name}' version {version} to be loaded, which is as many as may. Try again later.");
            }

            slot.Waiting++;
            load = StartLoad_NeedsLock(slot, mayEvict: true);
            Publish_NeedsLock();
        }

        try
        {
            await load.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                slot.Waiting--;
            }
        }
    }
}

using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>What the online store covers of each view that a loaded model reads: read in the background, so that no request waits for it.</summary>
/// <remarks>Thread safe.</remarks>
public sealed partial class CoverageCache
{
    private readonly IOnlineStore _store;
    private readonly ILogger<CoverageCache> _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Project, string Field), CoverageSlot> _slots = [];
    private volatile bool _hasFailed;

    internal CoverageCache(IOnlineStore store, ILogger<CoverageCache> logger)
    {
        _store = store;
        _logger = logger;
    }

    /// <summary>Reads the coverage of all views in use now: after a materialization, so that the next request sees it.</summary>
    /// <remarks>While the store cannot be reached, what was read last stays: its rows cannot be read either.</remarks>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        CoverageSlot[] slots;
        lock (_lock)
        {
            slots = [.. _slots.Values];
        }

        foreach (var slot in slots)
        {
            if (!await TryReadAsync(slot, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    /// <summary>Coverage of the views of a plan, in their order. Returned by <see cref="Return"/>.</summary>
    internal async Task<IReadOnlyList<CoverageSlot>> RentAsync(FeatureServicePlan? plan, CancellationToken cancellationToken)
    {
        if (plan is null)
        {
            return [];
        }

        var rented = new CoverageSlot[plan.Views.Count];
        lock (_lock)
        {
            for (var index = 0; index < rented.Length; index++)
            {
                var field = plan.Views[index].Field;
                var key = (field.View.Project, field.Name);
                if (!_slots.TryGetValue(key, out var slot))
                {
                    slot = new CoverageSlot(field);
                    _slots.Add(key, slot);
                }

                slot.Users++;
                rented[index] = slot;
            }
        }

        try
        {
            foreach (var slot in rented)
            {
                if (slot.Coverage is null && !await TryReadAsync(slot, cancellationToken).ConfigureAwait(false))
                {
                    break;
                }
            }
        }
        catch
        {
            Return(rented);
            throw;
        }

        return rented;
    }

    internal void Return(IReadOnlyList<CoverageSlot> slots)
    {
        lock (_lock)
        {
            foreach (var slot in slots)
            {
                if (--slot.Users == 0)
                {
                    _slots.Remove((slot.Field.View.Project, slot.Field.Name));
                }
            }
        }
    }

    private async Task<bool> TryReadAsync(CoverageSlot slot, CancellationToken cancellationToken)
    {
        // What only pushes bring is in the store from the first push on; before that there is nothing.
        if (slot.Field.View.Source.IsPushOnly)
        {
            slot.Coverage = new ViewCoverage(long.MinValue, long.MaxValue);
            return true;
        }

        try
        {
            var coverage = await _store.ReadCoverageAsync(slot.Field, cancellationToken).ConfigureAwait(false);

            // What a stream brings is there from its first event on, materialized or not.
            coverage ??= slot.Field.View.Source.IsFedOnline ? new ViewCoverage(long.MinValue, long.MaxValue) : null;
            slot.Coverage = coverage is { IsReadable: true } ? coverage : null;
            _hasFailed = false;
            return true;
        }
        catch (FeatureException exception) when (exception.Error == FeatureError.StoreUnavailable)
        {
            // Once, not every second.
            if (!_hasFailed)
            {
                _hasFailed = true;
                LogReadFailed(_logger, exception);
            }

            return false;
        }
    }

    [LoggerMessage(1021, LogLevel.Warning, "The coverage of the online store cannot be read; what was read last is used")]
    private static partial void LogReadFailed(ILogger logger, Exception exception);
}

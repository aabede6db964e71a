using System.Collections.Frozen;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Every known version with its servable, and the snapshot that requests see. Decides what is kept; loads and frees nothing itself.</summary>
/// <remarks>Guarded by the manager's lock; only <see cref="Snapshot"/> may be read without it.</remarks>
internal sealed class ServableTable(ServableManagerOptions options)
{
    private readonly Dictionary<(ModelName Model, long Version), VersionSlot> _slots = [];
    private readonly List<(VersionSlot Slot, Servable Servable)> _detached = [];
    private readonly Dictionary<ModelName, FrozenDictionary<string, long>> _aliases = [];

    // Models whose part of the snapshot is old: with thousands of models the others are not made again.
    private readonly HashSet<ModelName> _changed = [];
    private Dictionary<ModelName, CatalogModel> _listed = [];
    private volatile FrozenDictionary<ModelName, ModelSnapshot> _snapshot = FrozenDictionary<ModelName, ModelSnapshot>.Empty;

    public FrozenDictionary<ModelName, ModelSnapshot> Snapshot => _snapshot;

    /// <summary>Servables that answer now.</summary>
    public int LoadedCount { get; private set; }

    public VersionSlot? Find(ModelName model, long version) => _slots.GetValueOrDefault((model, version));

    /// <summary>The model as the catalog listed it.</summary>
    public CatalogModel? FindModel(ModelName model) => _listed.GetValueOrDefault(model);

    /// <summary>Marks that something of a slot has changed that requests see.</summary>
    public void Touch(VersionSlot slot) => _changed.Add(slot.Model);

    public IEnumerable<VersionSlot> FindSlots(ModelName model) =>
        FindModel(model) is { } listed ? listed.Versions.Select(version => _slots[(model, version.Version)]) : [];

    /// <summary>Takes over a list of the catalog.</summary>
    /// <param name="models">All models.</param>
    /// <param name="isWanted">Whether anything of a model may be loaded.</param>
    /// <returns>The versions that the server loads by itself.</returns>
    public IReadOnlyList<VersionSlot> Adopt(IReadOnlyList<CatalogModel> models, Func<ModelName, bool> isWanted)
    {
        var known = _listed;
        models = [.. models.Select(KeepReplaced)];
        _listed = models.ToDictionary(static model => model.Model);
        _changed.UnionWith(known.Keys.Where(model => !_listed.ContainsKey(model)));
        var gone = new HashSet<(ModelName, long)>(_slots.Keys);
        var eager = new List<VersionSlot>();
        foreach (var model in models)
        {
            var wanted = isWanted(model.Model);
            if (!known.TryGetValue(model.Model, out var before) || !IsSame(before, model))
            {
                _changed.Add(model.Model);
            }

            var chosen = !wanted ? [] : model.Offered ?? VersionPolicy.ChooseEager(model, options.NewerVersionsMax);
            foreach (var version in model.Versions)
            {
                var key = (model.Model, version.Version);
                gone.Remove(key);
                if (!_slots.TryGetValue(key, out var slot))
                {
                    _slots[key] = slot = new VersionSlot(model.Model, version.Version, version.Digest);
                }
                else if (slot.Digest != version.Digest)
                {
                    slot.Change(version.Digest);
                }

                Offer(slot, isOffered: wanted && (model.Offered is null || chosen.Contains(version.Version)), isEager: chosen.Contains(version.Version));
                if (!wanted)
                {
                    slot.Failure = null;
                    slot.Absence = SlotAbsence.Unloaded;
                    Detach(slot);
                }
                else if (slot.IsEager)
                {
                    eager.Add(slot);
                }
            }
        }

        foreach (var key in gone)
        {
            Detach(_slots[key]);
            _slots.Remove(key);
        }

        return eager;
    }

    /// <summary>Gives a version what its load made, in place of what it had; a version that nobody wants any more is let go at once.</summary>
    public void Attach(VersionSlot slot, Servable servable)
    {
        Detach(slot);
        Touch(slot);
        slot.Servable = servable;
        slot.Absence = SlotAbsence.NotAsked;
        LoadedCount++;
        if (Find(slot.Model, slot.Version) != slot || slot is { IsOffered: false, IsEager: false })
        {
            Detach(slot);
        }
    }

    /// <summary>Leaves a version that nobody has asked for to its first request.</summary>
    public void LeaveToRequests(VersionSlot slot)
    {
        if (slot.Absence == SlotAbsence.NotAsked)
        {
            slot.Absence = SlotAbsence.OnRequest;
            Touch(slot);
        }
    }

    /// <summary>Lets a servable go to make room.</summary>
    public void Evict(VersionSlot slot)
    {
        slot.Absence = SlotAbsence.Evicted;
        Detach(slot);
    }

    /// <summary>The servable that was used least recently of those that may go: not pinned, and not of the model that needs the room.</summary>
    public VersionSlot? ChooseVictim(ModelName needy) => _slots.Values
        .Where(slot => slot.Servable is { Package.Settings.IsPinned: false } && slot.Model != needy && slot.Load is null)
        .MinBy(static slot => slot.Servable!.LastUsedTimestamp);

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        foreach (var slot in _slots.Values)
        {
            Detach(slot);
        }

        _slots.Clear();
        _listed.Clear();
        _aliases.Clear();
        _changed.Clear();
        _snapshot = FrozenDictionary<ModelName, ModelSnapshot>.Empty;
    }

    /// <summary>Lets go what is not wanted and shows requests the rest.</summary>
    public void Publish()
    {
        foreach (var name in _changed)
        {
            if (_listed.TryGetValue(name, out var model))
            {
                _aliases[name] = model.Aliases.ToFrozenDictionary(static alias => alias.Key, alias => FindEffectiveTarget(name, alias.Key, alias.Value), StringComparer.Ordinal);
            }
            else
            {
                _aliases.Remove(name);
            }
        }

        DetachUnwanted();
        if (_changed.Count == 0)
        {
            return;
        }

        var known = _snapshot;
        _snapshot = _listed.ToFrozenDictionary(
            static item => item.Key,
            item => !_changed.Contains(item.Key) && known.TryGetValue(item.Key, out var same) ? same : ToSnapshot(item.Value, _aliases[item.Key]));
        _changed.Clear();
    }

    /// <summary>Whether everything that the server loads by itself is there, or left to its first request.</summary>
    /// <param name="isWanted">Whether anything of a model may be loaded.</param>
    public bool IsComplete(Func<ModelName, bool> isWanted) =>
        _listed.Values.All(model => model.Problem is null || !isWanted(model.Model)) && !_slots.Values.Any(static slot => slot is { IsEager: true, Servable: null, IsAsleep: false });

    /// <summary>What was let go since the last call, for the manager to free.</summary>
    public IReadOnlyList<(VersionSlot Slot, Servable Servable)> TakeDetached()
    {
        (VersionSlot, Servable)[] taken = [.. _detached];
        _detached.Clear();
        return taken;
    }

    public IReadOnlyList<ServableStatus> List() =>
    [
        .. Ordered()
            .SelectMany(model => model.Versions.Select(version => (model, slot: _slots[(model.Model, version.Version)])))
            .Select(static item => new ServableStatus(
                item.slot.Model,
                item.slot.Version,
                item.slot.Digest,
                item.slot.State,
                [.. item.model.Aliases.Where(alias => alias.Value == item.slot.Version).Select(static alias => alias.Key).Order(StringComparer.Ordinal)],
                item.slot.Failure?.Message)
            {
                MemoryBytes = item.slot.Servable?.MemoryBytes ?? 0,
            }),
    ];

    public IEnumerable<RepositoryEntry> GetIndex()
    {
        foreach (var model in Ordered())
        {
            if (model.Problem is not null || model.Versions.Count == 0)
            {
                yield return new RepositoryEntry(model.Model, null, RepositoryState.Unavailable, model.Problem ?? "it has no version");
            }

            foreach (var slot in model.Versions.Select(version => _slots[(model.Model, version.Version)]))
            {
                // What a version policy leaves out is not offered, and so not shown, unless something of it is still there.
                if (model.Offered is null || slot.IsEager || slot.Absence == SlotAbsence.Unloaded || slot.Servable is not null || slot.Unloading > 0)
                {
                    yield return slot.ToEntry();
                }
            }
        }
    }

    private IEnumerable<CatalogModel> Ordered() =>
        _listed.Values.OrderBy(static model => model.Model.Project, StringComparer.Ordinal).ThenBy(static model => model.Model.Name, StringComparer.Ordinal);

    private void Offer(VersionSlot slot, bool isOffered, bool isEager)
    {
        if (slot.IsOffered != isOffered)
        {
            Touch(slot);
        }

        slot.IsOffered = isOffered;
        slot.IsEager = isEager;
        if (isOffered && slot.Absence == SlotAbsence.Unloaded)
        {
            slot.Absence = SlotAbsence.NotAsked;
        }
    }

    private ModelSnapshot ToSnapshot(CatalogModel model, FrozenDictionary<string, long> aliases)
    {
        var visible = model.Versions.Select(version => _slots[(model.Model, version.Version)]).Where(static slot => slot.IsOffered || slot.Servable is not null).ToList();
        return new ModelSnapshot(
            model.Model,
            visible.ToFrozenDictionary(
                static slot => slot.Version,
                static slot => new VersionSnapshot(slot.Version, slot.Digest, slot.State, slot.Servable, slot.Failure) { IsAsleep = slot.IsAsleep }),
            [.. visible.Select(static slot => slot.Version)],
            aliases)
        {
            Problem = model.Problem,
            Retired = [.. model.Retired.Select(static version => version.Version)],
        };
    }

    /// <summary>The target; while that is not ready, the version that the alias led to before, if it still answers.</summary>
    private long FindEffectiveTarget(ModelName model, string alias, long target) =>
        Find(model, target) is { Servable: null, IsAsleep: false }
        && _snapshot.TryGetValue(model, out var known) && known.Aliases.TryGetValue(alias, out var previous) && Find(model, previous)?.Servable is not null
            ? previous
            : target;

    private static bool IsSame(CatalogModel left, CatalogModel right) => ReferenceEquals(left, right)
        || (left.Problem == right.Problem
            && left.Versions.Select(static version => (version.Version, version.Digest)).SequenceEqual(right.Versions.Select(static version => (version.Version, version.Digest)))
            && left.Aliases.Count == right.Aliases.Count && left.Aliases.All(alias => right.Aliases.TryGetValue(alias.Key, out var target) && target == alias.Value)
            && left.Retired.Select(static version => version.Version).SequenceEqual(right.Retired.Select(static version => version.Version))
            && (left.Offered ?? []).SequenceEqual(right.Offered ?? []));

    private void DetachUnwanted()
    {
        foreach (var model in _listed.Values.Where(static model => model.Offered is not null))
        {
            DetachReplaced(model);
        }

        var unaliased = _slots.Values
            .Where(slot => slot is { Servable: not null, IsEager: false, IsOffered: true } && !_aliases[slot.Model].Values.Contains(slot.Version))
            .OrderByDescending(static slot => slot.Servable!.LastUsedTimestamp)
            .ThenByDescending(static slot => slot.Version)
            .Skip(options.UnaliasedVersionsMax)
            .ToList();
        foreach (var slot in unaliased)
        {
            Detach(slot);
        }
    }

    /// <summary>The model with versions that have left the folder and still answer, while what is offered in their place has not come: a rollback leaves no gap.</summary>
    private CatalogModel KeepReplaced(CatalogModel model)
    {
        if (model.Offered is not { } offered || !_listed.TryGetValue(model.Model, out var before)
            || !offered.Any(version => Find(model.Model, version) is null or { IsMissing: true, IsAsleep: false }))
        {
            return model;
        }

        var listed = model.Versions.Select(static version => version.Version).ToHashSet();
        CatalogVersion[] kept = [.. before.Versions.Where(version => !listed.Contains(version.Version) && Find(model.Model, version.Version)?.Servable is not null)];
        return kept.Length == 0 ? model : model with { Versions = [.. model.Versions.Concat(kept).OrderBy(static version => version.Version)] };
    }

    /// <summary>Lets go the versions that are no longer offered, once everything that is offered in their place has come.</summary>
    private void DetachReplaced(CatalogModel model)
    {
        var slots = model.Versions.Select(version => _slots[(model.Model, version.Version)]).ToList();
        if (slots.Exists(static slot => slot is { IsOffered: true, IsMissing: true, IsAsleep: false }))
        {
            return;
        }

        foreach (var slot in slots.Where(static slot => !slot.IsOffered))
        {
            Detach(slot);
        }
    }

    private void Detach(VersionSlot? slot)
    {
        if (slot?.Servable is { } servable)
        {
            Touch(slot);
            slot.Servable = null;
            slot.Unloading++;
            LoadedCount--;
            _detached.Add((slot, servable));
        }
    }
}

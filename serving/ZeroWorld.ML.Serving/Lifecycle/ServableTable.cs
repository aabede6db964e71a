using System.Collections.Frozen;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Every registered version with its servable, and the snapshot that requests see. Decides what is kept; loads and frees nothing itself.</summary>
/// <remarks>Guarded by the manager's lock; only <see cref="Snapshot"/> may be read without it.</remarks>
internal sealed class ServableTable(ServableManagerOptions options)
{
    private readonly Dictionary<(ModelName Model, long Version), VersionSlot> _slots = [];
    private readonly List<(VersionSlot Slot, Servable Servable)> _detached = [];
    private IReadOnlyList<CatalogModel> _listed = [];
    private volatile FrozenDictionary<ModelName, ModelSnapshot> _snapshot = FrozenDictionary<ModelName, ModelSnapshot>.Empty;

    public FrozenDictionary<ModelName, ModelSnapshot> Snapshot => _snapshot;

    public VersionSlot? Find(ModelName model, long version) => _slots.GetValueOrDefault((model, version));

    /// <summary>Takes over a list of the catalog.</summary>
    /// <returns>The versions that the server loads by itself.</returns>
    public IReadOnlyList<VersionSlot> Adopt(IReadOnlyList<CatalogModel> models)
    {
        _listed = models;
        var gone = new HashSet<(ModelName, long)>(_slots.Keys);
        var eager = new List<VersionSlot>();
        foreach (var model in models)
        {
            var chosen = VersionPolicy.ChooseEager(model, options.NewerVersionsMax);
            foreach (var version in model.Versions)
            {
                var key = (model.Model, version.Version);
                gone.Remove(key);
                if (!_slots.TryGetValue(key, out var slot) || slot.Digest != version.Digest)
                {
                    Detach(slot);
                    slot = new VersionSlot(model.Model, version.Version, version.Digest);
                    _slots[key] = slot;
                }

                slot.IsEager = chosen.Contains(version.Version);
                if (slot.IsEager)
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

    /// <summary>Gives a version what its load made; a version that nobody wants any more is let go at once.</summary>
    public void Attach(VersionSlot slot, Servable servable)
    {
        slot.Servable = servable;
        if (Find(slot.Model, slot.Version) != slot)
        {
            Detach(slot);
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        foreach (var slot in _slots.Values)
        {
            Detach(slot);
        }

        _slots.Clear();
        _listed = [];
        _snapshot = FrozenDictionary<ModelName, ModelSnapshot>.Empty;
    }

    /// <summary>Lets go what is not wanted and shows requests the rest.</summary>
    public void Publish()
    {
        var aliases = _listed.ToDictionary(
            static model => model.Model,
            model => model.Aliases.ToFrozenDictionary(static alias => alias.Key, alias => FindEffectiveTarget(model.Model, alias.Key, alias.Value), StringComparer.Ordinal));
        DetachUnwanted(aliases);
        _snapshot = _listed.ToFrozenDictionary(
            static model => model.Model,
            model => new ModelSnapshot(
                model.Model,
                model.Versions.Select(version => _slots[(model.Model, version.Version)]).ToFrozenDictionary(
                    static slot => slot.Version, static slot => new VersionSnapshot(slot.Version, slot.Digest, slot.State, slot.Servable, slot.Failure)),
                [.. model.Versions.Select(static version => version.Version)],
                aliases[model.Model]));
    }

    /// <summary>What was let go since the last call, for the manager to free.</summary>
    public IReadOnlyList<(VersionSlot Slot, Servable Servable)> TakeDetached()
    {
        (VersionSlot, Servable)[] taken = [.. _detached];
        _detached.Clear();
        return taken;
    }

    public IReadOnlyList<ServableStatus> List() =>
    [
        .. _listed.OrderBy(static model => model.Model.Project, StringComparer.Ordinal).ThenBy(static model => model.Model.Name, StringComparer.Ordinal)
            .SelectMany(model => model.Versions.Select(version => (model, slot: _slots[(model.Model, version.Version)])))
            .Select(static item => new ServableStatus(
                item.slot.Model,
                item.slot.Version,
                item.slot.Digest,
                item.slot.State,
                [.. item.model.Aliases.Where(alias => alias.Value == item.slot.Version).Select(static alias => alias.Key).Order(StringComparer.Ordinal)],
                item.slot.Failure?.Message)),
    ];

    /// <summary>The target; while that is not ready, the version that the alias led to before, if it still answers.</summary>
    private long FindEffectiveTarget(ModelName model, string alias, long target) =>
        Find(model, target)?.Servable is null
        && _snapshot.TryGetValue(model, out var known) && known.Aliases.TryGetValue(alias, out var previous) && Find(model, previous)?.Servable is not null
            ? previous
            : target;

    private void DetachUnwanted(Dictionary<ModelName, FrozenDictionary<string, long>> aliases)
    {
        var unaliased = _slots.Values
            .Where(slot => slot.Servable is not null && !slot.IsEager && !aliases[slot.Model].Values.Contains(slot.Version))
            .OrderByDescending(static slot => slot.Servable!.LastUsedTimestamp)
            .ThenByDescending(static slot => slot.Version)
            .Skip(options.UnaliasedVersionsMax)
            .ToList();
        foreach (var slot in unaliased)
        {
            Detach(slot);
        }
    }

    private void Detach(VersionSlot? slot)
    {
        if (slot?.Servable is { } servable)
        {
            slot.Servable = null;
            slot.Unloading++;
            _detached.Add((slot, servable));
        }
    }
}

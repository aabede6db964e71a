using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>What the manager knows of one version. Guarded by the manager's lock.</summary>
internal sealed class VersionSlot(ModelName model, long version, string digest)
{
    public ModelName Model { get; } = model;

    public long Version { get; } = version;

    /// <summary>The content that the catalog has now.</summary>
    public string Digest { get; private set; } = digest;

    /// <summary>What answers: of this content, or of the one before it until the new one is ready.</summary>
    public Servable? Servable { get; set; }

    public ServingException? Failure { get; set; }

    /// <summary>The load in progress: one for all who wait. Never fails; it leaves <see cref="Servable"/> or <see cref="Failure"/>.</summary>
    public Task? Load { get; set; }

    /// <summary>Requests that wait for <see cref="Load"/>.</summary>
    public int Waiting { get; set; }

    /// <summary>Whether the server loads it by itself.</summary>
    public bool IsEager { get; set; }

    /// <summary>Whether requests may ask for it: what a folder's version policy leaves out, and what was unloaded, is no version to them.</summary>
    public bool IsOffered { get; set; }

    public SlotAbsence Absence { get; set; }

    /// <summary>Earlier servables of it that wait for their requests.</summary>
    public int Unloading { get; set; }

    /// <summary>Ends when the last servable that was let go is freed.</summary>
    public Task? Drain { get; set; }

    /// <summary>Timestamp of the manager's clock before which a failed load is not tried again.</summary>
    public long RetryTimestamp { get; set; }

    public TimeSpan RetryDelay { get; set; }

    /// <summary>Whether it is to be loaded: it is not there, or an older content of it is.</summary>
    public bool IsMissing => Servable is null || Servable.Digest != Digest;

    /// <summary>Whether it is not in memory, to save it: the next request brings it.</summary>
    public bool IsAsleep => Servable is null && Absence is SlotAbsence.Deferred or SlotAbsence.OnRequest or SlotAbsence.Evicted;

    public ServableState State => (Servable, Load, Failure, Unloading) switch
    {
        ({ }, _, _, _) => ServableState.Ready,
        (_, { }, _, _) => ServableState.Loading,
        (_, _, { }, _) => ServableState.Failed,
        (_, _, _, > 0) => ServableState.Unloading,
        _ => ServableState.Unloaded,
    };

    /// <summary>Takes over another content of the same version; a failure of the old one says nothing about it.</summary>
    public void Change(string digest)
    {
        Digest = digest;
        Failure = null;
        RetryDelay = TimeSpan.Zero;
        RetryTimestamp = 0;
    }

    public RepositoryEntry ToEntry() => State switch
    {
        ServableState.Ready => new RepositoryEntry(Model, Version, RepositoryState.Ready, Failure?.Message ?? ""),
        ServableState.Loading => new RepositoryEntry(Model, Version, RepositoryState.Loading, ""),
        ServableState.Unloading => new RepositoryEntry(Model, Version, RepositoryState.Unloading, Absence == SlotAbsence.NotAsked ? "" : Reason),
        ServableState.Failed => new RepositoryEntry(Model, Version, RepositoryState.Unavailable, Failure!.Message),
        _ => new RepositoryEntry(Model, Version, RepositoryState.Unavailable, Reason),
    };

    private string Reason => Absence switch
    {
        SlotAbsence.Unloaded => "unloaded",
        SlotAbsence.Deferred => "no room in memory at the start; loads on its first request",
        SlotAbsence.Evicted => "freed to make room in memory; loads on its next request",
        _ => "loads on its first request",
    };
}

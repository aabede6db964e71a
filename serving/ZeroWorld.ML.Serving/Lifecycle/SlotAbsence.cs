namespace ZeroWorld.ML.Serving;

/// <summary>Why a version that could be loaded is not.</summary>
internal enum SlotAbsence
{
    /// <summary>Nobody has asked for it.</summary>
    NotAsked,

    /// <summary>A caller unloaded its model, or has not loaded it yet.</summary>
    Unloaded,

    /// <summary>There was no room when the server loaded its models; the first request loads it.</summary>
    Deferred,

    /// <summary>Models load on their first request here (<see cref="ServableManagerOptions.LoadOnRequest"/>), and there was none yet.</summary>
    OnRequest,

    /// <summary>It was freed to make room; the next request loads it.</summary>
    Evicted,
}

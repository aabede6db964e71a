namespace ZeroWorld.ML.Serving;

/// <summary>Where a model version is in its life on this server.</summary>
public enum ServableState
{
    /// <summary>Registered, and not loaded: loads on its first request.</summary>
    Unloaded,

    Loading,

    /// <summary>Loaded, warmed up and answering.</summary>
    Ready,

    /// <summary>The last attempt to load it failed; it is tried again after a while.</summary>
    Failed,

    /// <summary>No longer offered; waits for the requests that hold it.</summary>
    Unloading,
}

namespace ZeroWorld.ML.Serving;

/// <summary>State of a model version in the index of the repository.</summary>
public enum RepositoryState
{
    /// <summary>Being loaded and warmed up; nothing of it answers yet.</summary>
    Loading,

    /// <summary>Answers.</summary>
    Ready,

    /// <summary>Takes no new requests; those that it has are answered.</summary>
    Unloading,

    /// <summary>Not in memory: the reason says why.</summary>
    Unavailable,
}

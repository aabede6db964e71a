namespace ZeroWorld.ML.Serving;

/// <summary>Who decides which models of the folder are loaded.</summary>
public enum ModelControl
{
    /// <summary>All are loaded at the start; later changes of the folder are not looked at.</summary>
    None,

    /// <summary>All are loaded, and the folder is read again and again: what was added, changed or removed follows.</summary>
    Poll,

    /// <summary>Callers load and unload them.</summary>
    Explicit,
}

namespace ZeroWorld.ML.Models;

/// <summary>Everything that can go wrong with models, packages and the registry, as callers need to tell it apart.</summary>
public enum RegistryError
{
    /// <summary>A name, manifest or argument is wrong.</summary>
    InvalidInput,

    /// <summary>No such model, version or alias.</summary>
    NotFound,

    /// <summary>The package does not pass registration: signature, feature service or golden samples do not fit.</summary>
    Refused,

    /// <summary>The alias points elsewhere than expected.</summary>
    Conflict,

    /// <summary>A file does not match its digest.</summary>
    CorruptArtifact,

    /// <summary>The registry's store cannot be reached now.</summary>
    StoreUnavailable,
}

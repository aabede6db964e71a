using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>One registered version as this server sees it now.</summary>
/// <param name="Model">Its model.</param>
/// <param name="Version">1 or more.</param>
/// <param name="Digest">Digest of its package.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="Aliases">Aliases that the registry points at it, in order of name.</param>
/// <param name="Message">Why it failed; <see langword="null"/> otherwise.</param>
public sealed record ServableStatus(
    ModelName Model, long Version, string Digest, ServableState State, IReadOnlyList<string> Aliases, string? Message)
{
    /// <summary>Memory that it takes on its device, as measured when it was loaded; 0 while it is not.</summary>
    public long MemoryBytes { get; init; }
}

namespace ZeroWorld.ML.Models.Registry;

/// <summary>What a collection found and removed.</summary>
public sealed record ArtifactCollection
{
    /// <value>What nothing names, the largest first: removed, or in a dry run what would be.</value>
    public required IReadOnlyList<CollectedArtifact> Collected { get; init; }

    /// <value>Stored artifacts that a version or a run names.</value>
    public required ArtifactCount Named { get; init; }

    /// <value>Those that nothing names and that stay, since they are younger than the grace.</value>
    public required ArtifactCount Young { get; init; }

    /// <value>Digests that a version or a run names and the store does not hold: something else removed them.</value>
    public required IReadOnlyList<string> Missing { get; init; }
}

/// <param name="Artifact">As it was stored.</param>
/// <param name="Origin">The deleted version and the file that it was, where that is known.</param>
public sealed record CollectedArtifact(StoredArtifact Artifact, string? Origin);

/// <param name="Count">Artifacts.</param>
/// <param name="Bytes">Of them all.</param>
public readonly record struct ArtifactCount(int Count, long Bytes);

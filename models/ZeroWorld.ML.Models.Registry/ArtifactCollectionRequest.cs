namespace ZeroWorld.ML.Models.Registry;

/// <summary>What a collection of artifacts may remove.</summary>
public sealed record ArtifactCollectionRequest
{
    /// <value>What was stored within so long stays, whoever may still want to name it; 0 or more, a day by default.</value>
    public TimeSpan Grace { get; init; } = TimeSpan.FromDays(1);

    /// <value>Whether it only tells what it would remove.</value>
    public bool IsDryRun { get; init; }

    /// <value>Whether it goes on where the registry names nothing at all, and no package that it has deleted is stored: such a store may be another registry's.</value>
    public bool MayTakeAll { get; init; }
}

namespace ZeroWorld.ML.Models.Registry;

/// <summary>A registered version of a model: immutable but for the aliases that point at it, and whether it is in use.</summary>
/// <param name="Model">Name.</param>
/// <param name="Version">1 or more, never reused; a gap is a version that was deleted.</param>
/// <param name="Digest">Identity of the package.</param>
/// <param name="CreatedTime">When it was registered; UTC, whole microseconds.</param>
/// <param name="ManifestJson">manifest.json as it was registered.</param>
/// <param name="Aliases">Aliases that point here, sorted.</param>
public sealed record ModelVersion(
    ModelName Model, long Version, string Digest, DateTimeOffset CreatedTime, string ManifestJson, IReadOnlyList<string> Aliases)
{
    /// <value>Since when it is retired: loaded by no server, pointed at by no alias; <see langword="null"/> for one in use.</value>
    public DateTimeOffset? RetiredTime { get; init; }
}

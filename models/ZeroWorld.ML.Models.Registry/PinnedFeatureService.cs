namespace ZeroWorld.ML.Models.Registry;

/// <summary>A feature service that a registered version reads: a change of its definition that changes the fingerprint would break that version, or, of a retired one, its restoring.</summary>
/// <param name="Service">Project, name and fingerprint.</param>
/// <param name="Model">The model that reads it.</param>
/// <param name="Version">The version that reads it.</param>
/// <param name="Aliases">Aliases that point at that version, sorted: how much it matters.</param>
public sealed record PinnedFeatureService(FeatureServiceReference Service, ModelName Model, long Version, IReadOnlyList<string> Aliases);

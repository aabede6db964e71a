namespace ZeroWorld.ML.Features;

/// <summary>What a feature's values are expected to lie between, both ends included.</summary>
/// <remarks>A value outside is counted and reported at import, at materialization and where training sets are made; it is neither changed nor refused. NaN lies outside.</remarks>
/// <param name="Minimum"><see langword="null"/>: there is none.</param>
/// <param name="Maximum"><see langword="null"/>: there is none.</param>
public sealed record FeatureBounds(double? Minimum, double? Maximum);

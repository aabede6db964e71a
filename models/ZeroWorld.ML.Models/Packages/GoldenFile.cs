namespace ZeroWorld.ML.Models;

/// <summary>golden.json as it lies on disk.</summary>
internal sealed record GoldenFile(IReadOnlyList<GoldenSample> Samples);

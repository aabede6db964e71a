namespace ZeroWorld.ML.GpuNodes;

/// <summary>Where a model goes, or why nowhere: exactly one of the two is set.</summary>
/// <param name="Device">The chosen device.</param>
/// <param name="Refusal">A sentence that names the need, and what is free of how much on each device in question.</param>
public readonly record struct PlacementDecision(DeviceId? Device, string? Refusal);

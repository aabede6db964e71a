namespace ZeroWorld.ML.Models;

/// <summary>One measured value of a run.</summary>
/// <param name="Name">Name of the metric, 1 to 256 characters.</param>
/// <param name="Step">Step (tree, epoch, fold); 0 or more.</param>
/// <param name="Value">Any float64: NaN and infinities are kept as they are.</param>
public readonly record struct RunMetric(string Name, long Step, double Value);

using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Cli;

/// <summary>One run on a page of plots.</summary>
internal sealed record RunPage(TrainingRun Run, IReadOnlyList<RunMetric> Metrics, RunCurves? Curves);

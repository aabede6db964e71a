using ZeroWorld.ML.Training;

namespace ZeroWorld.ML.Cli;

/// <summary>What came out of a training.</summary>
/// <param name="Result">The family's own result.</param>
/// <param name="Run">Id of the tracked run.</param>
/// <param name="Version">The registered version; <see langword="null"/> when it was not registered.</param>
/// <param name="Alias">The alias that was pointed at it, or <see langword="null"/>.</param>
internal sealed record TrainingReport<T>(T Result, TrainingOutcome Outcome, string Run, long? Version, string? Alias);

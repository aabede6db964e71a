using ZeroWorld.ML.Training.Fraud;

namespace ZeroWorld.ML.Cli;

/// <param name="Run">Id of the tracked run.</param>
/// <param name="Version">The registered version; <see langword="null"/> when it was not registered.</param>
/// <param name="Alias">The alias that was pointed at it, or <see langword="null"/>.</param>
internal sealed record FraudTrainReport(FraudTrainOptions Options, FraudTableResult Result, string Run, long? Version, string? Alias);

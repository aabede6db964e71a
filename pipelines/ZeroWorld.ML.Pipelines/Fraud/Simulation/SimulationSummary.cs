namespace ZeroWorld.ML.Pipelines.Fraud;

/// <param name="Transactions">Transactions that were made.</param>
/// <param name="Frauds">Frauds among them.</param>
public sealed record SimulationSummary(long Transactions, long Frauds);

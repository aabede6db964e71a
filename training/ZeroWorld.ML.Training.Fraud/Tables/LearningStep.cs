namespace ZeroWorld.ML.Training.Fraud;

/// <summary>How good the first trees of a model are.</summary>
/// <param name="Trees">So many of them.</param>
/// <param name="FitLogLoss">Mean negative log likelihood on the fit rows, nats.</param>
/// <param name="ValidationLogLoss">The same on validation rows.</param>
public sealed record LearningStep(int Trees, double FitLogLoss, double ValidationLogLoss);

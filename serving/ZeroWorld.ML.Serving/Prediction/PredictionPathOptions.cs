namespace ZeroWorld.ML.Serving;

/// <param name="Prediction">Limits of predictions.</param>
/// <param name="Batching">Limits of the batches that their rows become.</param>
internal sealed record PredictionPathOptions(PredictionOptions Prediction, BatchSchedulerOptions Batching);

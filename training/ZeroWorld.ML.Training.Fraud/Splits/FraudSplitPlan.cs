namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The splits of a training, each with the one inside its training period on which hyper-parameters and thresholds are chosen.</summary>
/// <param name="Week">One week of training: comparable with published figures.</param>
/// <param name="WeekValidation">Five days to fit, two to validate.</param>
/// <param name="Default">The longer training period that the packaged model has.</param>
/// <param name="DefaultValidation">A week to validate behind the label delay, where the period is long enough.</param>
public sealed record FraudSplitPlan(TemporalSplit Week, TemporalSplit WeekValidation, TemporalSplit Default, TemporalSplit DefaultValidation);

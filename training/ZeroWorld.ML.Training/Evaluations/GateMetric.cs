namespace ZeroWorld.ML.Training;

/// <summary>What an <see cref="EvaluationGate"/> compares.</summary>
public enum GateMetric
{
    /// <summary>Stepwise average precision: greater is better.</summary>
    AveragePrecision,

    /// <summary>Area under the ROC curve: greater is better.</summary>
    AucRoc,

    /// <summary>Brier score: smaller is better.</summary>
    Brier,

    /// <summary>Mean negative log likelihood in nats: smaller is better.</summary>
    LogLoss,
}

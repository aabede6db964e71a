using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>What a training on a table measured and made.</summary>
public sealed record FraudTableResult
{
    /// <value>What was left out, and other things worth knowing, one sentence each.</value>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <value>All trials, in order.</value>
    public required IReadOnlyList<TableTrial> Trials { get; init; }

    /// <value>The chosen algorithm.</value>
    public required string Algorithm { get; init; }

    /// <value>Its hyper-parameters.</value>
    public required IReadOnlyDictionary<string, string> Parameters { get; init; }

    /// <value>Trees or passes that early stopping kept, one per seed, in their order; empty where the algorithm does not stop early.</value>
    public required IReadOnlyList<int> StoppedAfter { get; init; }

    /// <value>Name of the chosen calibration.</value>
    public required string Calibration { get; init; }

    public required int TrainRows { get; init; }

    public required int ValidationRows { get; init; }

    /// <value>Quality of every seed on the test rows, in the order of the seeds.</value>
    public required IReadOnlyList<Evaluation> Seeds { get; init; }

    /// <value>Seed of the packaged model: the median by validation average precision.</value>
    public required int Seed { get; init; }

    /// <value>Quality of the packaged model.</value>
    public required Evaluation Packaged { get; init; }

    /// <value>Expected calibration error of the packaged model, bins of equal mass.</value>
    public required double CalibrationError { get; init; }

    public required IReadOnlyList<SegmentQuality> Segments { get; init; }

    public required DecisionThresholds Thresholds { get; init; }

    /// <value>Mean absolute Shapley value of each column over test rows, greatest first; empty for a model that is neither made of trees nor linear.</value>
    public required IReadOnlyList<ReasonCode> Importance { get; init; }

    /// <value>The most suspicious test rows with their reasons; empty for a model that is neither made of trees nor linear.</value>
    public required IReadOnlyList<ExplainedRow> Explained { get; init; }

    /// <value>By tree, on fit and validation rows; empty for a model that is not boosted.</value>
    public required IReadOnlyList<LearningStep> LearningCurve { get; init; }

    /// <value>Test labels and scores of the packaged model, in order of time.</value>
    public required IReadOnlyList<bool> TestLabels { get; init; }

    public required IReadOnlyList<float> TestScores { get; init; }

    public required ModelPackage Package { get; init; }

    public required ParityReport Parity { get; init; }

    /// <value>The gate's verdict against the champion on the same test rows.</value>
    public required GateVerdict Gate { get; init; }
}

using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>What a training measured and made.</summary>
public sealed record FraudTrainingResult
{
    /// <value>The split with the longer training period; its model is packaged.</value>
    public required EvaluationSummary Default { get; init; }

    /// <value>The split with one week of training; <see langword="null"/> where the data has too few frauds for it, see <see cref="WeekProblem"/>.</value>
    public EvaluationSummary? Week { get; init; }

    /// <value>Why there is no <see cref="Week"/>.</value>
    public string? WeekProblem { get; init; }

    /// <value>The search of the default split, in grid order.</value>
    public required IReadOnlyList<Trial> Trials { get; init; }

    /// <value>Seed of the packaged model: the median of the seeds by average precision on validation rows.</value>
    public required int Seed { get; init; }

    /// <value>Quality of the packaged model on the test rows.</value>
    public required Evaluation Packaged { get; init; }

    public required DecisionThresholds Thresholds { get; init; }

    public required ModelPackage Package { get; init; }

    /// <value><see langword="null"/> when the request had no scorer.</value>
    public ParityReport? Parity { get; init; }
}

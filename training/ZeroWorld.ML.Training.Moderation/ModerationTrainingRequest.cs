using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What a text classifier is trained on, and for.</summary>
public sealed record ModerationTrainingRequest
{
    public required ModelName Model { get; init; }

    public required LabelledTexts Data { get; init; }

    /// <value>A new or empty folder.</value>
    public required string OutputDirectory { get; init; }

    /// <value>Default: all channels with their default weights.</value>
    public TextFeaturizerSettings Features { get; init; } = new();

    /// <value>Default <see cref="TextAlgorithm.Linear"/>.</value>
    public TextAlgorithm Algorithm { get; init; }

    /// <value>What flagging for review must reach; default: recall 0.9.</value>
    public ThresholdGoal Review { get; init; } = new(ThresholdGoalKind.Recall, 0.9);

    /// <value>What blocking must reach; default: precision 0.95.</value>
    public ThresholdGoal Block { get; init; } = new(ThresholdGoalKind.Precision, 0.95);

    /// <value>Labels that are no reason to act, such as <c>neither</c>; they get no rule.</value>
    public IReadOnlyList<string> Harmless { get; init; } = [];

    public int Seed { get; init; } = 1;

    /// <value>The model in place, scored on the same texts; <see langword="null"/>: none.</value>
    public ModelPackage? Champion { get; init; }

    /// <value>The gate against it.</value>
    public EvaluationGate Gate { get; init; } = new();
}

using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What a text classifier is trained on, and for.</summary>
public sealed record ModerationTrainingRequest
{
    internal const int DisguisedCopiesMax = 8;

    /// <summary>All channels that undo disguises; those that most disguises leave as they are weigh more than the plain words, which every disguise takes away.</summary>
    public static TextFeaturizerSettings DefaultFeatures { get; } = new() { LettersWeight = 1.5f, NearWeight = 1, SqueezedWeight = 2, Folding = 2 };

    public required ModelName Model { get; init; }

    public required LabelledTexts Data { get; init; }

    /// <value>A new or empty folder.</value>
    public required string OutputDirectory { get; init; }

    /// <value>Default <see cref="DefaultFeatures"/>.</value>
    public TextFeaturizerSettings Features { get; init; } = DefaultFeatures;

    /// <value>
    /// Copies of each text that are learned from beside it, each written as somebody would who hides it (<see cref="TextObfuscation"/>), so that no weight rests on what a disguise takes away;
    /// 0 to 8, default 1. Of linear models a copy has half of a text's weight. Fewer where there would be more than 1,000,000 rows.
    /// </value>
    public int DisguisedCopies { get; init; } = 1;

    /// <value>Whether the model keeps the words of its texts and reads an unknown word as the known one that it hides (<see cref="WordLexicon"/>); default true.</value>
    public bool ReadsHiddenWords { get; init; } = true;

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

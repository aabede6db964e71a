using ZeroWorld.ML.Training;

namespace ZeroWorld.ML.Cli;

/// <summary>What <c>zwml train recommendation</c> was asked for.</summary>
internal sealed record RecommendationTrainOptions
{
    public required InteractionSource Source { get; init; }

    /// <value>Out of <see cref="Training.Recommendation.RecommendationTraining.Algorithms"/>.</value>
    public required string Algorithm { get; init; }

    public required int Seed { get; init; }

    /// <value>Where a server reads recent items: feature service, column, entity key.</value>
    public (string Service, string Column, string Key)? Recent { get; init; }

    public required EvaluationGate Gate { get; init; }

    public required TrainingTarget Target { get; init; }

    /// <value>Name of the run.</value>
    public string? Name { get; init; }
}

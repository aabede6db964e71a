namespace ZeroWorld.ML.Training.Recommendation;

/// <param name="Model">Fitted on all rows.</param>
/// <param name="Parameters">The chosen hyper-parameters.</param>
/// <param name="Metrics">Of the same hyper-parameters, fitted without the rows that were held back and measured on them: a full ranking.</param>
public sealed record TrainedRecommender(IRecommender Model, IReadOnlyDictionary<string, string> Parameters, RankingMetrics Metrics)
{
    /// <value>The same rows among 99 drawn negatives each (fewer where the catalogue has fewer): for comparison with figures of that kind, never with <see cref="Metrics"/>.</value>
    public required RankingMetrics Sampled { get; init; }

    /// <value>What <see cref="Metrics"/> is the mean of.</value>
    public required HeldBackRows HeldBack { get; init; }
}

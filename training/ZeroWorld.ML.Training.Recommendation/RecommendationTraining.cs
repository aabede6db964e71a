namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Trains one recommender on a data set: chooses its hyper-parameters on rows that are held back, measures it on others, and fits it on all rows.</summary>
public static class RecommendationTraining
{
    /// <summary>Algorithms that can be trained and packaged.</summary>
    public static IReadOnlyList<string> Algorithms { get; } = ["als", "ease", "item-neighbours", "user-neighbours", "mf", "neumf", "two-tower", "sasrec"];

    /// <param name="algorithm">Out of <see cref="Algorithms"/>.</param>
    /// <param name="hasTimes">Whether histories are in order of time: then each user's last item is held back, else a drawn one.</param>
    /// <param name="progress">Receives every finished step.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: an unknown algorithm. <see cref="TrainingError.UnsuitableData"/>: too little data.</exception>
    public static TrainedRecommender Run(
        InteractionSet interactions, string algorithm, bool hasTimes, int seed, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(interactions);
        var grid = GridOf(algorithm, interactions);
        var test = HoldBack(interactions);
        var validation = HoldBack(test.Train);
        test.Check();
        validation.Check();
        var (done, total) = (0, (grid.Count > 1 ? grid.Count : 0) + 2);
        var (best, bestValue) = (grid[0], double.NegativeInfinity);
        if (grid.Count > 1)
        {
            foreach (var trainer in grid)
            {
                var value = RankingEvaluation.Full(trainer.Fit(validation.Train, seed, cancellationToken), validation, OptionsOf(validation), cancellationToken).Ndcg;
                Step("search", $"{value:F4} with {string.Join(", ", trainer.Parameters.Select(static pair => $"{pair.Key}={pair.Value}"))}");
                if (value > bestValue)
                {
                    (best, bestValue) = (trainer, value);
                }
            }
        }

        var metrics = RankingEvaluation.Full(best.Fit(test.Train, seed, cancellationToken), test, OptionsOf(test), cancellationToken);
        Step("measure", $"{metrics.NameOf("NDCG")} {metrics.Ndcg:F4}");
        var model = best.Fit(interactions, seed, cancellationToken);
        Step("fit", $"{interactions.Count} interactions");
        return new TrainedRecommender(model, best.Parameters, metrics);

        InteractionSplit HoldBack(InteractionSet set) => hasTimes ? InteractionSplits.LeaveLastOut(set) : InteractionSplits.LeaveOneOut(set, seed);

        void Step(string stage, string detail) => progress?.Report(new TrainingProgress(stage, detail, ++done, total));
    }

    private static RankingOptions OptionsOf(InteractionSplit split) => new() { Cut = Math.Min(10, split.Train.ItemCount) };

    private static IReadOnlyList<IRecommenderTrainer> GridOf(string algorithm, InteractionSet interactions) => algorithm switch
    {
        "als" => Grids.Als(new ImplicitAlsSettings { Dimensions = interactions.ItemCount < 1000 ? 32 : 64 }, 0.003, 0.01, 0.03),
        "ease" => Grids.Ease(100, 300, 1000),
        "item-neighbours" => [.. Grids.ItemNeighbours(100), .. Grids.RecentItems([0.8], [1, 0.8])],
        "user-neighbours" => Grids.UserNeighbours(50, 200),
        "mf" => Grids.Sampled(new SampledFactorSettings(), 0.005),
        "neumf" => [new NeuMfTrainer(new NeuMfSettings())],
        "two-tower" => [new TwoTowerTrainer(new SequenceSettings())],
        "sasrec" => [new SelfAttentionTrainer(new SequenceSettings())],
        _ => throw new TrainingException(TrainingError.InvalidInput, $"algorithm: '{algorithm}' is unknown; expected one of {string.Join(", ", Algorithms)}."),
    };
}

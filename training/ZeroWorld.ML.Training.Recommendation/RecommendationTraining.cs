namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Trains one recommender on a data set: chooses its hyper-parameters on rows that are held back, measures it on others, and fits it on all rows.</summary>
public static class RecommendationTraining
{
    private const int SampledNegatives = 99;

    /// <summary>Algorithms that can be trained and packaged.</summary>
    public static IReadOnlyList<string> Algorithms { get; } = ["als", "ease", "item-neighbours", "user-neighbours", "mf", "neumf", "neumf-torchsharp", "two-tower", "sasrec", "content", "hybrid"];

    /// <param name="algorithm">Out of <see cref="Algorithms"/>.</param>
    /// <param name="attributes">Of the items of the set; <c>content</c> rests on them, <c>hybrid</c> uses them where they are there.</param>
    /// <param name="hasTimes">Whether histories are in order of time: then each user's last item is held back, else a drawn one.</param>
    /// <param name="progress">Receives every finished step.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: an unknown algorithm, or <c>content</c> without attributes. <see cref="TrainingError.UnsuitableData"/>: too little data.</exception>
    public static TrainedRecommender Run(
        InteractionSet interactions, string algorithm, ItemAttributes? attributes, bool hasTimes, int seed, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(interactions);
        var grid = GridOf(algorithm, interactions, attributes);
        var test = HoldBack(interactions);
        if (test.Test.Count == 0)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData,
                $"None of the {interactions.UserCount} users has two interactions with different items; expected at least one, to learn from one and to measure by the other.");
        }

        test.Check();
        var validation = HoldBack(test.Train);
        if (validation.Test.Count == 0 && grid.Count > 1)
        {
            // Nobody has a third interaction to choose by.
            grid = [grid[0]];
        }

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

        var measured = best.Fit(test.Train, seed, cancellationToken);
        var (users, rankings) = RankingEvaluation.FullByUser(measured, test, OptionsOf(test), cancellationToken);
        var metrics = RankingEvaluation.Mean(rankings, OptionsOf(test), "full");
        var sampled = RankingEvaluation.Sampled(measured, test, SampledCandidates.Draw(test, SampledNegatives, seed), OptionsOf(test), cancellationToken);
        Step("measure", $"{metrics.NameOf("NDCG")} {metrics.Ndcg:F4}");
        var model = best.Fit(interactions, seed, cancellationToken);
        Step("fit", $"{interactions.Count} interactions");
        return new TrainedRecommender(model, best.Parameters, metrics)
        {
            Sampled = sampled,
            HeldBack = new HeldBackRows(users, [.. users.Select(user => test.Test.ItemsOf(user)[0])], [.. rankings.Select(static ranking => (float)ranking.Ndcg)]),
        };

        InteractionSplit HoldBack(InteractionSet set) => hasTimes ? InteractionSplits.LeaveLastOut(set) : InteractionSplits.LeaveOneOut(set, seed);

        void Step(string stage, string detail) => progress?.Report(new TrainingProgress(stage, detail, ++done, total));
    }

    internal static RankingOptions OptionsOf(InteractionSplit split) => new() { Cut = Math.Min(10, split.Train.ItemCount) };

    private static IReadOnlyList<IRecommenderTrainer> GridOf(string algorithm, InteractionSet interactions, ItemAttributes? attributes) => algorithm switch
    {
        "als" => Als(interactions),
        "ease" => Grids.Ease(100, 300, 1000),
        "item-neighbours" => [.. Grids.ItemNeighbours(100), .. Grids.RecentItems([0.8], [1, 0.8])],
        "user-neighbours" => Grids.UserNeighbours(50, 200),
        "mf" => Grids.Sampled(new SampledFactorSettings(), 0.005),
        "neumf" => [new NeuMfTrainer(new NeuMfSettings())],
        "neumf-torchsharp" => [new NeuMfTrainer(new NeuMfSettings { Engine = NeuMfEngine.TorchSharp })],
        "two-tower" => [new TwoTowerTrainer(new SequenceSettings())],
        "sasrec" => [new SelfAttentionTrainer(new SequenceSettings())],
        "content" => attributes is null
            ? throw new TrainingException(TrainingError.InvalidInput, "algorithm: 'content' recommends by attributes of items; expected a table of them.")
            : [new ContentTrainer(attributes), new ContentTrainer(attributes, new RecencyWeights(0.8, 20))],
        "hybrid" => Hybrid(interactions, attributes),
        _ => throw new TrainingException(TrainingError.InvalidInput, $"algorithm: '{algorithm}' is unknown; expected one of {string.Join(", ", Algorithms)}."),
    };

    private static IReadOnlyList<IRecommenderTrainer> Als(InteractionSet interactions) =>
        Grids.Als(new ImplicitAlsSettings { Dimensions = interactions.ItemCount < 1000 ? 32 : 64 }, 0.003, 0.01, 0.03);

    /// <summary>EASE (of large catalogues: item neighbours) and ALS, and attributes where they are there: those always count, since what nobody used yet is not among the rows that choose.</summary>
    private static IReadOnlyList<IRecommenderTrainer> Hybrid(InteractionSet interactions, ItemAttributes? attributes)
    {
        var linear = interactions.ItemCount <= EaseTrainer.ItemsMax ? Grids.Ease(300, 1000) : Grids.ItemNeighbours(100);
        var content = attributes is null ? null : new ContentTrainer(attributes);
        return Grids.Hybrid(linear, Als(interactions), content, attributes is null ? [0] : [0.05, 0.2], 0.3, 0.5, 0.7);
    }
}

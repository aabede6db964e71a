namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Small grids of hyper-parameters.</summary>
internal static class Grids
{
    /// <summary>The rate was the best of 0.01 to 0.05 on the validation rows of <see cref="NcfMovieLensReproduction"/>.</summary>
    internal static SampledFactorSettings MovieLensFactors => new() { Dimensions = 64, LearningRate = 0.04, Regularisation = 0.005, Negatives = 4, Epochs = 20 };

    internal static IReadOnlyList<IRecommenderTrainer> ItemNeighbours(params IReadOnlyList<int> neighbours) =>
        [.. neighbours.Select(static count => new ItemNeighbourTrainer(new ItemNeighbourSettings { Neighbours = count }))];

    internal static IReadOnlyList<IRecommenderTrainer> RecentItems(IReadOnlyList<double> decays, IReadOnlyList<double> gaps) =>
    [
        .. decays.SelectMany(decay => gaps.Select(gap =>
            new ItemNeighbourTrainer(new ItemNeighbourSettings { Neighbours = 0, Recency = new RecencyWeights(decay, 20), Gap = gap }))),
    ];

    internal static IReadOnlyList<IRecommenderTrainer> UserNeighbours(params IReadOnlyList<int> neighbours) => [.. neighbours.Select(static count => new UserNeighbourTrainer(count))];

    internal static IReadOnlyList<IRecommenderTrainer> Ease(params IReadOnlyList<double> lambdas) => [.. lambdas.Select(static lambda => new EaseTrainer(lambda))];

    internal static IReadOnlyList<IRecommenderTrainer> Sampled(SampledFactorSettings settings, params IReadOnlyList<double> regularisations) =>
        [.. regularisations.Select(regularisation => new SampledFactorTrainer(settings with { Regularisation = regularisation }))];

    /// <summary>Every pair of a first and a second part, with every share of the second.</summary>
    internal static IReadOnlyList<IRecommenderTrainer> Hybrid(
        IReadOnlyList<IRecommenderTrainer> firsts, IReadOnlyList<IRecommenderTrainer> seconds, params IReadOnlyList<double> shares) => Hybrid(firsts, seconds, null, [0], shares);

    /// <summary>And with a third part, by every share of the whole that it may have.</summary>
    internal static IReadOnlyList<IRecommenderTrainer> Hybrid(
        IReadOnlyList<IRecommenderTrainer> firsts, IReadOnlyList<IRecommenderTrainer> seconds, IRecommenderTrainer? third, IReadOnlyList<double> thirdShares,
        params IReadOnlyList<double> shares)
    {
        // The parts of all are the same: each is learned once.
        IRecommenderTrainer[] remembered = [.. seconds.Select(static second => new RememberedTrainer(second))];
        return
        [
            .. firsts.Select(static first => new RememberedTrainer(first)).SelectMany(first => remembered.SelectMany(second => shares.SelectMany(share => thirdShares.Select(rest =>
            {
                (IRecommenderTrainer, double)[] parts = [(first, (1 - share) * (1 - rest)), (second, share * (1 - rest))];
                return new HybridTrainer(third is null ? parts : [.. parts, (third, rest)]);
            })))),
        ];
    }

    internal static IReadOnlyList<IRecommenderTrainer> NeuMf(NeuMfSettings settings, params IReadOnlyList<double> regularisations) =>
        [.. regularisations.Select(regularisation => new NeuMfTrainer(settings with { Factors = settings.Factors with { Regularisation = regularisation } }))];

    internal static IReadOnlyList<IRecommenderTrainer> TwoTowers(SequenceSettings settings, params IReadOnlyList<double> decays) =>
        [.. decays.Select(decay => new TwoTowerTrainer(settings with { Decay = decay }))];

    internal static IReadOnlyList<IRecommenderTrainer> SelfAttention(SequenceSettings settings, params IReadOnlyList<double> dropouts) =>
        [.. dropouts.Select(dropout => new SelfAttentionTrainer(settings with { Dropout = dropout }))];

    internal static IReadOnlyList<IRecommenderTrainer> Als(ImplicitAlsSettings settings, params IReadOnlyList<double> regularisations) =>
        [.. regularisations.Select(regularisation => new ImplicitAlsTrainer(settings with { Regularisation = regularisation }))];
}

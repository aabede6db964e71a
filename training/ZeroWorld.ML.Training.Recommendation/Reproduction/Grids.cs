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

    /// <summary>EASE with a share of content.</summary>
    internal static IReadOnlyList<IRecommenderTrainer> Hybrid(ItemAttributes attributes, params IReadOnlyList<double> shares) =>
        [.. shares.Select(share => new HybridTrainer([(new EaseTrainer(300), 1 - share), (new ContentTrainer(attributes), share)]))];

    internal static IReadOnlyList<IRecommenderTrainer> NeuMf(NeuMfSettings settings, params IReadOnlyList<double> regularisations) =>
        [.. regularisations.Select(regularisation => new NeuMfTrainer(settings with { Factors = settings.Factors with { Regularisation = regularisation } }))];

    internal static IReadOnlyList<IRecommenderTrainer> TwoTowers(SequenceSettings settings, params IReadOnlyList<double> decays) =>
        [.. decays.Select(decay => new TwoTowerTrainer(settings with { Decay = decay }))];

    internal static IReadOnlyList<IRecommenderTrainer> SelfAttention(SequenceSettings settings, params IReadOnlyList<double> dropouts) =>
        [.. dropouts.Select(dropout => new SelfAttentionTrainer(settings with { Dropout = dropout }))];

    internal static IReadOnlyList<IRecommenderTrainer> Als(ImplicitAlsSettings settings, params IReadOnlyList<double> regularisations) =>
        [.. regularisations.Select(regularisation => new ImplicitAlsTrainer(settings with { Regularisation = regularisation }))];
}

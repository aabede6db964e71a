namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Small grids of hyper-parameters.</summary>
internal static class Grids
{
    internal static IReadOnlyList<IRecommenderTrainer> ItemNeighbours(params IReadOnlyList<int> neighbours) =>
        [.. neighbours.Select(static count => new ItemNeighbourTrainer(new ItemNeighbourSettings { Neighbours = count }))];

    internal static IReadOnlyList<IRecommenderTrainer> RecentItems(IReadOnlyList<double> decays, IReadOnlyList<double> gaps) =>
    [
        .. decays.SelectMany(decay => gaps.Select(gap =>
            new ItemNeighbourTrainer(new ItemNeighbourSettings { Neighbours = 0, Recency = new RecencyWeights(decay, 20), Gap = gap }))),
    ];

    internal static IReadOnlyList<IRecommenderTrainer> UserNeighbours(params IReadOnlyList<int> neighbours) => [.. neighbours.Select(static count => new UserNeighbourTrainer(count))];

    internal static IReadOnlyList<IRecommenderTrainer> Ease(params IReadOnlyList<double> lambdas) => [.. lambdas.Select(static lambda => new EaseTrainer(lambda))];

    internal static IReadOnlyList<IRecommenderTrainer> Als(ImplicitAlsSettings settings, params IReadOnlyList<double> regularisations) =>
        [.. regularisations.Select(regularisation => new ImplicitAlsTrainer(settings with { Regularisation = regularisation }))];
}

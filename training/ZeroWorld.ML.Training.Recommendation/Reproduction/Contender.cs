namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>One algorithm of a table: what is tried, and what is known of it.</summary>
/// <param name="Grid">Trainers to choose from on validation rows, from simple to complex; one needs no choice.</param>
internal sealed record Contender(string Algorithm, IReadOnlyList<IRecommenderTrainer> Grid)
{
    /// <value>By the name of the metric, without its kind: <c>HR@10</c>.</value>
    internal IReadOnlyDictionary<string, (double? Published, string? Source, double? Bar)> Known { get; init; } =
        new Dictionary<string, (double?, string?, double?)>();

    /// <value>Least share of the trained users' hit rate that folded-in users must have; <see langword="null"/> does not measure it.</value>
    internal double? FoldInBar { get; init; }
}

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Ranks items by how many users they have: the floor that every other recommender must leave.</summary>
public sealed class PopularityTrainer : IRecommenderTrainer
{
    public string Algorithm => "popularity";

    public IReadOnlyDictionary<string, string> Parameters { get; } = new Dictionary<string, string>();

    public bool IsRandom => false;

    public IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(train);
        return new PopularityModel(Algorithm, [.. train.CountByItem().Select(static count => (float)count)]);
    }

    private sealed class PopularityModel(string algorithm, float[] counts) : IRecommender
    {
        public string Algorithm => algorithm;

        public int ItemCount => counts.Length;

        public void Score(UserHistory history, Span<float> scores) => counts.CopyTo(scores);
    }
}

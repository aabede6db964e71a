using static TorchSharp.torch;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Two towers: one makes a query of a user's recent items, the other a vector of an item; their product is the score, so that the items can be searched by an index.</summary>
/// <remarks>
/// The user tower is the mean of the recent items' embeddings, weighted by recency, and a perceptron on it. Trained as <see cref="SelfAttentionTrainer"/>: a sampled softmax over the
/// catalogue (Covington et al., "Deep Neural Networks for YouTube Recommendations", 2016). One fit at a time in a process.
/// </remarks>
public sealed class TwoTowerTrainer(SequenceSettings settings) : IRecommenderTrainer
{
    public string Algorithm => "two-tower";

    public IReadOnlyDictionary<string, string> Parameters { get; } = settings.ToParameters();

    public bool IsRandom => true;

    public IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(train);
        settings.Check();
        lock (SequenceNetworks.Gate)
        {
            manual_seed(seed);
            using var network = new TwoTowerNetwork(settings, train.ItemCount);
            SequenceFit.Run(network, train, settings, seed, cancellationToken);
            return network.ToModel(Algorithm);
        }
    }
}

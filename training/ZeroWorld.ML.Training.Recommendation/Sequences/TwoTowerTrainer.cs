namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Two towers: one makes a query of a user's recent items, the other a vector of an item; their product is the score, so that the items can be searched by an index.</summary>
/// <remarks>
/// The user tower is the mean of the recent items' embeddings, weighted by recency, and a perceptron on it (Covington et al., "Deep Neural Networks for YouTube Recommendations", 2016).
/// </remarks>
public sealed class TwoTowerTrainer(SequenceSettings settings) : SequenceTrainer("two-tower", settings)
{
    private protected override SequenceNetwork NewNetwork(int items) => new TwoTowerNetwork(Settings, items);
}

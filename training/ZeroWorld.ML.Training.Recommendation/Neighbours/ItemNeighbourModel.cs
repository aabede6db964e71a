namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Neighbours of every item. Users are their histories: a stranger is scored exactly as a trained user.</summary>
internal sealed class ItemNeighbourModel(string algorithm, SparseRows neighbours, RecencyWeights recency) : IRecommender
{
    public string Algorithm => algorithm;

    public int ItemCount => neighbours.RowCount;

    internal SparseRows Neighbours => neighbours;

    internal RecencyWeights Recency => recency;

    public void Score(UserHistory history, Span<float> scores)
    {
        scores.Clear();
        var items = recency.Recent(history.Items);
        for (var index = 0; index < items.Length; index++)
        {
            neighbours.AddRow(items[index], recency.At(items.Length - 1 - index), scores);
        }
    }
}

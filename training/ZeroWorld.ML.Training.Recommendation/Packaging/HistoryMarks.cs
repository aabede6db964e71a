namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>What the second input of a graph over histories holds at each place.</summary>
internal static class HistoryMarks
{
    /// <param name="place">0 for the oldest.</param>
    /// <param name="length">Items of the history.</param>
    internal static float At(IRecommender model, int place, int length)
    {
        var age = length - 1 - place;
        return model switch
        {
            SelfAttentionModel => age == 0 ? 1 : 0,
            ItemNeighbourModel neighbours => Weight(neighbours.Recency, age),
            ContentModel content => Weight(content.Recency, age),
            EaseModel ease => Weight(ease.Recency, age),
            TwoTowerModel towers => Weight(new RecencyWeights(towers.Settings.Decay, towers.Settings.HistoryMax), age),
            _ => 1,
        };
    }

    private static float Weight(RecencyWeights recency, int age) => recency.RecentMax > 0 && age >= recency.RecentMax ? 0 : recency.At(age);
}

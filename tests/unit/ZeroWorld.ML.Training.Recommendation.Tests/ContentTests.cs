namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class ContentTests
{
    [Fact]
    public void Score_ItemNobodyUsed_RanksByItsAttributes()
    {
        var set = Sets.Of(4, [0], [1]);
        var attributes = ItemAttributes.Of(set.Items, [("i0", "genre", "Comedy"), ("i1", "genre", "Horror"), ("i2", "genre", "Comedy"), ("i3", "genre", "Horror"), ("i9", "genre", "War")]);
        var scores = new float[4];

        new ContentTrainer(attributes).Fit(set, 1, Sets.Token).Score(new UserHistory(set.ItemsOf(0)), scores);

        Assert.True(scores[2] > 0);
        Assert.Equal(0, scores[3]);
        Assert.Equal(["genre=Comedy", "genre=Horror"], attributes.Tokens);
    }

    [Fact]
    public void Score_Hybrid_IsTheWeightedSumOfStandardScores()
    {
        var set = Sets.TwoTastes();
        IRecommenderTrainer[] trainers = [new EaseTrainer(20), new ItemNeighbourTrainer(new ItemNeighbourSettings())];
        var (first, second, hybrid) = (new float[40], new float[40], new float[40]);
        trainers[0].Fit(set, 1, Sets.Token).Score(new UserHistory(set.ItemsOf(0)), first);
        trainers[1].Fit(set, 1, Sets.Token).Score(new UserHistory(set.ItemsOf(0)), second);

        new HybridTrainer([(trainers[0], 0.75), (trainers[1], 0.25)]).Fit(set, 1, Sets.Token).Score(new UserHistory(set.ItemsOf(0)), hybrid);

        var (a, b) = (Standard(first), Standard(second));
        Assert.All(Enumerable.Range(0, 40), item => Assert.Equal((0.75 * a[item]) + (0.25 * b[item]), hybrid[item], 4));
    }

    private static double[] Standard(float[] scores)
    {
        var mean = scores.Average();
        var deviation = Math.Sqrt(scores.Average(score => (score - mean) * (score - mean)));
        return [.. scores.Select(score => (score - mean) / deviation)];
    }
}

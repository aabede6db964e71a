namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class RankingEvaluationTests
{
    [Fact]
    public void Sampled_ConstantScore_IsWorthChance()
    {
        var split = InteractionSplits.LeaveLastOut(Sets.Of(200, [.. Enumerable.Range(0, 20).Select(static user => new[] { user, user + 1, user + 2 })]));

        var metrics = RankingEvaluation.Sampled(new Fixed(new float[200]), split, SampledCandidates.Draw(split, 99, 1), new RankingOptions(), Sets.Token);

        Assert.Equal(0.1, metrics.HitRate, 12);
        Assert.Equal(Enumerable.Range(0, 10).Sum(static place => 1 / Math.Log2(place + 2)) / 100, metrics.Ndcg, 12);
        Assert.Equal(0, metrics.PessimisticHitRate);
        Assert.Equal("HR@10 (99 sampled)", metrics.NameOf("HR"));
    }

    [Fact]
    public void Of_Ties_EqualsTheMeanOverAllOrders()
    {
        // Every order of the ties, one by one: 3 scores of 1 (two wanted), one of 2, two of 0 (one wanted).
        float[] scores = [2, 1, 1, 1, 0, 0];
        bool[] wanted = [false, true, false, true, false, true];
        foreach (var cut in new[] { 1, 2, 3, 4, 5 })
        {
            var orders = Orders([0, 1, 2, 3, 4, 5]).Where(order => order.Zip(order.Skip(1)).All(pair => scores[pair.First] >= scores[pair.Second])).ToArray();
            var expected = orders.Select(order => Plain([.. order.Select(index => wanted[index])], cut)).ToArray();

            var ranking = UserRanking.Of(scores, [1, 0, 1], cut);

            Assert.Equal(36 / 3, orders.Length);
            Assert.Equal(expected.Average(static plain => plain.Hit), ranking.Hit, 12);
            Assert.Equal(expected.Average(static plain => plain.Ndcg), ranking.Ndcg, 12);
            Assert.Equal(expected.Average(static plain => plain.Recall), ranking.Recall, 12);
            Assert.Equal(expected.Average(static plain => plain.Mrr), ranking.Mrr, 12);
            Assert.Equal(expected.Min(static plain => plain.Ndcg), ranking.PessimisticNdcg, 12);
        }
    }

    [Fact]
    public void Full_KnownScores_LeavesOutWhatWasSeen()
    {
        // The user saw items 4 and 3, the best; the test item 1 is beaten by item 2 only.
        var split = InteractionSplits.LeaveLastOut(Sets.Of(5, [4, 3, 1]));

        var metrics = RankingEvaluation.Full(new Fixed([0, 5, 6, 7, 8]), split, new RankingOptions { Cut = 2 }, Sets.Token);

        Assert.Equal(1, metrics.HitRate);
        Assert.Equal(1 / Math.Log2(3), metrics.Ndcg, 12);
        Assert.Equal(0.5, metrics.Mrr);
        Assert.Equal("full", metrics.Kind);
    }

    [Fact]
    public void Full_CutBeyondTheCatalogue_NamesBoth()
    {
        var split = InteractionSplits.LeaveLastOut(Sets.Of(3, [0, 1]));

        var exception = Assert.Throws<TrainingException>(() => RankingEvaluation.Full(new Fixed(new float[3]), split, new RankingOptions { Cut = 4 }, Sets.Token));

        Assert.Contains("cut is 4; expected 1 to 3", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Full_ScoreIsNoNumber_IsRefused()
    {
        var split = InteractionSplits.LeaveLastOut(Sets.Of(3, [0, 1]));

        var exception = Assert.Throws<TrainingException>(() => RankingEvaluation.Full(new Fixed([1, float.NaN, 0]), split, new RankingOptions { Cut = 1 }, Sets.Token));

        Assert.Contains("fixed scores an item with NaN for user 'u0'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_Negatives_HoldNoPositive()
    {
        var split = InteractionSplits.LeaveLastOut(Sets.TwoTastes());

        var candidates = SampledCandidates.Draw(split, 99, 1);

        // 40 items, 8 of them positives: all others are drawn.
        Assert.All(Enumerable.Range(0, split.Train.UserCount), user =>
        {
            var negatives = candidates.Of(user).ToArray();
            Assert.Equal(32, negatives.Distinct().Count());
            Assert.Empty(negatives.Intersect([.. split.Train.ItemsOf(user), .. split.Test.ItemsOf(user)]));
        });
    }

    [Fact]
    public void Sampled_PositiveAmongNegatives_IsRefused()
    {
        var split = InteractionSplits.LeaveLastOut(Sets.Of(12, [0, 1, 2]));

        var exception = Assert.Throws<TrainingException>(() => RankingEvaluation.Sampled(new Fixed(new float[12]), split, new SampledCandidates([[2, 5, 0]], 3), new RankingOptions(), Sets.Token));

        Assert.Contains("2 of the negatives of user 'u0' are positives", exception.Message, StringComparison.Ordinal);
    }

    private static (double Hit, double Ndcg, double Recall, double Mrr) Plain(bool[] order, int cut)
    {
        var gain = order.Take(cut).Select(static (isWanted, place) => isWanted ? 1 / Math.Log2(place + 2) : 0).Sum();
        var ideal = Enumerable.Range(0, Math.Min(cut, 3)).Sum(static place => 1 / Math.Log2(place + 2));
        var first = Array.IndexOf(order, true);
        return (first < cut ? 1 : 0, gain / ideal, order.Take(cut).Count(static isWanted => isWanted) / 3.0, first < cut ? 1.0 / (first + 1) : 0);
    }

    private static IEnumerable<int[]> Orders(int[] rest) => rest.Length == 0
        ? [[]]
        : rest.SelectMany(first => Orders([.. rest.Where(other => other != first)]).Select(tail => (int[])[first, .. tail]));

    private sealed class Fixed(float[] scores) : IRecommender
    {
        public string Algorithm => "fixed";

        public int ItemCount => scores.Length;

        public void Score(UserHistory history, Span<float> target) => scores.CopyTo(target);
    }
}

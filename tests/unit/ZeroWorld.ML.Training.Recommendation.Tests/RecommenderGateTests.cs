namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class RecommenderGateTests
{
    private static readonly EvaluationGate Gate = new();

    [Fact]
    public void Judge_NoChampion_Passes()
    {
        Assert.True(RecommenderGate.Judge(Gate, null, Sets.Tastes, Train("ease").HeldBack, Sets.Token).IsPassed);
    }

    [Fact]
    public void Judge_SameData_ComparesTheFiguresOfBothMeasures()
    {
        var (poor, good) = (Train("user-neighbours"), Train("ease"));
        var champion = Bundle(poor, Sets.Tastes);

        var verdict = RecommenderGate.Judge(Gate, champion, Sets.Tastes, good.HeldBack, Sets.Token);

        Assert.Equal(120, verdict.Gain!.Value.Units);
        Assert.Equal(good.Metrics.Ndcg - poor.Metrics.Ndcg, verdict.Gain.Value.Value, 5);
        Assert.False(RecommenderGate.Judge(Gate, Bundle(good, Sets.Tastes), Sets.Tastes, good.HeldBack, Sets.Token).IsPassed);
    }

    [Fact]
    public void Judge_NewerRows_RanksThemByTheChampion()
    {
        // The champion learned from everything but each user's last item, and was measured on nothing.
        var split = InteractionSplits.LeaveLastOut(Sets.Tastes);
        var model = new EaseTrainer(100).Fit(split.Train, 1, Sets.Token);
        var champion = RecommenderBundle.Of(model, split.Train, null, null, Sets.Token);
        var expected = RankingEvaluation.Full(model, split, new RankingOptions(), Sets.Token).Ndcg;
        var challenger = Train("ease");

        var verdict = RecommenderGate.Judge(Gate, champion, Sets.Tastes, challenger.HeldBack, Sets.Token);

        Assert.Equal(120, verdict.Gain!.Value.Units);
        Assert.Equal(challenger.Metrics.Ndcg - expected, verdict.Gain.Value.Value, 5);
    }

    [Fact]
    public void Judge_ChampionThatSawEveryRow_IsRefusedWithASentence()
    {
        var champion = RecommenderBundle.Of(RecommenderTests.Fitted("ease"), Sets.Tastes, null, null, Sets.Token);

        var verdict = RecommenderGate.Judge(Gate, champion, Sets.Tastes, Train("ease").HeldBack, Sets.Token);

        Assert.False(verdict.IsPassed);
        Assert.Contains("learned from all 120 rows", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_ItemsThatTheChampionDoesNotKnow_CountAsMissed()
    {
        var set = Sets.Of(4, [0, 1, 2], [1, 0, 2], [0, 1, 3]);
        var champion = RecommenderBundle.Of(new EaseTrainer(1).Fit(Sets.Of(2, [0, 1], [1, 0]), 1, Sets.Token), Sets.Of(2, [0, 1], [1, 0]), null, null, Sets.Token);
        var challenger = new HeldBackRows([0, 1, 2], [2, 2, 3], [1, 1, 0.5f]);

        var verdict = RecommenderGate.Judge(Gate, champion, set, challenger, Sets.Token);

        Assert.Equal(2.5 / 3, verdict.Gain!.Value.Value, 5);
        Assert.True(verdict.IsPassed);
    }

    private static TrainedRecommender Train(string algorithm) => RecommendationTraining.Run(Sets.Tastes, algorithm, null, true, 1, null, Sets.Token);

    private static RecommenderBundle Bundle(TrainedRecommender trained, InteractionSet set) =>
        RecommenderBundle.Of(trained.Model, set, null, null, trained.HeldBack, "user", Sets.Token);
}

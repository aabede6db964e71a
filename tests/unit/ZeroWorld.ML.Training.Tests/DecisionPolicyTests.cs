namespace ZeroWorld.ML.Training.Tests;

public sealed class DecisionPolicyTests
{
    [Fact]
    public void Choose_RandomScoresOfSomeDays_KeepsTheBudgetOnEveryDayAndUsesItOnOne()
    {
        var random = new Random(3);
        var scores = Enumerable.Range(0, 7_000).Select(_ => (float)Math.Round(random.NextDouble(), 3)).ToArray();
        var times = scores.Select((_, row) => row / 1_000 * UtcDay.Length).ToArray();

        var thresholds = DecisionPolicy.Choose("probability", scores, times, new AlertBudget(50, 10));

        Assert.Equal(["allow", "review", "block"], thresholds.Decisions.Select(static decision => decision.Name));
        Assert.Equal(0, thresholds.Decisions[0].AtLeast);
        Assert.All(Enumerable.Range(0, 7), day => Assert.InRange(Count(day, thresholds.Decisions[1].AtLeast), 0, 50));
        Assert.All(Enumerable.Range(0, 7), day => Assert.InRange(Count(day, thresholds.Decisions[2].AtLeast), 0, 10));
        Assert.Contains(Enumerable.Range(0, 7), day => Count(day, thresholds.Decisions[1].AtLeast - 0.0011) > 50);
        Assert.Contains("at most 50 alerts", thresholds.Method, StringComparison.Ordinal);

        int Count(int day, double atLeast) => scores.Skip(day * 1_000).Take(1_000).Count(score => score >= atLeast);
    }

    [Fact]
    public void Choose_TopScoreTiedBeyondTheBudget_AlertsNone()
    {
        var thresholds = DecisionPolicy.Choose("probability", [0.5f, 0.5f, 0.5f, 0.1f], [0, 1, 2, 3], new AlertBudget(2, 1));

        Assert.True(thresholds.Decisions[1].AtLeast > 0.5);
        Assert.True(thresholds.Decisions[2].AtLeast > thresholds.Decisions[1].AtLeast);
    }

    [Fact]
    public void Choose_FewerRowsThanBudget_StopsEveryScoreAboveZero()
    {
        var thresholds = DecisionPolicy.Choose("probability", [0f, 0.2f, 0.3f], [0, 1, 2], new AlertBudget(5, 1));

        Assert.Equal((double)0.2f, thresholds.Decisions[1].AtLeast);
        Assert.Equal((double)0.3f, thresholds.Decisions[2].AtLeast);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 2)]
    public void Choose_ImpossibleBudget_IsRefused(int alerts, int blocks)
    {
        var exception = Assert.Throws<TrainingException>(() => DecisionPolicy.Choose("probability", [0.5f], [0], new AlertBudget(alerts, blocks)));

        Assert.Equal(TrainingError.InvalidInput, exception.Error);
    }

    [Fact]
    public void OfShare_SmallPopulation_AllowsAtLeastOne()
    {
        Assert.Equal(new AlertBudget(1, 1), AlertBudget.OfShare(20, 0.012, 0.003));
        Assert.Equal(new AlertBudget(99, 24), AlertBudget.OfShare(8_323, 0.012, 0.003));
    }
}

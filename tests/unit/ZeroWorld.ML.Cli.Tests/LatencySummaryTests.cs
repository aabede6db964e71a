namespace ZeroWorld.ML.Cli.Tests;

public sealed class LatencySummaryTests
{
    [Fact]
    public void Of_Hundred_TakesNearestRanks()
    {
        var summary = LatencySummary.Of([.. Enumerable.Range(1, 100).Reverse().Select(static value => (double)value)]);

        Assert.Equal(new LatencySummary(100, 50, 95, 99, 100), summary);
    }

    [Fact]
    public void Of_One_IsThatOne()
    {
        Assert.Equal(new LatencySummary(1, 3, 3, 3, 3), LatencySummary.Of([3]));
    }
}

namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class InteractionSplitsTests
{
    [Fact]
    public void LeaveLastOut_ShortHistory_StaysInTraining()
    {
        var split = InteractionSplits.LeaveLastOut(Sets.Of(4, [0, 1, 2], [3], [2, 0]), historyMin: 2);

        Assert.Equal([0, 1], split.Train.ItemsOf(0).ToArray());
        Assert.Equal([2], split.Test.ItemsOf(0).ToArray());
        Assert.Equal([3], split.Train.ItemsOf(1).ToArray());
        Assert.Equal([2, 0], split.Train.ItemsOf(2).ToArray());
        Assert.Equal(1, split.Test.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Stratified_Quarter_TakesAQuarterOfEachUserAndNothingTwice(int seed)
    {
        var all = Sets.TwoTastes();

        var split = InteractionSplits.Stratified(all, 0.25, seed);

        split.Check();
        Assert.Equal(all.Count, split.Train.Count + split.Test.Count);
        Assert.All(Enumerable.Range(0, all.UserCount), user => Assert.Equal(2, split.Test.ItemsOf(user).Length));
    }

    [Fact]
    public void Stratified_SameSeed_IsTheSameSplit()
    {
        var all = Sets.TwoTastes();

        var (first, second, other) = (InteractionSplits.Stratified(all, 0.25, 3), InteractionSplits.Stratified(all, 0.25, 3), InteractionSplits.Stratified(all, 0.25, 4));

        Assert.Equal(Rows(first.Test), Rows(second.Test));
        Assert.NotEqual(Rows(first.Test), Rows(other.Test));
    }

    [Fact]
    public void Check_TestRowsInTraining_SaysHowMany()
    {
        var all = Sets.Of(5, [0, 1, 2, 3], [1, 2, 4]);
        var split = InteractionSplits.LeaveLastOut(all);

        var exception = Assert.Throws<TrainingException>(() => new InteractionSplit(all, split.Test).Check());

        Assert.Equal(TrainingError.UnsuitableData, exception.Error);
        Assert.Contains("2 of 2 test rows are in the training set", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_NoTestRow_IsUnsuitable()
    {
        var split = InteractionSplits.LeaveLastOut(Sets.Of(2, [0], [1]));

        Assert.Contains("The test set is empty", Assert.Throws<TrainingException>(split.Check).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HideUsers_Tenth_LeavesThemWithoutHistory()
    {
        var all = Sets.TwoTastes();

        var (train, hidden) = InteractionSplits.HideUsers(all, 0.1, 1);

        Assert.Equal(12, hidden.Count);
        Assert.All(hidden, user => Assert.True(train.ItemsOf(user).IsEmpty));
        Assert.Equal(all.Count - (12 * 8), train.Count);
    }

    private static int[] Rows(InteractionSet set) => [.. Enumerable.Range(0, set.UserCount).SelectMany(user => set.ItemsOf(user).ToArray())];
}

namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class InteractionSetBuilderTests
{
    [Fact]
    public void Build_RowsOutOfOrder_OrdersByTimeThenArrival()
    {
        var builder = new InteractionSetBuilder();
        builder.Add("ann", "late", 9);
        builder.Add("bob", "only", 1);
        builder.Add("ann", "first", 2);
        builder.Add("ann", "second", 2);

        var set = builder.Build();

        Assert.Equal(["first", "second", "late"], Names(set, "ann"));
        Assert.Equal([2L, 2, 9], set.TimesOf(set.Users.IndexOf("ann", "user")).ToArray());
        Assert.Equal(0, set.DuplicateCount);
    }

    [Fact]
    public void Build_PairTwice_KeepsTheLastAndCountsTheOther()
    {
        var builder = new InteractionSetBuilder();
        builder.Add("ann", "a", 1);
        builder.Add("ann", "b", 2);
        builder.Add("ann", "a", 3);
        builder.Add("ann", "a", 3);

        var set = builder.Build();

        Assert.Equal(["b", "a"], Names(set, "ann"));
        Assert.Equal(2, set.DuplicateCount);
        Assert.Equal(2, set.Count);
    }

    [Fact]
    public void Build_UserAndItemWithoutInteraction_AreKnownAndEmpty()
    {
        var builder = new InteractionSetBuilder();
        builder.AddItem("catalogue only");
        builder.AddUser("new");
        builder.Add("ann", "a", 1);

        var set = builder.Build();

        Assert.Equal(2, set.ItemCount);
        Assert.True(set.ItemsOf(set.Users.IndexOf("new", "user")).IsEmpty);
    }

    [Fact]
    public void Build_NoRow_IsUnsuitable()
    {
        var exception = Assert.Throws<TrainingException>(() => new InteractionSetBuilder().Build());

        Assert.Equal(TrainingError.UnsuitableData, exception.Error);
    }

    [Fact]
    public void Add_EmptyItem_NamesTheRow()
    {
        var builder = new InteractionSetBuilder();
        builder.Add("ann", "a", 1);

        var exception = Assert.Throws<TrainingException>(() => builder.Add("ann", "", 2));

        Assert.Equal(TrainingError.InvalidInput, exception.Error);
        Assert.Contains("item: the id of row 1 is empty", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IndexOf_ItemNeverSeen_NamesIt()
    {
        var set = Sets.Of(2, [0, 1]);

        var exception = Assert.Throws<TrainingException>(() => set.Items.IndexOf("i7", "item"));

        Assert.Contains("item: 'i7' was never seen in training", exception.Message, StringComparison.Ordinal);
    }

    private static string[] Names(InteractionSet set, string user) => [.. set.ItemsOf(set.Users.IndexOf(user, "user")).ToArray().Select(item => set.Items[item])];
}

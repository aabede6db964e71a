namespace ZeroWorld.ML.Features.Kafka.Tests;

public sealed class OffsetsInHandTests
{
    private readonly OffsetsInHand _hand = new();

    [Fact]
    public void TryAdd_ReadAgainFromTheLastCommit_GivesOnlyWhatIsBehindTheHand()
    {
        Add(0, 10, 11, 12);
        _hand.Commit(0, 11);

        Assert.Equal([13L, 14L], Add(0, 11, 12, 13, 14));
        Assert.Equal([11L], Add(1, 11));
        Assert.Empty(_hand.ListOwed());
    }

    [Fact]
    public void ListOwed_RefusedCommit_NamesItUntilItIsTakenAndItsEventsAreNotGivenAgain()
    {
        Add(0, 10, 11, 12);
        _hand.Refuse(0, 12);

        var owed = _hand.ListOwed();
        Assert.Empty(Add(0, 10, 11, 12));
        _hand.Commit(0, 12);

        Assert.Equal([new(0, 12L)], owed);
        Assert.Empty(_hand.ListOwed());
        Assert.Empty(Add(0, 12));
    }

    [Fact]
    public void TryAdd_EverythingCommitted_TakesAnyOffset()
    {
        Add(0, 10, 11);
        _hand.Commit(0, 12);

        Assert.Equal([3L, 4L], Add(0, 3, 4));
    }

    // The same numbers, and later events: not to be taken for those in hand.
    [Fact]
    public void TryAdd_TopicMadeAnew_GivesItsEvents()
    {
        Add(0, 0, 1, 2);

        Assert.True(_hand.TryAdd(0, 0, arrival: 1000));
        Assert.True(_hand.TryAdd(0, 1, arrival: 1001));
    }

    [Fact]
    public void TryAdd_BeforeTheHand_GivesItAndKeepsTheHand()
    {
        Add(0, 10, 11);

        Assert.Equal([8L, 9L, 12L], Add(0, 8, 9, 10, 11, 12));
    }

    private List<long> Add(int partition, params long[] offsets) => [.. offsets.Where(offset => _hand.TryAdd(partition, offset, offset))];
}

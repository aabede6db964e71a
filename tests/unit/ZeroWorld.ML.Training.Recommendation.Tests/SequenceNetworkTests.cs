using static TorchSharp.torch;

namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class SequenceNetworkTests
{
    private static readonly SequenceSettings Settings = new() { Dimensions = 16, Heads = 2, Hidden = 24, HistoryMax = 7, Decay = 0.7 };

    [Fact]
    public void Query_SelfAttention_EqualsTorch() => AssertEqualsTorch(static () => new SelfAttentionNetwork(Settings, 30));

    [Fact]
    public void Query_TwoTower_EqualsTorch() => AssertEqualsTorch(static () => new TwoTowerNetwork(Settings, 30));

    [Fact]
    public void Epoch_Batches_AskEveryPlaceForItsNextItemOnce()
    {
        var set = Sets.TwoTastes(users: 50);

        var batches = SequenceBatches.Epoch(set, Settings with { BatchUsers = 8, HistoryMax = 20 }, new Random(1)).ToArray();

        var asked = batches.SelectMany(static batch => batch.Rows.Zip(batch.Targets, (row, target) => (From: batch.Items[row], To: target))).Order();
        var expected = Enumerable.Range(0, 50).SelectMany(user => set.ItemsOf(user).ToArray().Zip(set.ItemsOf(user).ToArray().Skip(1), static (from, to) => (From: (long)from, To: (long)to))).Order();
        Assert.Equal(expected, asked);
    }

    // Behind the gate: its weights are drawn from the process's random numbers, which a fit beside it must not share.
    private static void AssertEqualsTorch(Func<SequenceNetwork> draw) => TorchGate.Run(1, () =>
    {
        using var scope = NewDisposeScope();
        using var network = draw();
        using var noGrad = no_grad();
        var model = (IQueryRecommender)network.ToModel("test");
        long[] items = [3, 29, 0, 7, 7, 12, 5];
        var expected = network.Forward(tensor(items, [1, items.Length], ScalarType.Int64), false).contiguous().data<float>().ToArray();
        var query = new float[16];

        for (var length = 1; length <= items.Length; length++)
        {
            model.Query(new UserHistory([.. items.Take(length).Select(static item => (int)item)]), query);

            Assert.All(Enumerable.Range(0, 16), axis => Assert.Equal(expected[((length - 1) * 16) + axis], query[axis], 1e-5f));
        }

        return true;
    });
}

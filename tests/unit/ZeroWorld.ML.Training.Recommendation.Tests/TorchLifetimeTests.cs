using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Training.Recommendation.Tests;

/// <summary>A Scalar of TorchSharp is freed by its finalizer, also while libtorch reads it: networks must hold theirs.</summary>
public sealed class TorchLifetimeTests
{
    private static readonly SequenceSettings Sequences =
        new() { Dimensions = 8, Heads = 2, Hidden = 8, HistoryMax = 6, BatchUsers = 2, Negatives = 4, Dropout = 0.1, Epochs = 2 };

    private static readonly NeuMfSettings Pairs = new()
    {
        Factors = new SampledFactorSettings { Dimensions = 4, Epochs = 2, Negatives = 40 }, Layers = [32, 16], Epochs = 2, Engine = NeuMfEngine.TorchSharp,
    };

    public static TheoryData<string> Networks => ["sasrec", "two-tower", "neumf"];

    [Theory]
    [MemberData(nameof(Networks))]
    public void Fit_CollectedAllTheWhile_GivesTheSameModel(string network)
    {
        var (calm, collected) = (new float[40], new float[40]);
        NewTrainer(network).Fit(Sets.Tastes, 1, Sets.Token).Score(new UserHistory(Sets.Tastes.ItemsOf(5), 5), calm);

        using (new RelentlessCollector())
        {
            NewTrainer(network).Fit(Sets.Tastes, 1, Sets.Token).Score(new UserHistory(Sets.Tastes.ItemsOf(5), 5), collected);
        }

        Assert.Equal(calm, collected);
    }

    private static IRecommenderTrainer NewTrainer(string network) => network switch
    {
        "sasrec" => new SelfAttentionTrainer(Sequences),
        "two-tower" => new TwoTowerTrainer(Sequences),
        _ => new NeuMfTrainer(Pairs),
    };
}

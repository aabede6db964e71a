using System.Collections.Concurrent;

namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class RecommenderTests
{
    private static SampledFactorSettings Small => new() { Dimensions = 8, LearningRate = 0.1, Epochs = 20, Negatives = 4 };

    private static SequenceSettings SmallSequence => new()
    {
        Dimensions = 16, Hidden = 16, HistoryMax = 6, Epochs = 12, BatchUsers = 16, LearningRate = 0.01, Dropout = 0.1, Decay = 1,
    };

    public static TheoryData<string> All => [.. Trainers.Keys];

    internal static IReadOnlyDictionary<string, IRecommenderTrainer> Trainers { get; } = new IRecommenderTrainer[]
    {
        new ItemNeighbourTrainer(new ItemNeighbourSettings { Neighbours = 20 }),
        new UserNeighbourTrainer(30),
        new EaseTrainer(20),
        new ImplicitAlsTrainer(new ImplicitAlsSettings { Dimensions = 8, Regularisation = 0.02 }),
        new SampledFactorTrainer(Small),
        new NeuMfTrainer(new NeuMfSettings { Factors = Small, Layers = [32, 16], Epochs = 3 }),
        new SelfAttentionTrainer(SmallSequence),
        new TwoTowerTrainer(SmallSequence),
        new ContentTrainer(Sets.TastesAttributes, new RecencyWeights(0.9, 5)),
        new HybridTrainer(
        [
            (new EaseTrainer(20), 0.4),
            (new ImplicitAlsTrainer(new ImplicitAlsSettings { Dimensions = 8, Regularisation = 0.02 }), 0.3),
            (new ItemNeighbourTrainer(new ItemNeighbourSettings { Neighbours = 20, Recency = new RecencyWeights(0.8, 4) }), 0.1),
            (new SampledFactorTrainer(Small), 0.1),
            (new ContentTrainer(Sets.TastesAttributes), 0.1),
        ]),
    }.ToDictionary(static trainer => trainer.Algorithm);

    /// <summary>Every algorithm, fitted once on <see cref="Sets.Tastes"/>.</summary>
    internal static IRecommender Fitted(string algorithm) => Models.GetOrAdd(algorithm, static name => new Lazy<IRecommender>(() => Trainers[name].Fit(Sets.Tastes, 1, Sets.Token))).Value;

    private static readonly ConcurrentDictionary<string, Lazy<IRecommender>> Models = new();

    [Theory]
    [MemberData(nameof(All))]
    public void Fit_UsersOfTwoTastes_RanksTheTasteOfEach(string algorithm)
    {
        var split = InteractionSplits.LeaveLastOut(Sets.TwoTastes());

        var metrics = RankingEvaluation.Full(Trainers[algorithm].Fit(split.Train, 1, Sets.Token), split, new RankingOptions(), Sets.Token);

        // Chance is 10 of 33; of the own taste's 13 unseen items, 10 of 13.
        Assert.True(metrics.HitRate > 0.55, $"{metrics.HitRate}");
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Score_UserWhoWasHidden_FoldsIn(string algorithm)
    {
        var split = InteractionSplits.LeaveLastOut(Sets.TwoTastes(users: 300));
        var (train, hidden) = InteractionSplits.HideUsers(split.Train, 0.2, 1);
        var model = Trainers[algorithm].Fit(train, 1, Sets.Token);

        var metrics = RankingEvaluation.Full(model, split, new RankingOptions { IsFolded = true, Users = hidden }, Sets.Token);

        Assert.Equal(60, metrics.Users);
        Assert.True(metrics.HitRate > 0.55, $"{metrics.HitRate}");
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Score_NoHistory_IsFinite(string algorithm)
    {
        var model = Fitted(algorithm);
        var scores = new float[model.ItemCount];

        model.Score(new UserHistory([]), scores);

        Assert.All(scores, static score => Assert.True(float.IsFinite(score)));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Fit_SameSeed_GivesTheSameScores(string algorithm)
    {
        var set = Sets.Tastes;
        var (first, second) = (new float[set.ItemCount], new float[set.ItemCount]);

        Fitted(algorithm).Score(new UserHistory(set.ItemsOf(3), 3), first);
        Trainers[algorithm].Fit(set, 1, Sets.Token).Score(new UserHistory(set.ItemsOf(3), 3), second);

        Assert.Equal(first, second);
    }

    [Fact]
    public void ItemNeighbours_Cosine_EqualsTheFormula()
    {
        var model = new ItemNeighbourTrainer(new ItemNeighbourSettings { Recency = new RecencyWeights(0.5, 2) }).Fit(Sets.Of(4, [0, 1], [0, 1, 2], [0, 3]), 1, Sets.Token);
        var scores = new float[4];

        model.Score(new UserHistory([3, 1, 2]), scores);

        // Item 0 occurs 3 times, 1 twice, 2 and 3 once. Of the history, only 1 (age 1) and 2 (age 0) count.
        Assert.Equal((0.5 * 2 / Math.Sqrt(6)) + (1 / Math.Sqrt(3)), scores[0], 5);
        Assert.Equal(1 / Math.Sqrt(2), scores[1], 5);
        Assert.Equal(0.5 / Math.Sqrt(2), scores[2], 5);
        Assert.Equal(0, scores[3]);
    }

    [Fact]
    public void UserNeighbours_OneAlike_EqualsTheFormula()
    {
        var model = new UserNeighbourTrainer(1).Fit(Sets.Of(4, [0, 1], [0, 1, 2], [3]), 1, Sets.Token);
        var scores = new float[4];

        model.Score(new UserHistory([1, 2]), scores);

        Assert.Equal((float)(2 / Math.Sqrt(6)), scores[0], 5);
        Assert.Equal(0, scores[3]);
    }

    [Fact]
    public void Ease_SmallCatalogue_EqualsGaussianElimination()
    {
        var set = Sets.TwoTastes(users: 30, items: 10);
        const double Lambda = 5;
        var model = (EaseModel)new EaseTrainer(Lambda).Fit(set, 1, Sets.Token);

        // The oracle: the least-squares row of each item with the zero diagonal as a constraint, by plain elimination of the others.
        var gram = EaseTrainer.GramOf(set, Sets.Token);
        for (var target = 0; target < 10; target++)
        {
            int[] others = [.. Enumerable.Range(0, 10).Where(item => item != target)];
            var rows = others.Select(row => others.Select(column => gram[(row * 10) + column] + (row == column ? Lambda : 0)).Append(gram[(row * 10) + target]).ToArray()).ToArray();
            var solution = Eliminate(rows);
            for (var index = 0; index < others.Length; index++)
            {
                Assert.Equal(solution[index], model.Weights[(others[index] * 10) + target], 4);
            }

            Assert.Equal(0, model.Weights[(target * 10) + target]);
        }
    }

    [Fact]
    public void Als_TrainedUser_EqualsItsFoldIn()
    {
        var set = Sets.TwoTastes();
        var model = Trainers["als"].Fit(set, 1, Sets.Token);
        var (trained, folded) = (new float[set.ItemCount], new float[set.ItemCount]);

        model.Score(new UserHistory(set.ItemsOf(4), 4), trained);
        model.Score(new UserHistory(set.ItemsOf(4)), folded);

        Assert.Equal(trained, folded);
    }

    [Fact]
    public void Als_UserFactor_SolvesTheNormalEquations()
    {
        var set = Sets.TwoTastes();
        var settings = new ImplicitAlsSettings { Dimensions = 40, Regularisation = 0.05, UnobservedWeight = 0.2 };
        var model = (FactorModel)new ImplicitAlsTrainer(settings).Fit(set, 1, Sets.Token);
        var items = set.ItemsOf(0).ToArray();
        float[] Item(int item) => model.ItemFactors.Slice(item * model.Stride, 40).ToArray();

        var rows = Enumerable.Range(0, 40).Select(axis => Enumerable.Range(0, 40).Select(other =>
            (0.2 * Enumerable.Range(0, set.ItemCount).Sum(item => (double)Item(item)[axis] * Item(item)[other]))
            + items.Sum(item => (double)Item(item)[axis] * Item(item)[other])
            + (axis == other ? 0.05 * (items.Length + (0.2 * set.ItemCount)) : 0)).Append(items.Sum(item => (double)Item(item)[axis])).ToArray()).ToArray();
        var expected = Eliminate(rows);

        Assert.All(Enumerable.Range(0, 40), axis => Assert.Equal(expected[axis], model.UserFactors[axis], 3));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void Fit_BadSettings_NamesThem(int dimensions, int epochs)
    {
        var trainer = new ImplicitAlsTrainer(new ImplicitAlsSettings { Dimensions = dimensions, Epochs = epochs });

        var exception = Assert.Throws<TrainingException>(() => trainer.Fit(Sets.TwoTastes(), 1, Sets.Token));

        Assert.Equal(TrainingError.InvalidInput, exception.Error);
        Assert.Contains($"dimensions is {dimensions}", exception.Message, StringComparison.Ordinal);
    }

    /// <summary>Solves by elimination with pivots in float64; each row ends with its right side.</summary>
    private static double[] Eliminate(double[][] rows)
    {
        var size = rows.Length;
        for (var pivot = 0; pivot < size; pivot++)
        {
            var best = Enumerable.Range(pivot, size - pivot).MaxBy(row => Math.Abs(rows[row][pivot]));
            (rows[pivot], rows[best]) = (rows[best], rows[pivot]);
            for (var row = 0; row < size; row++)
            {
                var factor = row == pivot ? 0 : rows[row][pivot] / rows[pivot][pivot];
                for (var column = pivot; column <= size && factor != 0; column++)
                {
                    rows[row][column] -= factor * rows[pivot][column];
                }
            }
        }

        return [.. rows.Select((row, index) => row[size] / row[index])];
    }
}

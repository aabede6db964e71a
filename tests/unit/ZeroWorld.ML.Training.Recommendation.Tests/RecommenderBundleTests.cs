using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class RecommenderBundleTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string FilePath => Path.Combine(_folder.Path, RecommenderBundle.FileName);

    public static TheoryData<string> All => RecommenderTests.All;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(All))]
    public void Read_WrittenBundle_ScoresTheSame(string algorithm)
    {
        var set = Sets.Tastes;
        var model = RecommenderTests.Fitted(algorithm);
        var source = new RecentItemsSource("recent", "f00d", "items", "user_id");
        RecommenderBundle.Of(model, set, null, source, Sets.Token).Write(FilePath);

        var read = RecommenderBundle.Read(FilePath);

        Assert.Equal(source, read.RecentItems);
        Assert.Equal(set.Items.Ids, read.Histories.Items.Ids);
        Assert.Equal(model is IQueryRecommender, read.Index is not null);
        var (before, after) = (new float[set.ItemCount], new float[set.ItemCount]);
        foreach (var user in new[] { 2, -1 })
        {
            model.Score(new UserHistory(set.ItemsOf(2), user), before);
            read.Model.Score(new UserHistory(read.Histories.ItemsOf(2), user), after);
            Assert.All(before.Zip(after), static pair => Assert.Equal(pair.First, pair.Second, 4));
        }
    }

    [Fact]
    public void Read_WrittenBundle_KeepsWhatItWasMeasuredOnAndWhoseKeyIsWhat()
    {
        var held = new HeldBackRows([3, 1], [4, 0], [0.5f, 1]);
        RecommenderBundle.Of(RecommenderTests.Fitted("ease"), Sets.Tastes, null, null, held, "customer_id", Sets.Token).Write(FilePath);

        var read = RecommenderBundle.Read(FilePath);

        Assert.Equal("customer_id", read.UserKey);
        Assert.Equal(held.Users, read.HeldBack!.Users);
        Assert.Equal(held.Items, read.HeldBack.Items);
        Assert.Equal(held.Ndcg, read.HeldBack.Ndcg);
    }

    [Fact]
    public void Of_AttributesOfAnotherTable_IsRefused()
    {
        var others = ItemAttributes.Of(Sets.Tastes.Items, [("i1", "genre", "War")]);

        var exception = Assert.Throws<TrainingException>(() => RecommenderBundle.Of(RecommenderTests.Fitted("hybrid"), Sets.Tastes, others, null, Sets.Token));

        Assert.Contains("trained with other attributes", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_CutOffAnywhere_IsRefused()
    {
        var set = Sets.TwoTastes(users: 20);
        RecommenderBundle.Of(RecommenderTests.Trainers["als"].Fit(set, 1, Sets.Token), set, null, null, Sets.Token).Write(FilePath);
        var whole = File.ReadAllBytes(FilePath);

        for (var length = 0; length < whole.Length; length += 97)
        {
            File.WriteAllBytes(FilePath, whole[..length]);

            Assert.Equal(TrainingError.UnsuitableData, Assert.Throws<TrainingException>(() => RecommenderBundle.Read(FilePath)).Error);
        }
    }

    [Fact]
    public void Read_BytesChanged_AnswersOrRefusesWithASentence()
    {
        var set = Sets.TwoTastes(users: 20);
        RecommenderBundle.Of(RecommenderTests.Trainers["item-neighbours"].Fit(set, 1, Sets.Token), set, null, null, Sets.Token).Write(FilePath);
        var whole = File.ReadAllBytes(FilePath);
        var random = new Random(3);

        for (var round = 0; round < 300; round++)
        {
            var bytes = whole.ToArray();
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(FilePath, bytes);
            try
            {
                var model = RecommenderBundle.Read(FilePath).Model;
                model.Score(new UserHistory([0]), new float[model.ItemCount]);
            }
            catch (TrainingException exception)
            {
                Assert.NotEmpty(exception.Message);
            }
        }
    }

    [Fact]
    public void Write_Popularity_NamesWhatCanBePackaged()
    {
        var set = Sets.TwoTastes();
        var bundle = RecommenderBundle.Of(new PopularityTrainer().Fit(set, 1, Sets.Token), set, null, null, Sets.Token);

        Assert.Contains("'popularity' cannot be packaged", Assert.Throws<TrainingException>(() => bundle.Write(FilePath)).Message, StringComparison.Ordinal);
    }
}

using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class RecommenderGraphTests : IDisposable
{
    private const int Rows = 10_000;
    private const int Length = 6;
    private readonly TempFolder _folder = new();

    public static TheoryData<string> Histories => ["item-neighbours", "user-neighbours", "ease", "two-tower", "sasrec"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Histories))]
    public void Write_ModelOfHistories_ScoresTenThousandRowsAsTheTrainer(string algorithm)
    {
        var model = RecommenderTests.Fitted(algorithm);
        using var session = Open(model);
        var random = new Random(11);
        var (ids, marks) = (new long[Rows * Length], new float[Rows * Length]);
        var histories = new int[Rows][];
        for (var row = 0; row < Rows; row++)
        {
            // Histories of every length from 1 on, none of which a user of the training set need have.
            histories[row] = RandomHistory(random, model.ItemCount, 1 + (row % Length));
            for (var place = 0; place < histories[row].Length; place++)
            {
                ids[(row * Length) + place] = histories[row][place];
                marks[(row * Length) + place] = HistoryMarks.At(model, place, histories[row].Length);
            }
        }

        var served = Run(session, Rows, ("history", ids), (algorithm == "sasrec" ? "last" : "weights", marks));

        AssertNear(model, histories, served);
    }

    [Fact]
    public void Write_NeighboursOfALargeCatalogue_ScoresAsTheTrainer()
    {
        // Few neighbours of many items: the graph gathers them instead of multiplying by a matrix.
        var set = Sets.TwoTastes(users: 300, items: 300);
        var model = new ItemNeighbourTrainer(new ItemNeighbourSettings { Neighbours = 5 }).Fit(set, 1, Sets.Token);
        using var session = Open(model);

        for (var user = 0; user < 50; user++)
        {
            var items = set.ItemsOf(user).ToArray();
            var served = Run(session, 1, ("history", [.. items.Select(static item => (long)item)]), ("weights", Enumerable.Repeat(1f, items.Length).ToArray()));

            AssertNear(model, [items], served);
        }
    }

    [Theory]
    [InlineData("als")]
    [InlineData("mf")]
    public void Write_ModelOfFactors_ScoresTenThousandRowsAsTheTrainer(string algorithm)
    {
        var model = (IQueryRecommender)RecommenderTests.Fitted(algorithm);
        using var session = Open(model);
        var random = new Random(12);
        var histories = Enumerable.Range(0, Rows).Select(row => RandomHistory(random, model.ItemCount, 1 + (row % Length))).ToArray();
        var queries = new float[Rows * model.QueryLength];
        for (var row = 0; row < Rows; row++)
        {
            model.Query(new UserHistory(histories[row]), queries.AsSpan(row * model.QueryLength, model.QueryLength));
        }

        using var outputs = session.Run([NamedOnnxValue.CreateFromTensor("query", new DenseTensor<float>(queries, [Rows, model.QueryLength]))]);

        AssertNear(model, histories, [.. outputs.First(static output => output.Name == "scores").AsTensor<float>()]);
    }

    [Fact]
    public void Write_TopItems_AreTheBestOfTheScores()
    {
        var model = RecommenderTests.Fitted("ease");
        using var session = Open(model);
        using var outputs = session.Run(
        [
            NamedOnnxValue.CreateFromTensor("history", new DenseTensor<long>(new long[] { 2, 7 }, [1, 2])), NamedOnnxValue.CreateFromTensor("weights", new DenseTensor<float>(new float[] { 1, 1 }, [1, 2])),
        ]);
        var scores = new float[model.ItemCount];
        model.Score(new UserHistory([2, 7]), scores);

        Assert.Equal(Models.Retrieval.TopItems.Of(scores, 40).Select(static item => (long)item.Item), outputs.First(static output => output.Name == "top_items").AsTensor<long>());
    }

    [Fact]
    public void Write_NeuMf_ScoresTenThousandPairsAsTheTrainer()
    {
        var set = Sets.TwoTastes(users: 250);
        var model = RecommenderTests.Trainers["neumf"].Fit(set, 1, Sets.Token);
        using var session = Open(model);
        var scores = new float[set.ItemCount];
        var worst = 0f;

        for (var user = 0; user < set.UserCount; user++)
        {
            model.Score(new UserHistory(set.ItemsOf(user), user), scores);
            long[] users = [.. Enumerable.Repeat((long)user, set.ItemCount)];
            long[] items = [.. Enumerable.Range(0, set.ItemCount).Select(static item => (long)item)];
            using var outputs = session.Run(
            [
                NamedOnnxValue.CreateFromTensor("user", new DenseTensor<long>(users, [users.Length])), NamedOnnxValue.CreateFromTensor("item", new DenseTensor<long>(items, [items.Length])),
            ]);
            worst = Math.Max(worst, outputs[0].AsTensor<float>().Zip(scores).Max(static pair => MathF.Abs(pair.First - pair.Second)));
        }

        Assert.True(worst <= 1e-4f, $"{worst}");
    }

    private static int[] RandomHistory(Random random, int items, int length)
    {
        var all = Enumerable.Range(0, items).ToArray();
        random.Shuffle(all);
        return all[..length];
    }

    private static void AssertNear(IRecommender model, int[][] histories, float[] served)
    {
        var (scores, worst) = (new float[model.ItemCount], 0f);
        for (var row = 0; row < histories.Length; row++)
        {
            model.Score(new UserHistory(histories[row]), scores);
            for (var item = 0; item < scores.Length; item++)
            {
                worst = Math.Max(worst, MathF.Abs(scores[item] - served[(row * scores.Length) + item]));
            }
        }

        Assert.True(worst <= 1e-4f, $"{worst}");
    }

    private static float[] Run(InferenceSession session, int rows, (string Name, long[] Values) ids, (string Name, float[] Values) marks)
    {
        using var outputs = session.Run(
        [
            NamedOnnxValue.CreateFromTensor(ids.Name, new DenseTensor<long>(ids.Values, [rows, ids.Values.Length / rows])),
            NamedOnnxValue.CreateFromTensor(marks.Name, new DenseTensor<float>(marks.Values, [rows, marks.Values.Length / rows])),
        ]);
        return [.. outputs.First(static output => output.Name == "scores").AsTensor<float>()];
    }

    private InferenceSession Open(IRecommender model)
    {
        var path = Path.Combine(_folder.Path, "model.onnx");
        RecommenderGraph.Write(path, model);
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        return new InferenceSession(path, options);
    }
}

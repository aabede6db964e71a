using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class RecommenderGraphTests : IDisposable
{
    private const int Rows = 10_000;
    private const int Length = 6;
    private readonly TempFolder _folder = new();

    public static TheoryData<string> Catalogues => [.. RecommenderTests.Trainers.Keys.Where(static algorithm => algorithm != "neumf")];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Catalogues))]
    public void Write_EveryModelOfACatalogue_ScoresTenThousandRowsAsTheTrainer(string algorithm)
    {
        var model = RecommenderTests.Fitted(algorithm);
        using var session = Open(model);
        var random = new Random(11);

        // Histories of every length from 1 on, none of which a user of the training set need have.
        var histories = Enumerable.Range(0, Rows).Select(row => RandomHistory(random, model.ItemCount, 1 + (row % Length))).ToArray();

        AssertNear(model, histories, Run(session, [.. GraphInput.Of(model).Select(input => ToTensor(input, histories))]));
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
            AssertNear(model, [items], Run(session, [.. GraphInput.Of(model).Select(input => ToTensor(input, [items]))]));
        }
    }

    [Fact]
    public void Write_AlsOfManyDimensions_FoldsHistoriesOfAnyLengthIn()
    {
        // Little regularisation and popular items: a system that is hard for conjugate gradients.
        var set = Sets.TwoTastes(users: 2000, items: 400);
        var model = new ImplicitAlsTrainer(new ImplicitAlsSettings { Dimensions = 64, Regularisation = 0.001, UnobservedWeight = 0.1, Epochs = 4 }).Fit(set, 1, Sets.Token);
        using var session = Open(model);
        var random = new Random(13);
        var histories = Enumerable.Range(0, 200).Select(row => RandomHistory(random, 400, 1 + row)).ToArray();

        AssertNear(model, histories, Run(session, [.. GraphInput.Of(model).Select(input => ToTensor(input, histories))]));
    }

    [Fact]
    public void Write_HybridWithNeuMf_SaysWhichPartHasNoGraph()
    {
        var model = new HybridTrainer([(RecommenderTests.Trainers["ease"], 0.5), (RecommenderTests.Trainers["neumf"], 0.5)]).Fit(Sets.Tastes, 1, Sets.Token);

        var exception = Assert.Throws<TrainingException>(() => RecommenderGraph.Write(Path.Combine(_folder.Path, "model.onnx"), model));

        Assert.Contains("A hybrid with the part 'neumf' has no ONNX graph", exception.Message, StringComparison.Ordinal);
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

    private static NamedOnnxValue ToTensor(GraphInput input, int[][] histories)
    {
        if (input.Kind == GraphInputKind.Query)
        {
            var query = (IQueryRecommender)input.Model;
            var queries = new float[histories.Length * query.QueryLength];
            for (var row = 0; row < histories.Length; row++)
            {
                query.Query(new UserHistory(histories[row]), queries.AsSpan(row * query.QueryLength, query.QueryLength));
            }

            return NamedOnnxValue.CreateFromTensor(input.Name, new DenseTensor<float>(queries, [histories.Length, query.QueryLength]));
        }

        var length = histories.Max(static history => history.Length);
        var (ids, marks) = (new DenseTensor<long>([histories.Length, length]), new DenseTensor<float>([histories.Length, length]));
        for (var row = 0; row < histories.Length; row++)
        {
            for (var place = 0; place < histories[row].Length; place++)
            {
                (ids[row, place], marks[row, place]) = (histories[row][place], HistoryMarks.At(input.Model, place, histories[row].Length));
            }
        }

        return input.Kind == GraphInputKind.History ? NamedOnnxValue.CreateFromTensor(input.Name, ids) : NamedOnnxValue.CreateFromTensor(input.Name, marks);
    }

    private static float[] Run(InferenceSession session, NamedOnnxValue[] inputs)
    {
        using var outputs = session.Run(inputs);
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

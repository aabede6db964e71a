using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class RecommenderGraphTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<string> Histories => ["item-neighbours", "user-neighbours", "ease", "two-tower", "sasrec"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Histories))]
    public void Write_ModelOfHistories_ScoresAsTheTrainer(string algorithm)
    {
        var set = Sets.Tastes;
        var model = RecommenderTests.Fitted(algorithm);
        using var session = Open(model);
        const int Length = 6;

        for (var user = 0; user < set.UserCount; user++)
        {
            // Histories of every length from 1 on.
            var items = set.ItemsOf(user)[..(1 + (user % Length))];
            var (ids, marks) = (new long[Length], new float[Length]);
            for (var place = 0; place < items.Length; place++)
            {
                ids[place] = items[place];
                marks[place] = algorithm != "sasrec" || place == items.Length - 1 ? 1 : 0;
            }

            var outputs = Run(session, ("history", ids), (algorithm == "sasrec" ? "last" : "weights", marks));

            AssertNear(model, items, outputs["scores"]);
            Assert.Equal(outputs["scores"].Max(), outputs["top_scores"][0]);
        }
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
            var items = set.ItemsOf(user);
            var outputs = Run(session, ("history", [.. items.ToArray().Select(static item => (long)item)]), ("weights", Enumerable.Repeat(1f, items.Length).ToArray()));

            AssertNear(model, items, outputs["scores"]);
        }
    }

    [Theory]
    [InlineData("als")]
    [InlineData("mf")]
    public void Write_ModelOfFactors_ScoresAsTheTrainer(string algorithm)
    {
        var set = Sets.Tastes;
        var model = (IQueryRecommender)RecommenderTests.Fitted(algorithm);
        using var session = Open(model);
        var query = new float[model.QueryLength];

        for (var user = 0; user < set.UserCount; user++)
        {
            model.Query(new UserHistory(set.ItemsOf(user)), query);
            using var outputs = session.Run([NamedOnnxValue.CreateFromTensor("query", new DenseTensor<float>(query, [1, query.Length]))]);

            AssertNear(model, set.ItemsOf(user), [.. outputs.First(static output => output.Name == "scores").AsTensor<float>()]);
        }
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

    private static void AssertNear(IRecommender model, ReadOnlySpan<int> items, float[] served)
    {
        var scores = new float[model.ItemCount];
        model.Score(new UserHistory(items), scores);
        var worst = served.Zip(scores).Max(static pair => MathF.Abs(pair.First - pair.Second));

        Assert.True(worst <= 1e-4f, $"{worst}");
    }

    private static Dictionary<string, float[]> Run(InferenceSession session, (string Name, long[] Values) ids, (string Name, float[] Values) marks)
    {
        using var outputs = session.Run(
        [
            NamedOnnxValue.CreateFromTensor(ids.Name, new DenseTensor<long>(ids.Values, [1, ids.Values.Length])),
            NamedOnnxValue.CreateFromTensor(marks.Name, new DenseTensor<float>(marks.Values, [1, marks.Values.Length])),
        ]);
        return outputs.Where(static output => output.Name != "top_items").ToDictionary(static output => output.Name, static output => output.AsTensor<float>().ToArray());
    }

    private InferenceSession Open(IRecommender model)
    {
        var path = Path.Combine(_folder.Path, "model.onnx");
        RecommenderGraph.Write(path, model);
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        return new InferenceSession(path, options);
    }
}

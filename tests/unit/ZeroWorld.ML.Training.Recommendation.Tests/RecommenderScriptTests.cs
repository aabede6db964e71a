using ZeroWorld.ML.Testing;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class RecommenderScriptTests : IDisposable
{
    private const int Rows = 500;
    private const int Length = 6;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("two-tower")]
    [InlineData("sasrec")]
    public void Write_NetworkOfHistories_ScoresAsTheTrainer(string algorithm)
    {
        var model = RecommenderTests.Fitted(algorithm);
        var random = new Random(11);
        var (ids, marks) = (new long[Rows * Length], new float[Rows * Length]);
        var histories = new int[Rows][];
        for (var row = 0; row < Rows; row++)
        {
            var all = Enumerable.Range(0, model.ItemCount).ToArray();
            random.Shuffle(all);
            histories[row] = all[..(1 + (row % Length))];
            for (var place = 0; place < histories[row].Length; place++)
            {
                ids[(row * Length) + place] = histories[row][place];
                marks[(row * Length) + place] = HistoryMarks.At(model, place, histories[row].Length);
            }
        }

        using var scope = NewDisposeScope();
        using var script = Load(model);
        var (served, values, places) = ((Tensor, Tensor, Tensor))script.forward(tensor(ids, [Rows, Length], ScalarType.Int64), tensor(marks, [Rows, Length], ScalarType.Float32));

        AssertNear(model, histories, served.contiguous().data<float>().ToArray());
        var top = Math.Min(RecommenderGraph.TopCount, model.ItemCount);
        Assert.Equal([Rows, top], places.shape);
        Assert.Equal(served.gather(1, places).contiguous().data<float>().ToArray(), values.contiguous().data<float>().ToArray());
    }

    [Fact]
    public void Write_NeuMf_ScoresAsTheTrainer()
    {
        var set = Sets.TwoTastes(users: 30);
        var model = RecommenderTests.Trainers["neumf"].Fit(set, 1, Sets.Token);
        using var scope = NewDisposeScope();
        using var script = Load(model);
        var scores = new float[set.ItemCount];

        for (var user = 0; user < set.UserCount; user++)
        {
            model.Score(new UserHistory(set.ItemsOf(user), user), scores);
            var served = (Tensor)script.forward(tensor(Enumerable.Repeat((long)user, set.ItemCount).ToArray()), tensor([.. Enumerable.Range(0, set.ItemCount).Select(static item => (long)item)]));

            Assert.Equal([set.ItemCount, 1], served.shape);
            Assert.All(served.contiguous().data<float>().ToArray().Zip(scores), static pair => Assert.Equal(pair.Second, pair.First, 1e-4f));
        }
    }

    [Fact]
    public void Write_ModelThatIsNoNetwork_IsRefused()
    {
        var exception = Assert.Throws<TrainingException>(() => RecommenderScript.Write(_folder.Combine("model.pt"), RecommenderTests.Fitted("ease")));

        Assert.Contains("expected sasrec, two-tower or neumf", exception.Message, StringComparison.Ordinal);
    }

    private static void AssertNear(IRecommender model, int[][] histories, float[] served)
    {
        var scores = new float[model.ItemCount];
        for (var row = 0; row < histories.Length; row++)
        {
            model.Score(new UserHistory(histories[row]), scores);
            for (var item = 0; item < scores.Length; item++)
            {
                Assert.Equal(scores[item], served[(row * scores.Length) + item], 1e-4f);
            }
        }
    }

    private TorchSharp.torch.jit.ScriptModule Load(IRecommender model)
    {
        var path = _folder.Combine("model.pt");
        RecommenderScript.Write(path, model);
        var script = jit.load(path);
        script.eval();
        return script;
    }
}

using Xunit;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation.Tests;

public sealed class EmbeddingBagTrainerTests
{
    private static readonly TextFeaturizer Featurizer = new(new TextFeaturizerSettings { Bits = 14, CharacterMax = 3 });
    private static readonly string[] Words = ["garden", "walk", "bread", "lake", "friend", "tea", "scum", "filth", "trash"];

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(3, false)]
    public void Fit_LabelsByWords_AreLearned(int columns, bool isExclusive)
    {
        var (features, labels) = Data(columns, isExclusive);

        var weights = EmbeddingBagTrainer.Fit(features, labels, [.. Enumerable.Range(0, 200)], new EmbeddingBagSettings { Epochs = 20 }, 1, CancellationToken.None);

        var right = 0;
        for (var row = 200; row < 300; row++)
        {
            var margins = new float[Math.Max(1, weights.Labels)];
            weights.Score(features.Ids(row), features.Values(row), margins);
            right += isExclusive
                ? (weights.Labels == 1 ? (margins[0] > 0 ? 1 : 0) : margins.AsSpan().IndexOfMax()) == labels.ClassOf(row) ? 1 : 0
                : Enumerable.Range(0, columns).All(label => margins[label] > 0 == labels[row, label]) ? 1 : 0;
        }

        Assert.InRange(right, 90, 100);
    }

    [Fact]
    public void Fit_SameSeed_GivesTheSameWeightsAndNoneToFeaturesNobodyHas()
    {
        var (features, labels) = Data(3, true);
        int[] rows = [.. Enumerable.Range(0, 100)];

        var one = EmbeddingBagTrainer.Fit(features, labels, rows, new EmbeddingBagSettings(), 7, CancellationToken.None);
        var other = EmbeddingBagTrainer.Fit(features, labels, rows, new EmbeddingBagSettings(), 7, CancellationToken.None);

        var seen = rows.SelectMany(row => features.Ids(row).ToArray()).ToHashSet();
        for (var id = 0; id < features.Size; id++)
        {
            Assert.Equal(one[id, 1], other[id, 1]);
            Assert.True(seen.Contains(id) || one[id, 1] == 0);
        }
    }

    // The same text under two labels: the one whose rows count more is the likelier.
    [Theory]
    [InlineData(1, 0.2f)]
    [InlineData(0.2f, 1)]
    public void Fit_RowsThatCountLess_SayLess(float first, float second)
    {
        var labels = LabelMatrix.OfClasses(["a", "b", "c"], [.. Enumerable.Range(0, 60).Select(static row => row % 3)]);
        var features = SparseRows.Of(Featurizer, [.. Enumerable.Range(0, 60).Select(static row => row % 3 == 2 ? "lake" : "garden")], CancellationToken.None);
        float[] shares = [.. Enumerable.Range(0, 60).Select(row => row % 3 == 0 ? first : row % 3 == 1 ? second : 1)];

        var weights = EmbeddingBagTrainer.Fit(features, labels, [.. Enumerable.Range(0, 60)], shares, new EmbeddingBagSettings { Epochs = 20 }, 1, CancellationToken.None);

        var margins = new float[3];
        weights.Score(features.Ids(0), features.Values(0), margins);
        Assert.Equal(first > second ? 0 : 1, margins.AsSpan().IndexOfMax());
    }

    [Theory]
    [InlineData(12, 6, 0.2, 0.3, "dimensions: 12")]
    [InlineData(16, 0, 0.2, 0.3, "epochs: 0")]
    [InlineData(16, 6, 0, 0.3, "learning_rate: 0")]
    [InlineData(16, 6, 0.2, 1, "dropout: 1")]
    public void Fit_SettingOutOfRange_IsNamed(int dimensions, int epochs, double rate, double dropout, string expected)
    {
        var (features, labels) = Data(3, true);
        var settings = new EmbeddingBagSettings { Dimensions = dimensions, Epochs = epochs, LearningRate = rate, Dropout = dropout };

        var error = Assert.Throws<TrainingException>(() => EmbeddingBagTrainer.Fit(features, labels, [0, 1, 2, 3, 4, 5], settings, 1, CancellationToken.None));

        Assert.StartsWith(expected, error.Message);
    }

    // A label for each third of the words; rows of exclusive labels have words of one third alone.
    private static (SparseRows Features, LabelMatrix Labels) Data(int columns, bool isExclusive)
    {
        var random = new Random(3);
        var (texts, positive) = (new List<string>(), new List<bool>());
        for (var row = 0; row < 300; row++)
        {
            bool[] has = isExclusive ? [.. Enumerable.Range(0, columns).Select(label => label == row % columns)] : [.. Enumerable.Range(0, columns).Select(_ => random.Next(2) == 0)];
            var words = Enumerable.Range(0, columns).Where(label => has[label]).SelectMany(label => Enumerable.Range(0, 2).Select(_ => Words[(label * 3) + random.Next(3)]));
            texts.Add(string.Join(' ', words.Append("and")));
            positive.AddRange(has);
        }

        return (SparseRows.Of(Featurizer, texts, CancellationToken.None), new LabelMatrix([.. Enumerable.Range(0, columns).Select(static label => $"l{label}")], [.. positive], isExclusive));
    }
}

using Xunit;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation.Tests;

public sealed class LinearTextTrainerTests
{
    private static readonly TextFeaturizer Featurizer = new(new TextFeaturizerSettings { Bits = 12, CharacterMax = 3 });

    // An independent oracle: at the minimum the gradient of the objective is zero, w = sum of cost x (y - p) x.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void Fit_ManyPasses_ReachesTheMinimum(int columns)
    {
        var random = new Random(5);
        string[] texts = [.. Enumerable.Range(0, 60).Select(_ => string.Join(' ', Enumerable.Range(0, 6).Select(_ => (string)$"word{random.Next(12)}")))];
        var features = SparseRows.Of(Featurizer, texts, CancellationToken.None);
        var labels = new LabelMatrix([.. Enumerable.Range(0, columns).Select(static label => $"l{label}")], [.. Enumerable.Range(0, 60 * columns).Select(_ => random.Next(3) == 0)], false);
        var settings = new LinearTextSettings { Cost = 2, Scaling = FeatureScaling.None, PassesMax = 500, Tolerance = 1e-7 };

        var weights = LinearTextTrainer.Fit(features, labels, [.. Enumerable.Range(0, 60)], settings, 1, CancellationToken.None);

        for (var label = 0; label < columns; label++)
        {
            var gradient = new double[features.Size];
            var bias = (double)weights.BiasOf(label);
            var margins = new float[Math.Max(4, columns)];
            for (var row = 0; row < 60; row++)
            {
                weights.Score(features.Ids(row), features.Values(row), margins);
                var residual = 2 * ((labels[row, label] ? 1 : 0) - (1 / (1 + Math.Exp(-margins[label]))));
                bias -= residual;
                for (var place = 0; place < features.Ids(row).Length; place++)
                {
                    gradient[features.Ids(row)[place]] -= residual * features.Values(row)[place];
                }
            }

            Assert.Equal(0, bias, 1e-2);
            for (var id = 0; id < features.Size; id++)
            {
                Assert.Equal(0, weights[id, label] + gradient[id], 1e-2);
            }
        }
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(40, 3)]
    [InlineData(500, 4)]
    [InlineData(4_096, 3)]
    [InlineData(500, 1)]
    [InlineData(500, 5)]
    [InlineData(500, 10)]
    [InlineData(500, 16)]
    [InlineData(500, 17)]
    [InlineData(2_000, 10)]
    public void Packed_AnyShareOfRows_ScoresTheSameBits(int used, int labels)
    {
        var random = new Random(used);
        var weights = new LinearWeights(4_096, labels);
        foreach (var id in Enumerable.Range(0, 4_096).OrderBy(_ => random.Next()).Take(used))
        {
            foreach (ref var weight in weights.RowOf(id))
            {
                weight = random.NextSingle() - 0.5f;
            }
        }

        weights.Bias[labels - 1] = 0.25f;
        int[] ids = [.. Enumerable.Range(0, 300).Select(_ => random.Next(4_096)), 0, 63, 64, 4_095];
        float[] values = [.. ids.Select(_ => random.NextSingle())];
        var (plain, packed) = (new float[labels], new float[labels]);

        weights.Score(ids, values, plain);
        weights.Packed().Score(ids, values, packed);

        Assert.Equal(plain, packed);
        Assert.Equal(used <= 2_048 && labels <= 16, !ReferenceEquals(weights, weights.Packed()));
    }

    [Fact]
    public void Ranked_SomeRows_HaveTheirIdsByNumberThoseOfMostRowsFirst()
    {
        var features = SparseRows.Of(Featurizer, ["the cat sat", "the dog ran", "the end", "a zebra"], CancellationToken.None);
        int[] rows = [0, 1, 2];

        var ranked = features.Ranked(rows, out var ids);

        Assert.Equal(ids.Length, ranked.Size);
        Assert.Equal(rows.SelectMany(row => features.Ids(row).ToArray()).Distinct().Order(), ids.Order());
        foreach (var row in rows)
        {
            Assert.Equal(features.Ids(row).ToArray(), ranked.Ids(row).ToArray().Select(number => ids[number]));
            Assert.Equal(features.Values(row).ToArray(), ranked.Values(row).ToArray());
        }

        var counts = ids.Select(id => System.Numerics.BitOperations.Log2((uint)rows.Sum(row => features.Ids(row).Count(id)))).ToArray();
        Assert.Equal(counts.OrderDescending(), counts);
        Assert.True(counts[0] > counts[^1]);
    }

    [Fact]
    public void Fit_TwoClasses_AsksOneQuestion()
    {
        var features = SparseRows.Of(Featurizer, ["good fine", "bad awful", "fine good", "awful bad"], CancellationToken.None);
        var labels = LabelMatrix.OfClasses(["positive", "negative", "positive", "negative"]);

        var weights = LinearTextTrainer.Fit(features, labels, [0, 1, 2, 3], new LinearTextSettings(), 1, CancellationToken.None);

        var margins = new float[1];
        weights.Score(features.Ids(0), features.Values(0), margins);
        Assert.Equal(1, weights.Labels);
        Assert.True(margins[0] > 0);
    }

    [Fact]
    public void Fit_SameSeed_GivesTheSameWeights()
    {
        var features = SparseRows.Of(Featurizer, ["good fine", "bad awful", "fine day", "awful night"], CancellationToken.None);
        var labels = LabelMatrix.OfClasses(["p", "n", "p", "n"]);
        var settings = new LinearTextSettings { Scaling = FeatureScaling.LogRatio };

        var first = LinearTextTrainer.Fit(features, labels, [0, 1, 2, 3], settings, 3, CancellationToken.None);
        var second = LinearTextTrainer.Fit(features, labels, [0, 1, 2, 3], settings, 3, CancellationToken.None);

        for (var id = 0; id < features.Size; id++)
        {
            Assert.Equal(first[id, 0], second[id, 0]);
        }
    }

    [Fact]
    public void Fit_LabelWithoutRows_NamesIt()
    {
        var features = SparseRows.Of(Featurizer, ["a", "b"], CancellationToken.None);
        var labels = new LabelMatrix(["toxic"], [false, false], false);

        var error = Assert.Throws<TrainingException>(() => LinearTextTrainer.Fit(features, labels, [0, 1], new LinearTextSettings(), 1, CancellationToken.None));

        Assert.Equal(TrainingError.UnsuitableData, error.Error);
        Assert.Contains("'toxic'", error.Message);
    }

    [Fact]
    public void Of_Counts_GivesTheMetricsOfTheFormulas()
    {
        // Oracle: scikit-learn 1.2.1, f1_score and matthews_corrcoef of the same rows.
        var metrics = ClassMetrics.Of([0, 0, 1, 1, 1, 2, 2, 2, 2, 2], [0, 1, 1, 1, 2, 2, 2, 2, 0, 2], 3);

        Assert.Equal(0.7, metrics.Accuracy, 1e-9);
        Assert.Equal(0.655555556, metrics.MacroF1, 1e-8);
        Assert.Equal(0.7, metrics.WeightedF1, 1e-8);
        Assert.Equal(0.51613, metrics.Matthews, 1e-4);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_000)]
    public void ScoreAll_Texts_GivesWhatEachGivesAlone(int count)
    {
        var random = new Random(3);
        string[] texts = [.. Enumerable.Range(0, count).Select(_ => string.Join(' ', Enumerable.Range(0, random.Next(9)).Select(_ => $"word{random.Next(40)}")))];
        var weights = new LinearWeights(Featurizer.Size, 3);
        foreach (ref var weight in weights.Array.AsSpan())
        {
            weight = (float)random.NextDouble() - 0.5f;
        }

        var model = new TextModel(Featurizer, ["a", "b", "c"], true, weights, Calibration.Identity(3));
        var (workspace, one) = (new TextWorkspace(), new float[3]);

        var all = model.ScoreAll(texts, CancellationToken.None);

        Assert.Equal(count * 3, all.Length);
        for (var row = 0; row < count; row++)
        {
            model.Score(texts[row], workspace, one);
            Assert.Equal(one, all[(row * 3)..((row * 3) + 3)]);
        }
    }
}

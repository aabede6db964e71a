namespace ZeroWorld.ML.Training.Tests;

public sealed class BinaryMetricsTests
{
    // Expected numbers by hand; the first case is the example in scikit-learn's documentation of both metrics.
    public static TheoryData<float[], int[], double, double> Cases { get; } = new()
    {
        { [0.1f, 0.4f, 0.35f, 0.8f], [0, 0, 1, 1], 0.75, 0.8333333333333333 },
        { [0.1f, 0.2f, 0.8f, 0.9f], [0, 0, 1, 1], 1, 1 },
        { [0.9f, 0.8f, 0.2f, 0.1f], [0, 0, 1, 1], 0, 0.41666666666666663 },
        { [0.5f, 0.5f, 0.5f, 0.5f], [0, 1, 0, 0], 0.5, 0.25 },
        { [0.5f, 0.5f, 0.9f, 0.1f], [0, 1, 1, 0], 0.875, 0.8333333333333333 },
        { [0.3f, 0.3f, 0.3f, 0.7f, 0.7f], [1, 0, 0, 1, 0], 0.5833333333333334, 0.45 },
        { [float.NegativeInfinity, float.PositiveInfinity], [0, 1], 1, 1 },
        { [0.2f, 0.4f], [0, 0], double.NaN, double.NaN },
        { [0.2f, 0.4f], [1, 1], double.NaN, double.NaN },
        { [], [], double.NaN, double.NaN },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void AreaUnderRocAndAveragePrecision_KnownCases_GiveKnownValues(float[] scores, int[] labels, double auc, double averagePrecision)
    {
        var classes = labels.Select(static label => label == 1).ToArray();

        Assert.Equal(auc, BinaryMetrics.AreaUnderRoc(scores, classes), 1e-12);
        Assert.Equal(averagePrecision, BinaryMetrics.AveragePrecision(scores, classes), 1e-12);
    }

    [Fact]
    public void AreaUnderRoc_RandomScoresWithTies_EqualsCountedPairs()
    {
        var random = new Random(7);
        var scores = Enumerable.Range(0, 300).Select(_ => random.Next(20) / 20f).ToArray();
        var labels = scores.Select(score => random.NextDouble() < 0.2 + (score / 2)).ToArray();

        var pairs = from positive in Enumerable.Range(0, 300).Where(row => labels[row])
                    from negative in Enumerable.Range(0, 300).Where(row => !labels[row])
                    select scores[positive] > scores[negative] ? 1 : scores[positive] == scores[negative] ? 0.5 : 0;

        Assert.Equal(pairs.Average(), BinaryMetrics.AreaUnderRoc(scores, labels), 1e-12);
    }

    [Fact]
    public void AveragePrecision_TiedScores_DoesNotDependOnTheOrderOfRows()
    {
        float[] scores = [0.5f, 0.5f, 0.5f, 0.5f, 0.9f];
        bool[] fraudFirst = [true, false, false, false, true];
        bool[] fraudLast = [false, false, false, true, true];

        Assert.Equal(BinaryMetrics.AveragePrecision(scores, fraudFirst), BinaryMetrics.AveragePrecision(scores, fraudLast), 1e-15);
    }

    [Fact]
    public void BrierAndLogLoss_KnownCase_GiveKnownValues()
    {
        float[] scores = [0.25f, 0.75f];
        bool[] labels = [false, true];

        Assert.Equal(0.0625, BinaryMetrics.Brier(scores, labels), 1e-12);
        Assert.Equal(-Math.Log(0.75), BinaryMetrics.LogLoss(scores, labels), 1e-12);
    }

    [Fact]
    public void LogLoss_SureMistake_IsFinite()
    {
        Assert.InRange(BinaryMetrics.LogLoss([1f], [false]), 30, 40);
    }

    [Fact]
    public void EveryMetric_NanScore_NamesTheRow()
    {
        float[] scores = [0.5f, float.NaN];
        bool[] labels = [false, true];

        Assert.Contains("row 1 is NaN", Assert.Throws<ArgumentException>(() => BinaryMetrics.AreaUnderRoc(scores, labels)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => BinaryMetrics.AveragePrecision(scores, labels));
        Assert.Throws<ArgumentException>(() => BinaryMetrics.Brier(scores, labels));
        Assert.Throws<ArgumentException>(() => BinaryMetrics.LogLoss(scores, labels));
    }

    [Fact]
    public void EveryMetric_DifferentLengths_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => BinaryMetrics.AreaUnderRoc([0.5f], [true, false]));
    }
}

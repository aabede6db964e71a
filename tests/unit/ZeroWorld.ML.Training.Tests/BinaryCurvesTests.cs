namespace ZeroWorld.ML.Training.Tests;

public sealed class BinaryCurvesTests
{
    // sklearn.metrics.roc_curve, precision_recall_curve on the same rows give these points.
    private static readonly float[] Scores = [0.9f, 0.8f, 0.8f, 0.4f, 0.1f];
    private static readonly bool[] Labels = [true, true, false, false, true];

    [Fact]
    public void Roc_TiedScores_AreOnePoint()
    {
        var curve = BinaryCurves.Roc(Scores, Labels);

        Assert.Equal(
            [(0, 0), (0, 1 / 3.0), (0.5, 2 / 3.0), (1, 2 / 3.0), (1, 1)],
            curve.Select(static point => (point.X, point.Y)));
    }

    [Fact]
    public void Roc_AreaByTrapezoids_IsTheRankStatistic()
    {
        var random = new Random(3);
        float[] scores = [.. Enumerable.Range(0, 500).Select(_ => (float)random.Next(40))];
        bool[] labels = [.. scores.Select(score => random.NextDouble() < score / 40)];

        var curve = BinaryCurves.Roc(scores, labels);

        var area = curve.Zip(curve.Skip(1), static (left, right) => (right.X - left.X) * (right.Y + left.Y) / 2).Sum();
        Assert.Equal(BinaryMetrics.AreaUnderRoc(scores, labels), area, 1e-12);
    }

    [Fact]
    public void PrecisionRecall_StepwiseSum_IsAveragePrecision()
    {
        var curve = BinaryCurves.PrecisionRecall(Scores, Labels);

        var (sum, recall) = (0.0, 0.0);
        foreach (var point in curve)
        {
            sum += (point.X - recall) * point.Y;
            recall = point.X;
        }

        Assert.Equal(BinaryMetrics.AveragePrecision(Scores, Labels), sum, 1e-12);
    }

    [Fact]
    public void RecallAtFalsePositiveRate_RateBetweenTwoPoints_TakesTheLowerOne() =>
        Assert.Equal(1 / 3.0, BinaryCurves.RecallAtFalsePositiveRate(Scores, Labels, 0.49), 1e-12);

    [Fact]
    public void ExpectedCalibrationError_ProbabilitiesThatHold_IsSmallAndDistortedOnesIsNot()
    {
        var random = new Random(5);
        float[] scores = [.. Enumerable.Range(0, 50_000).Select(_ => random.NextSingle())];
        bool[] labels = [.. scores.Select(score => random.NextSingle() < score)];

        Assert.InRange(BinaryCurves.ExpectedCalibrationError(scores, labels), 0, 0.01);
        Assert.InRange(BinaryCurves.ExpectedCalibrationError([.. scores.Select(static score => score * score)], labels), 0.15, 0.18);
    }

    [Fact]
    public void Reliability_EqualScores_StayInOneBin()
    {
        var bins = BinaryCurves.Reliability([0.5f, 0.5f, 0.5f, 0.9f], [true, false, false, true], 4);

        Assert.Equal([(0.5f, 3.0), (0.9f, 1.0)], bins.Select(static bin => ((float)bin.X, bin.Threshold)));
    }

    [Fact]
    public void Confusion_AtAThreshold_CountsEveryRowOnce()
    {
        var counts = ConfusionCounts.At(Scores, Labels, 0.8f);

        Assert.Equal(new ConfusionCounts(2, 1, 1, 1), counts);
        Assert.Equal((2 / 3.0, 2 / 3.0, 0.5), (counts.Precision, counts.Recall, counts.FalsePositiveRate));
    }

    [Fact]
    public void Curves_OneClassOnly_AreEmpty()
    {
        Assert.Empty(BinaryCurves.Roc([0.1f, 0.2f], [true, true]));
        Assert.Equal(double.NaN, BinaryCurves.RecallAtFalsePositiveRate([0.1f, 0.2f], [true, true], 0.1));
    }

    [Fact]
    public void Curves_ScoreIsNaN_IsRefused() => Assert.Throws<ArgumentException>(() => BinaryCurves.Roc([float.NaN], [true]));

    [Fact]
    public void Thin_LongCurve_KeepsBothEnds()
    {
        CurvePoint[] curve = [.. Enumerable.Range(0, 1000).Select(static index => new CurvePoint(index, index, 0))];

        var thinned = BinaryCurves.Thin(curve, 10);

        Assert.Equal((10, 0.0, 999.0), (thinned.Count, thinned[0].X, thinned[^1].X));
    }
}

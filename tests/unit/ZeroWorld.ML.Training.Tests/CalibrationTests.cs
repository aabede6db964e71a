namespace ZeroWorld.ML.Training.Tests;

public sealed class CalibrationTests
{
    [Fact]
    public void PlattScaling_LogOddsThatWereStretchedAndShifted_FindsTheWayBack()
    {
        var (logOdds, labels) = Distorted(200_000, static value => (2 * value) + 1);

        var scaling = PlattScaling.Fit(logOdds, labels);

        Assert.Equal(0.5, scaling.Slope, 0.02);
        Assert.Equal(-0.5, scaling.Offset, 0.03);
    }

    [Fact]
    public void PlattScaling_ScoresThatRankTheWrongWay_AreNotTurnedRound()
    {
        var (logOdds, labels) = Distorted(20_000, static value => -value);

        var scaling = PlattScaling.Fit(logOdds, labels);

        Assert.Equal(0, scaling.Slope);
        Assert.Equal(labels.Average(static label => label ? 1.0 : 0), scaling.Apply(3), 0.001);
    }

    [Fact]
    public void IsotonicRegression_CurveThatNoLineBends_IsFound()
    {
        var (logOdds, labels) = Distorted(200_000, static value => value * value * value);

        var isotonic = IsotonicRegression.Fit(logOdds, labels);

        foreach (var value in new[] { -1.5, -0.5, 0, 0.5, 1.5 })
        {
            Assert.Equal(1 / (1 + Math.Exp(-value)), isotonic.Apply(value * value * value), 0.03);
        }
    }

    [Fact]
    public void IsotonicRegression_AnyRows_NeverDescendsAndStaysBetweenZeroAndOne()
    {
        var random = new Random(1);
        for (var repeat = 0; repeat < 20; repeat++)
        {
            var rows = 5 + random.Next(500);
            double[] logOdds = [.. Enumerable.Range(0, rows).Select(_ => (double)random.Next(40) / 4)];
            bool[] labels = [.. Enumerable.Range(0, rows).Select(row => row == 0 || (row != 1 && random.Next(3) == 0))];

            var isotonic = IsotonicRegression.Fit(logOdds, labels);

            Assert.InRange(isotonic.Positions.Count, 1, IsotonicRegression.KnotsMax);
            double[] values = [.. Enumerable.Range(-10, 200).Select(step => isotonic.Apply(step / 10.0))];
            Assert.All(values.Zip(values.Skip(1)), static pair => Assert.True(pair.First <= pair.Second));
            Assert.All(values, static value => Assert.InRange(value, double.Epsilon, 1));
        }
    }

    [Fact]
    public void IsotonicRegression_FewRows_IsThePoolOfAdjacentViolators()
    {
        // sklearn.isotonic.IsotonicRegression on the same rows: 0, then 1/2 for the two in the middle, then 1; ends are kept half a row away.
        var isotonic = IsotonicRegression.Fit([0, 1, 2, 3], [false, true, false, true]);

        Assert.Equal([0f, 1.5f, 3f], isotonic.Positions);
        Assert.Equal([0.125f, 0.5f, 0.875f], isotonic.Values);
    }

    [Fact]
    public void Fit_Auto_TakesWhatHoldsOnLaterRows()
    {
        var (plain, plainLabels) = Distorted(20_000, static value => value);
        var (bent, bentLabels) = Distorted(50_000, static value => value * value * value);
        var (shifted, shiftedLabels) = Distorted(20_000, static value => value + 2);

        Assert.Contains(Calibration.Fit(CalibrationMethod.Auto, plain, plainLabels).Name, (string[])["none", "platt"]);
        Assert.Equal("isotonic", Calibration.Fit(CalibrationMethod.Auto, bent, bentLabels).Name);
        Assert.Equal("platt", Calibration.Fit(CalibrationMethod.Auto, shifted, shiftedLabels).Name);
    }

    [Fact]
    public void Fit_AutoWhereAHandfulOfPositivesRanksTheWrongWay_IsNotOneProbabilityForAllRows()
    {
        // Scores are far too high, so that any constant has a smaller Brier score, and the two positives of each half happen to have the lowest of them.
        double[] logOdds = [.. Enumerable.Range(0, 40).Select(static row => 1 + (row % 20 / 10.0))];
        bool[] labels = [.. Enumerable.Range(0, 40).Select(static row => row % 20 < 2)];

        var calibrator = Calibration.Fit(CalibrationMethod.Auto, logOdds, labels);

        Assert.True(calibrator.Apply(2.9) > calibrator.Apply(1));
    }

    [Fact]
    public void Fit_AutoWithFewPositives_TakesNoStepsThatMakeScoresEqual()
    {
        var (logOdds, labels) = Distorted(180, static value => Math.Pow(value, 9));
        Assert.True(LaterBrier(CalibrationMethod.Isotonic) < Math.Min(LaterBrier(CalibrationMethod.Platt), LaterBrier(CalibrationMethod.None)));

        Assert.NotEqual("isotonic", Calibration.Fit(CalibrationMethod.Auto, logOdds, labels).Name);

        double LaterBrier(CalibrationMethod method)
        {
            var calibrator = Calibration.Fit(method, logOdds.AsSpan(..90), labels.AsSpan(..90));
            return BinaryMetrics.Brier([.. logOdds[90..].Select(value => (float)calibrator.Apply(value))], labels.AsSpan(90..));
        }
    }

    [Theory]
    [InlineData(CalibrationMethod.Platt)]
    [InlineData(CalibrationMethod.Isotonic)]
    public void Fit_OneClassOnly_SaysSo(CalibrationMethod method)
    {
        var exception = Assert.Throws<TrainingException>(() => Calibration.Fit(method, [1, 2], [true, true]));

        Assert.Equal(TrainingError.UnsuitableData, exception.Error);
    }

    [Fact]
    public void ChooseByCost_KnownCosts_IsTheCheapestOfAllThresholds()
    {
        var (logOdds, labels) = Distorted(2_000, static value => value);
        float[] scores = [.. logOdds.Select(static value => (float)(1 / (1 + Math.Exp(-value))))];

        var threshold = DecisionPolicy.ChooseByCost("p", scores, labels, 1, 4).Decisions[^1].AtLeast;

        var chosen = Cost(threshold);
        Assert.All(scores.Append(2f), score => Assert.True(Cost(score) >= chosen));

        double Cost(double at) => scores.Zip(labels, (score, label) => (score >= at, label) switch { (true, false) => 1.0, (false, true) => 4.0, _ => 0 }).Sum();
    }

    // Labels follow the true log odds; the model shows them through a distortion.
    private static (double[] LogOdds, bool[] Labels) Distorted(int rows, Func<double, double> distort)
    {
        var random = new Random(9);
        double[] truth = [.. Enumerable.Range(0, rows).Select(_ => (random.NextDouble() * 4) - 2)];
        return ([.. truth.Select(distort)], [.. truth.Select(value => random.NextDouble() < 1 / (1 + Math.Exp(-value)))]);
    }
}

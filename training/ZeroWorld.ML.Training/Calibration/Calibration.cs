namespace ZeroWorld.ML.Training;

/// <summary>Fits the calibrator that a method asks for. Pure functions.</summary>
public static class Calibration
{
    // Steps of fewer positives are noise, and scores within the last step are one score.
    private const int IsotonicPositivesMin = 100;
    private const double RankingLossMax = 0.001;

    /// <param name="logOdds">Of validation rows in order of time, which the model has not seen.</param>
    /// <param name="labels">One per row.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: one class only.</exception>
    public static ICalibrator Fit(CalibrationMethod method, ReadOnlySpan<double> logOdds, ReadOnlySpan<bool> labels) => method switch
    {
        CalibrationMethod.None => PlainSigmoid.Instance,
        CalibrationMethod.Platt => PlattScaling.Fit(logOdds, labels),
        CalibrationMethod.Isotonic => IsotonicRegression.Fit(logOdds, labels),
        CalibrationMethod.Auto => Choose(logOdds, labels),
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, null),
    };

    private static ICalibrator Choose(ReadOnlySpan<double> logOdds, ReadOnlySpan<bool> labels)
    {
        CalibrationRows.Count(logOdds, labels);
        var half = labels.Length / 2;
        var early = labels[..half];
        var late = labels[half..];
        if (!early.Contains(true) || !early.Contains(false))
        {
            // Nothing to choose by.
            return PlainSigmoid.Instance;
        }

        var plain = Apply(PlainSigmoid.Instance, logOdds[half..]);
        var best = (Method: CalibrationMethod.None, Brier: BinaryMetrics.Brier(plain, late));
        foreach (var method in (ReadOnlySpan<CalibrationMethod>)[CalibrationMethod.Platt, CalibrationMethod.Isotonic])
        {
            var calibrator = Fit(method, logOdds[..half], early);
            var scores = Apply(calibrator, logOdds[half..]);
            var brier = BinaryMetrics.Brier(scores, late);
            best = brier < best.Brier && !IsConstant(calibrator) && (method != CalibrationMethod.Isotonic || KeepsRanking(early, plain, scores, late)) ? (method, brier) : best;
        }

        var chosen = Fit(best.Method, logOdds, labels);
        return IsConstant(chosen) ? PlainSigmoid.Instance : chosen;
    }

    // On a handful of positives a model that ranks well comes out worse than chance once in a while: one probability for all rows would then have the least Brier score, and be of no use.
    private static bool IsConstant(ICalibrator calibrator) => calibrator is PlattScaling { Slope: 0 };

    private static bool KeepsRanking(ReadOnlySpan<bool> early, float[] plain, float[] scores, ReadOnlySpan<bool> late) =>
        early.Count(true) >= IsotonicPositivesMin
        && late.Contains(true)
        && BinaryMetrics.AveragePrecision(scores, late) >= BinaryMetrics.AveragePrecision(plain, late) - RankingLossMax;

    private static float[] Apply(ICalibrator calibrator, ReadOnlySpan<double> logOdds)
    {
        var scores = new float[logOdds.Length];
        for (var row = 0; row < scores.Length; row++)
        {
            scores[row] = (float)calibrator.Apply(logOdds[row]);
        }

        return scores;
    }
}

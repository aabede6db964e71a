namespace ZeroWorld.ML.Training;

/// <summary>Fits the calibrator that a method asks for. Pure functions.</summary>
public static class Calibration
{
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

        var best = (Method: CalibrationMethod.None, Brier: Brier(PlainSigmoid.Instance, logOdds[half..], late));
        foreach (var method in (ReadOnlySpan<CalibrationMethod>)[CalibrationMethod.Platt, CalibrationMethod.Isotonic])
        {
            var brier = Brier(Fit(method, logOdds[..half], early), logOdds[half..], late);
            best = brier < best.Brier ? (method, brier) : best;
        }

        return Fit(best.Method, logOdds, labels);
    }

    private static double Brier(ICalibrator calibrator, ReadOnlySpan<double> logOdds, ReadOnlySpan<bool> labels)
    {
        var scores = new float[labels.Length];
        for (var row = 0; row < scores.Length; row++)
        {
            scores[row] = (float)calibrator.Apply(logOdds[row]);
        }

        return BinaryMetrics.Brier(scores, labels);
    }
}

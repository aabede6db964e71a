namespace ZeroWorld.ML.Training;

/// <summary>What every calibrator needs of its rows.</summary>
internal static class CalibrationRows
{
    /// <exception cref="ArgumentException">Lengths differ, or log odds are not finite.</exception>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: one class only.</exception>
    internal static (int Positives, int Rows) Count(ReadOnlySpan<double> logOdds, ReadOnlySpan<bool> labels)
    {
        if (logOdds.Length != labels.Length)
        {
            throw new ArgumentException($"There are {logOdds.Length} log odds and {labels.Length} labels; expected as many.", nameof(labels));
        }

        var positives = 0;
        for (var row = 0; row < labels.Length; row++)
        {
            positives += labels[row] ? 1 : 0;
            if (!double.IsFinite(logOdds[row]))
            {
                throw new ArgumentException($"The log odds of row {row} are {logOdds[row]}; expected a finite number.", nameof(logOdds));
            }
        }

        return positives > 0 && positives < labels.Length
            ? (positives, labels.Length)
            : throw new TrainingException(
                TrainingError.UnsuitableData, $"The {labels.Length} calibration rows hold {positives} positive ones; expected both classes.");
    }
}

namespace ZeroWorld.ML.Training.Fraud;

internal static class LogOddsScores
{
    /// <summary>Probabilities as float32, the precision of a served answer.</summary>
    internal static float[] Apply(ICalibrator calibrator, ReadOnlySpan<double> logOdds)
    {
        var scores = new float[logOdds.Length];
        for (var row = 0; row < scores.Length; row++)
        {
            scores[row] = (float)calibrator.Apply(logOdds[row]);
        }

        return scores;
    }
}
